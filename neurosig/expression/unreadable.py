"""Files and stores that cannot be read: what is said of them."""

from pathlib import Path

from neurosig.errors import ResourceError


def unreadable(path: Path, kind: str, error: Exception) -> ResourceError:
    """What to raise when reading `path` as `kind` failed with `error`."""
    if not path.exists():
        return ResourceError(
            f"{str(path)!r} cannot be read",
            "There is no file of that name",
            "Correct the path, or put the file back if it was moved after it was opened",
            path=str(path),
        )
    size = f"{path.stat().st_size:,} bytes; " if path.is_file() else ""
    reason = str(error).strip().splitlines()
    return ResourceError(
        f"{path.name!r} cannot be read as {kind}",
        f"{size}{reason[0] if reason else type(error).__name__}",
        "It may be cut off or of another kind: fetch or write it again",
        path=str(path),
    )
