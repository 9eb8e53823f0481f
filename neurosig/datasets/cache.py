"""Files fetched once and kept: resumed if broken off, checked against their first checksum.

What a hub offers can change or be cut short. The SHA-256 of a file is written down when it is
fetched first, in `checksums.json` of the folder, and every later use compares with it.
"""

import codecs
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from neurosig import _atomic
from neurosig._lock import locked
from neurosig._progress import progress_bar
from neurosig.errors import (
    ChecksumError,
    MissingDependencyError,
    ParameterError,
    ResourceError,
    count,
)
from neurosig.provenance import sha256_of_file
from neurosig.records.finding import LEDGER

FOLDER_VARIABLE: Final = "NEUROSIG_DATA"
ATTEMPTS: Final = 5
TIMEOUT: Final = 30.0
_PIECE: Final = 2**20
_START: Final = 4096
_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a hub: where it is, and its name below the folder that keeps it."""

    url: str
    name: str


def data_folder() -> Path:
    """Where fetched files are kept: $NEUROSIG_DATA, or the user's cache folder."""
    stated = os.environ.get(FOLDER_VARIABLE)
    return Path(stated) if stated else Path(str(_pooch().os_cache("neurosig")))


def fetch(
    file: RemoteFile, folder: Path | None = None, *, again: bool = False, offline: bool = False
) -> Path:
    """The path of a file, which is fetched if the folder does not have it.

    Parameters
    ----------
    file
        What to fetch.
    folder
        Where it is kept; by default `data_folder()`.
    again
        Fetch it anew and write down its new checksum; until it has arrived whole, the old file
        stays.
    offline
        Never use the network.

    Raises
    ------
    ParameterError
        Both `again` and `offline`.
    ChecksumError
        The file is not the one that was fetched first.
    ResourceError
        The file cannot be fetched: no network, an error of the server, a connection that breaks
        again and again (the next call goes on where it broke off), or a web page in its place.
    MissingDependencyError
        The extra `data` is not installed.
    """
    if again and offline:
        raise ParameterError(
            "again=True and offline=True contradict each other",
            "To fetch a file again takes the network, which offline forbids",
            "Leave one of them out",
        )
    folder = folder or data_folder()
    path = folder / file.name
    known = _ledger(folder).get(file.name, {}).get("sha256")
    if path.exists() and not again:
        _verify(path, known)
        return path
    if offline:
        raise ResourceError(
            f"{file.name!r} is not in {str(folder)!r}",
            "It was asked for without the network",
            "Fetch it once with a network: neurosig data fetch",
            path=str(path),
        )
    _pooch()
    _fetch(file, folder, None if again else known)
    return path


def recorded(folder: Path | None = None) -> Mapping[str, Mapping[str, Any]]:
    """What is known of the files of a folder: url, sha256, bytes and the time of the fetch."""
    return _ledger(folder or data_folder())


def _fetch(file: RemoteFile, folder: Path, known: str | None) -> None:
    """Fetch a file into its place, if it is the known one, and write it down."""
    target = folder / file.name
    with _atomic.replacing(target) as fetched, locked(target):
        ResumingDownloader(target).fetch(file.url, fetched)
        found = sha256_of_file(fetched)
        if known is not None and found != known:
            raise ChecksumError(
                f"{file.name!r} is not the file that was fetched first",
                f"SHA-256 {found}, fetched was {known}",
                "If the hub has a new version that you want, fetch it with --again",
                url=file.url,
            )
    _write_down(folder, file, target)


class ResumingDownloader:
    """Fetches a file, and goes on where a connection broke off.

    What has arrived stays next to the target, with the version the server gave it (ETag or date
    of change); if the server has another version by then, it starts anew.
    """

    def __init__(self, target: Path) -> None:
        self._part = target.with_name(f"{target.name}.part")
        self._version = target.with_name(f"{target.name}.part.version")

    def fetch(self, url: str, output_file: Path) -> None:
        """Fetch `url` into `output_file`."""
        import requests

        self._part.parent.mkdir(parents=True, exist_ok=True)
        last_error: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                self._go_on(url)
            except (requests.ConnectionError, requests.Timeout, _BrokenOffError) as error:
                last_error = error
                continue
            self._version.unlink(missing_ok=True)
            _refuse_web_page(self._part, url)
            self._part.replace(output_file)
            return
        n_bytes = self._part.stat().st_size if self._part.exists() else 0
        raise ResourceError(
            f"{url} could not be fetched",
            f"{count(ATTEMPTS, 'attempt')}, the last of which ended with: {last_error}; "
            f"{count(n_bytes, 'byte')} have arrived",
            "Check the network and call again: it goes on from there",
            url=url,
        ) from last_error

    def _go_on(self, url: str) -> None:
        import requests

        start = self._part.stat().st_size if self._part.exists() else 0
        version = self._version.read_text() if start and self._version.exists() else ""
        # The bytes are kept as they arrive, so that the server must not compress them on the way.
        headers = {"Accept-Encoding": "identity"}
        if version:
            headers |= {"Range": f"bytes={start}-", "If-Range": version}
        with requests.get(url, stream=True, timeout=TIMEOUT, headers=headers) as answer:
            if answer.status_code == _RANGE_REFUSED:
                self._part.unlink()
                raise _BrokenOffError("the server has less than what has arrived")
            if answer.status_code not in (_OK, _PARTIAL):
                raise ResourceError(
                    f"{url} could not be fetched",
                    f"The server answers {answer.status_code} {answer.reason}",
                    "Check that the hub still has the file",
                    url=url,
                    status=answer.status_code,
                )
            is_resumed = answer.status_code == _PARTIAL
            version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            _atomic.write_text(self._version, version)
            expected = int(answer.headers.get("Content-Length", -1))
            n_arrived = 0
            n_pieces = max(1, -(-expected // _PIECE))
            title = f"fetching {self._part.name.removesuffix('.part')}"
            mode = "ab" if is_resumed else "wb"
            with self._part.open(mode) as part, progress_bar(n_pieces, title) as advance:
                try:
                    for piece in answer.raw.stream(_PIECE, decode_content=False):
                        n_arrived += part.write(piece)
                        advance("")
                except Exception as error:  # urllib3 has a class of its own for each way to break
                    raise _BrokenOffError(f"{error}") from error
            if expected >= 0 and n_arrived != expected:
                raise _BrokenOffError(f"{n_arrived:,} of {expected:,} bytes arrived")


class _BrokenOffError(Exception):
    """The connection ended before the file did."""


def _refuse_web_page(path: Path, url: str) -> None:
    start = _start_of_text(path)
    if start.lower().startswith((b"<!doctype html", b"<html")):
        text = start[:200].decode(errors="replace")
        path.unlink()
        raise ResourceError(
            f"{url} gives a web page in place of the file",
            f"It begins: {' '.join(text.split())[:120]}",
            "The hub or a proxy in between reports an error this way: open the address in a "
            "browser, and try later",
            url=url,
        )


def _start_of_text(path: Path) -> bytes:
    """The first bytes without a byte-order mark and blanks, unpacked if they are of a gzip file."""
    with path.open("rb") as file:
        start = file.read(_START)
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, _START)
        except zlib.error:
            return b""  # what is damaged is told by who reads the file
    return start.removeprefix(codecs.BOM_UTF8).lstrip()


def _verify(path: Path, known: str | None) -> None:
    found = sha256_of_file(path)
    if known is not None and found != known:
        raise ChecksumError(
            f"{path.name!r} has changed since it was fetched",
            f"SHA-256 {found}, fetched was {known}",
            "Fetch it again: neurosig data fetch --again",
            path=str(path),
        )


def _ledger(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / LEDGER
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResourceError(
            f"{str(path)!r} cannot be read",
            f"{error}",
            "Delete it, and fetch the files again with --again",
        ) from error
    return dict(content)


def _write_down(folder: Path, file: RemoteFile, path: Path) -> None:
    entry = {
        "url": file.url,
        "sha256": sha256_of_file(path),
        "bytes": path.stat().st_size,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with locked(folder / LEDGER, waits=True):
        _atomic.write_json(folder / LEDGER, _ledger(folder) | {file.name: entry})


def _pooch() -> Any:
    try:
        import pooch
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "Fetching data needs the package pooch, which is not installed",
            "It comes with the extra `data`",
            'python -m pip install "neurosig[data]"',
        ) from error
    return pooch
