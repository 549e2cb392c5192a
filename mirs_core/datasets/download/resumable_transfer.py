"""Downloads one file over HTTP: resumes an interrupted download and verifies the checksum."""

import hashlib
import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.download.https import ConnectionLostError, open_url
from mirs_core.datasets.download.partial_file import PartialFile, unwritable
from mirs_core.datasets.download.retries import Pause, Retries
from mirs_core.datasets.download.zenodo_record import RemoteFile
from mirs_core.errors import DataError
from mirs_core.progress import Progress, silent

_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Received:
    """A complete file. ``resumed_at``: bytes that an earlier call had downloaded."""

    path: Path
    resumed_at: int


def receive(
    file: RemoteFile,
    folder: Path,
    origin: str,
    progress: Progress = silent,
    pause: Pause = time.sleep,
) -> Received:
    """Downloads ``file``, or the rest of it, into ``folder`` and verifies its checksum.

    Progress is in bytes. Where ``progress`` raises, the bytes so far stay for the next call.

    Args:
        origin: address of the record; see ``https.check_address``.

    Raises:
        DataError: the server refuses, sends something else, or fails repeatedly; the folder cannot
            be written; the checksum is wrong (the file is then removed).
    """
    target = folder / file.name
    if target.is_file() and target.stat().st_size == file.size:
        _check(target, file, progress, target.unlink)
        return Received(target, file.size)
    part = PartialFile(folder, file)
    resumed_at = _fill(part, origin, progress, pause)
    _check(part.path, file, progress, part.remove)
    part.finish(target)
    return Received(target, resumed_at)


def _fill(part: PartialFile, origin: str, progress: Progress, pause: Pause) -> int:
    """Retries until the file is complete; returns the offset of the first response."""
    size, retries = part.file.size, Retries(pause)
    first: int | None = None
    best = part.size

    def tick() -> None:
        progress(f"Downloading {part.file.name}", part.size, size)

    while part.size < size:
        try:
            with open_url(part.file.link, origin, _headers(part)) as response:
                start = _offset(part, response)
                first = start if first is None else first
                _append(part, response, start, progress)
        except ConnectionLostError as error:
            if error.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.remove()
            if part.size > best:
                best = part.size
                retries.reset()
            retries.wait(error, tick)
    return part.size if first is None else first


def _headers(part: PartialFile) -> dict[str, str]:
    """Headers that request the rest, provided that the file has not changed on the server."""
    if not part.size:
        return {}
    headers = {"Range": f"bytes={part.size}-"}
    # A weak ETag does not identify bytes; without a strong one the checksum decides.
    if part.etag and not part.etag.startswith("W/"):
        headers["If-Range"] = part.etag
    return headers


def _offset(part: PartialFile, response: http.client.HTTPResponse) -> int:
    """The byte at which the response begins; checks its status, range, ETag and length."""
    etag = response.headers.get("ETag")
    if response.status == http.client.PARTIAL_CONTENT:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != part.size or _changed(etag, part.etag):
            part.remove()
            raise ConnectionLostError(
                "The file changed on the server; it is downloaded again from the start."
            )
        _check_length(part, None if match[2] == "*" else int(match[2]))
        return part.size
    if response.status != http.client.OK:
        raise DataError(f"The server responded with status {response.status} instead of the file.")
    _check_length(part, response.length)
    part.remove()
    part.remember(etag)
    return 0


def _changed(etag: str | None, previous: str | None) -> bool:
    return etag is not None and previous is not None and etag != previous


def _check_length(part: PartialFile, length: int | None) -> None:
    if length is not None and length != part.file.size:
        raise DataError(
            f"The server offers {length:,} bytes for {part.file.name}, its record states"
            f" {part.file.size:,}; try again later."
        )


def _append(
    part: PartialFile, response: http.client.HTTPResponse, start: int, progress: Progress
) -> None:
    """Writes the body of the response to the file, from ``start`` on."""
    file, done = part.file, start
    with part.opened(start) as handle:
        while chunk := response.read1(_CHUNK):
            if done + len(chunk) > file.size:
                handle.close()
                part.remove()
                raise DataError(
                    f"The server sends more than the {file.size:,} bytes of {file.name} that its"
                    " record states; the file was removed. Try again later."
                )
            try:
                handle.write(chunk)
                handle.flush()
            except OSError as error:
                raise unwritable(part.path, error) from None
            done += len(chunk)
            progress(f"Downloading {file.name}", done, file.size)
    if done < file.size:
        raise ConnectionLostError(f"The connection was lost after {done:,} bytes.")


def _check(path: Path, file: RemoteFile, progress: Progress, remove: Callable[[], None]) -> None:
    """Verifies the checksum of the complete file; a file with a wrong one is removed."""
    kind, _, expected = file.checksum.partition(":")
    digest, done = hashlib.new(kind, usedforsecurity=False), 0
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 22):
            digest.update(chunk)
            done += len(chunk)
            progress(f"Checking {file.name}", done, file.size)
    if digest.hexdigest() != expected:
        remove()
        raise DataError(
            f"{file.name} does not have the checksum of its record: it was damaged during the"
            " download and was removed. Download it again."
        )
