"""Text files read whole, but never more than a stated number of bytes.

A gzip file of a few kilobytes can unpack to gigabytes, so the limit counts unpacked bytes.
"""

import gzip
import zlib
from pathlib import Path

from neurosig.errors import InputError, ResourceError

_GZIP_MAGIC = b"\x1f\x8b"


def read_text(path: Path, *, max_bytes: int, error: type[InputError] = InputError) -> str:
    """Read a UTF-8 file, plain or gzip (told by its first bytes), of at most `max_bytes` unpacked.

    A byte-order mark is dropped.

    Raises
    ------
    ResourceError
        The file is missing or cannot be opened.
    InputError
        (or the class given as `error`) It is too large, a damaged gzip, not UTF-8 or holds NUL
        bytes.
    """
    content = _read_bytes(path, max_bytes, error)
    if len(content) > max_bytes:
        raise error(
            f"{path.name!r} is larger than {max_bytes:,} bytes",
            f"Reading stopped at {len(content):,} bytes, counted after unpacking",
            "Check that it is the file you mean, or raise max_bytes",
            path=str(path),
            max_bytes=max_bytes,
        )
    if b"\x00" in content:
        line = content[: content.index(b"\x00")].count(b"\n") + 1
        raise error(
            f"{path.name!r} holds a NUL byte in line {line}",
            "Text files have none; it may be a binary or a UTF-16 file",
            "Save it as UTF-8 text",
            path=str(path),
            line=line,
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise error(
            f"{path.name!r} is not UTF-8 text: line {line} breaks it",
            f"The byte is {content[problem.start]:#04x}, number {problem.start + 1:,} of the file",
            "Save it as UTF-8, for example: iconv -f latin1 -t utf-8 OLD > NEW",
            path=str(path),
            line=line,
        ) from problem


def _read_bytes(path: Path, max_bytes: int, error: type[InputError]) -> bytes:
    """At most one byte more than allowed, so that the caller can tell."""
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if not is_gzip:
                return file.read(max_bytes + 1)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return unpacked.read(max_bytes + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as problem:
        raise error(
            f"{path.name!r} is a damaged gzip file",
            f"Unpacking says: {problem}",
            "Fetch or pack it again",
            path=str(path),
        ) from problem
    except OSError as problem:
        raise ResourceError(
            f"{str(path)!r} cannot be read: {problem.strerror or problem}",
            "",
            "Check the path and its permissions",
            path=str(path),
        ) from problem
