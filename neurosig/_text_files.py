"""Text files read whole and checked, but never more than a stated number of bytes.

A gzip file of a few kilobytes can unpack to gigabytes, so the limit counts unpacked bytes. What is
unclear (another format, another encoding, NUL bytes) is refused, never guessed.
"""

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from neurosig.errors import InputError, ParameterError, ResourceError, count

MAX_BYTES: Final = 2 * 2**30
_CHUNK: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_OTHER_FORMATS: Final = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Save it as CSV or TSV"),
    (b"PAR1", "a parquet file", "Give it the ending .parquet and read it as such"),
    (b"\x89HDF", "an HDF5 file (h5ad)", "Give it the ending .h5ad and read it as such"),
    (b"BZh", "compressed with bzip2", "Unpack it or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it or compress it with gzip"),
)


@dataclass(frozen=True, slots=True)
class TextFile:
    r"""The checked content of a text file: UTF-8 without byte-order mark, `\n` line ends."""

    path: Path
    content: bytes

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode()

    def stream(self) -> io.BytesIO:
        """The content as a binary stream, as `pandas.read_csv` takes it."""
        return io.BytesIO(self.content)

    def without_comments(self, start: str) -> "TextFile":
        """The same with lines that begin with `start` emptied; line numbers stay."""
        mark = start.encode()
        lines = (b"\n" if line.startswith(mark) else line for line in self.stream())
        return TextFile(self.path, b"".join(lines))

    def first_lines(self, n: int) -> list[str]:
        """The first `n` lines without their line ends."""
        lines = (line.decode() for line in self.stream())
        return [line.rstrip("\n") for _, line in zip(range(n), lines, strict=False)]


def open_text(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    max_bytes: int = MAX_BYTES,
    error: type[InputError] = InputError,
) -> TextFile:
    """Read a text file whole, unpack gzip by its magic bytes, and check what it holds.

    A byte-order mark goes, CR and CRLF line ends become LF. The size limit holds for the unpacked
    content and is checked while unpacking, so a small file cannot fill the memory.

    Raises
    ------
    ResourceError
        The file is not there or cannot be read.
    InputError
        (or the class given as `error`) It is empty, too large, damaged, another format, in another
        encoding, or holds NUL bytes.
    ParameterError
        `encoding` is not a text encoding Python knows.
    """
    path = Path(path)
    encoding = _known_encoding(encoding)
    raw = _unpacked(path, max_bytes, error)
    _refuse_other_formats(path, raw, error)
    content = _as_utf8(path, raw, encoding, error)
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise error(
            f"{path.name!r} holds NUL bytes",
            f"{count(content.count(0), 'NUL byte')}, the first on line {line}",
            'The file is damaged or is not in the encoding given; try encoding="utf-16"',
            path=str(path),
            line=line,
        )
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content.strip():
        raise error(f"{path.name!r} is empty", f"It holds {len(raw):,} bytes", "Export it again")
    return TextFile(path, content)


def _known_encoding(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        b"0".decode(name, errors="replace")  # LookupError for codecs that are not of text
    except (LookupError, UnicodeError) as problem:
        raise ParameterError(
            f"encoding cannot be {encoding!r}",
            "It is not a text encoding that Python knows",
            'Examples: "utf-8", "latin-1", "cp1252", "utf-16"',
        ) from problem
    return "utf-8" if name == "utf-8-sig" else name


def _unpacked(path: Path, max_bytes: int, error: type[InputError]) -> bytes:
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] != _GZIP:
                return _read_capped(file, path, max_bytes, error)
            with gzip.GzipFile(fileobj=file) as unpacking:
                return _read_capped(unpacking, path, max_bytes, error)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise error(
            f"{path.name!r} is a damaged gzip file", str(problem), "Download or compress it again"
        ) from problem
    except OSError as problem:
        raise ResourceError(
            f"{str(path)!r} cannot be read: {problem.strerror or problem}",
            "" if path.parent.is_dir() else f"There is no folder {str(path.parent)!r}",
            "Correct the path or the permissions",
            path=str(path),
        ) from problem


def _read_capped(
    file: "BinaryIO | gzip.GzipFile", path: Path, max_bytes: int, error: type[InputError]
) -> bytes:
    chunks: list[bytes] = []
    n_read = 0
    while chunk := file.read(_CHUNK):
        n_read += len(chunk)
        if n_read > max_bytes:
            raise error(
                f"{path.name!r} is larger than the limit of {max_bytes:,} bytes",
                "Reading stopped there; unpacked bytes count",
                "If the file is what you think it is, raise max_bytes",
                path=str(path),
                max_bytes=max_bytes,
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _refuse_other_formats(path: Path, raw: bytes, error: type[InputError]) -> None:
    for magic, what, remedy in _OTHER_FORMATS:
        if raw.startswith(magic):
            raise error(
                f"{path.name!r} is not a text file", f"Its first bytes say it is {what}", remedy
            )


def _as_utf8(path: Path, raw: bytes, encoding: str, error: type[InputError]) -> bytes:
    if encoding == "utf-8":
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise error(
                f"{path.name!r} is not in UTF-8",
                "Its byte-order mark says UTF-16",
                'Give encoding="utf-16"',
                path=str(path),
            )
        raw = raw.removeprefix(codecs.BOM_UTF8)
        if raw.isascii():
            return raw
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error(
            f"{path.name!r} is not in the encoding {encoding}",
            f"The byte 0x{raw[problem.start]:02x} on line {line} does not belong there",
            'Give its encoding, such as encoding="latin-1" or encoding="utf-16"',
            path=str(path),
            line=line,
        ) from problem
    return raw if encoding == "utf-8" else text.encode()
