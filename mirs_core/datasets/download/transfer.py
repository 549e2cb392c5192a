"""One file over HTTP: goes on where it broke off, and is what its checksum says or nothing."""

import hashlib
import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.download.addresses import BrokenOffError, answer_of
from mirs_core.datasets.download.part import Part, unwritable
from mirs_core.datasets.download.patience import Patience, Pause
from mirs_core.datasets.download.record import RemoteFile
from mirs_core.errors import DataError
from mirs_core.progress import Progress, silent

_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that came whole. ``resumed_at``: bytes that were there before, and were kept."""

    path: Path
    resumed_at: int


def receive(
    file: RemoteFile,
    folder: Path,
    origin: str,
    progress: Progress = silent,
    pause: Pause = time.sleep,
) -> Received:
    """Downloads ``file`` into ``folder``, or the rest of it, and checks it.

    Progress is in bytes. Where ``progress`` raises, what came so far stays for the next call.

    Args:
        origin: address of the record; see ``addresses.check_address``.

    Raises:
        DataError: the server refuses, sends something else, or fails again and again; the folder
            cannot be written; the checksum is wrong, and what came was removed.
    """
    target = folder / file.name
    if target.is_file() and target.stat().st_size == file.size:
        _check(target, file, progress, target.unlink)
        return Received(target, file.size)
    part = Part(folder, file)
    resumed_at = _fill(part, origin, progress, pause)
    _check(part.path, file, progress, part.remove)
    part.finish(target)
    return Received(target, resumed_at)


def _fill(part: Part, origin: str, progress: Progress, pause: Pause) -> int:
    """Tries until every byte is there; returns where the first answer went on."""
    size, patience = part.file.size, Patience(pause)
    first: int | None = None
    best = part.size

    def tick() -> None:
        progress(f"Downloading {part.file.name}", part.size, size)

    while part.size < size:
        try:
            with answer_of(part.file.link, origin, _headers(part)) as answer:
                start = _start(part, answer)
                first = start if first is None else first
                _take(part, answer, start, progress)
        except BrokenOffError as error:
            if error.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.remove()
            if part.size > best:
                best = part.size
                patience.got_on()
            patience.wait(error, tick)
    return part.size if first is None else first


def _headers(part: Part) -> dict[str, str]:
    """Asks for the rest, if the file is still the one that the bytes here belong to."""
    if not part.size:
        return {}
    headers = {"Range": f"bytes={part.size}-"}
    # A weak tag says nothing about bytes; without a strong one the checksum decides in the end.
    if part.etag and not part.etag.startswith("W/"):
        headers["If-Range"] = part.etag
    return headers


def _start(part: Part, answer: http.client.HTTPResponse) -> int:
    """The byte that the answer begins at, after a look at what it claims to be."""
    etag = answer.headers.get("ETag")
    if answer.status == http.client.PARTIAL_CONTENT:
        match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != part.size or _differ(etag, part.etag):
            part.remove()
            raise BrokenOffError("The file changed on the server; it is fetched anew.")
        _check_length(part, None if match[2] == "*" else int(match[2]))
        return part.size
    if answer.status != http.client.OK:
        raise DataError(f"The server answers with status {answer.status} instead of the file.")
    _check_length(part, answer.length)
    part.remove()
    part.remember(etag)
    return 0


def _differ(etag: str | None, known: str | None) -> bool:
    return etag is not None and known is not None and etag != known


def _check_length(part: Part, said: int | None) -> None:
    if said is not None and said != part.file.size:
        raise DataError(
            f"The server offers {said:,} bytes for {part.file.name}, its record says"
            f" {part.file.size:,}; try again later."
        )


def _take(part: Part, answer: http.client.HTTPResponse, start: int, progress: Progress) -> None:
    """Writes what the answer holds behind ``start``."""
    file, done = part.file, start
    with part.opened(start) as handle:
        while chunk := answer.read1(_CHUNK):
            if done + len(chunk) > file.size:
                handle.close()
                part.remove()
                raise DataError(
                    f"The server sends more than the {file.size:,} bytes of {file.name} that its"
                    " record says; what came was removed. Try again later."
                )
            try:
                handle.write(chunk)
                handle.flush()
            except OSError as error:
                raise unwritable(part.path, error) from None
            done += len(chunk)
            progress(f"Downloading {file.name}", done, file.size)
    if done < file.size:
        raise BrokenOffError(f"The connection broke off after {done:,} bytes.")


def _check(path: Path, file: RemoteFile, progress: Progress, remove: Callable[[], None]) -> None:
    """Compares the checksum of the whole file; one that is wrong is removed."""
    kind, _, expected = file.checksum.partition(":")
    seen, done = hashlib.new(kind, usedforsecurity=False), 0
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 22):
            seen.update(chunk)
            done += len(chunk)
            progress(f"Checking {file.name}", done, file.size)
    if seen.hexdigest() != expected:
        remove()
        raise DataError(
            f"{file.name} does not have the checksum of its record: it was damaged on its way and"
            " was removed. Run the command again."
        )
