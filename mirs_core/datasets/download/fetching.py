"""Downloads a published data set into a folder that is ready for training: all or nothing."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.download import zenodo_record
from mirs_core.datasets.download.disk_space import check_space
from mirs_core.datasets.download.partial_file import unwritable
from mirs_core.datasets.download.resumable_transfer import receive
from mirs_core.datasets.download.retries import Pause
from mirs_core.datasets.download.spec import PublishedDataSet
from mirs_core.datasets.download.unpack import unpack
from mirs_core.datasets.download.zenodo_record import RemoteFile
from mirs_core.datasets.walk import find_images
from mirs_core.errors import DataError
from mirs_core.files import write_json
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import lock_if_free

FETCHED = "fetched"
"""Key in dataset.json under which the origin of a downloaded data set is recorded."""

# Images hardly shrink in a zip: unpacked they take about as much space again.
_UNPACKED_SHARE = 1.1


@dataclass(frozen=True, slots=True)
class Fetched:
    """A data set that has been downloaded to ``folder``.

    Attributes:
        tiles: their number.
        bytes: size of the file that was downloaded.
        resumed_at: how many of them an earlier call had downloaded.
    """

    folder: Path
    tiles: int
    bytes: int
    resumed_at: int


def tiles_in(source: PublishedDataSet, folder: Path) -> int | None:
    """Number of tiles of the complete ``source`` in ``folder``; None if the folder is free.

    Raises:
        DataError: the folder holds something else, or tiles are missing.
    """
    try:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return None
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror or error}).") from None
    origin = _origin(folder)
    if origin.get("source") != source.name or not isinstance(origin.get("tiles"), int):
        raise DataError(f"{folder} exists and holds something else; choose a new folder.")
    expected = int(origin["tiles"])
    count = len(find_images(folder.resolve()).paths)
    if count < expected:
        raise DataError(
            f"{folder} holds {count:,} of the {expected:,} tiles of {source.title};"
            " remove the folder and download it again."
        )
    return count


def remote_file(source: PublishedDataSet, pause: Pause = time.sleep) -> RemoteFile:
    """The file of ``source`` as its record describes it now.

    Raises:
        DataError: the record cannot be reached or used.
    """
    return zenodo_record.remote_file(source, pause)


def needed_space(file: RemoteFile) -> int:
    """Bytes of disk space for ``file`` and its unpacked content."""
    return file.size + int(file.size * _UNPACKED_SHARE)


def fetch(
    source: PublishedDataSet,
    file: RemoteFile,
    folder: Path,
    progress: Progress = silent,
    pause: Pause = time.sleep,
) -> Fetched:
    """Downloads ``file``, unpacks it and makes ``folder`` the data set.

    Until it is complete everything is in ``.NAME.download`` beside ``folder``. A failed or stopped
    call leaves the downloaded bytes there, and the next one resumes with them.

    Raises:
        DataError: a step failed (see the message), ``folder`` is not free, or another process
            is downloading into it.
    """
    if tiles_in(source, folder) is not None:
        raise DataError(f"{folder} already holds {source.title}.")
    work = folder.with_name(f".{folder.name}.download")
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(work, error) from None
    with lock_if_free(work / "lock") as free:
        if free is None:
            raise DataError(
                f"Another download into {folder} is running; wait until it has finished."
            )
        try:
            return _fetch(source, file, folder, work, progress, pause)
        finally:
            if _origin(folder) or not any(work.glob(f"{file.name}*")):
                shutil.rmtree(work, ignore_errors=True)


def _fetch(
    source: PublishedDataSet,
    file: RemoteFile,
    folder: Path,
    work: Path,
    progress: Progress,
    pause: Pause,
) -> Fetched:
    received_bytes = sum(path.stat().st_size for path in work.glob(f"{file.name}*"))
    check_space(work, needed_space(file) - min(received_bytes, file.size))
    received = receive(file, work, source.record, progress, pause)
    unpacked, target = work / "unpacked", work / "set"
    for leftover in (unpacked, target):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        unpack(received.path, unpacked, source.unpacks, source.max_bytes, progress)
        target.mkdir()
        tiles = source.arrange(unpacked, target)
        origin = {"file": file.name, "checksum": file.checksum, "tiles": tiles}
        _write_card(target, source, origin)
        _put_in_place(target, folder)
    except OSError as error:
        raise unwritable(work, error) from None
    finally:
        for temporary in (unpacked, target):
            shutil.rmtree(temporary, ignore_errors=True)
    return Fetched(folder, tiles, file.size, received.resumed_at)


def _write_card(target: Path, source: PublishedDataSet, origin: dict[str, Any]) -> None:
    card = {
        "name": source.name,
        "title": source.title,
        "instrument": source.instrument,
        "metres_per_pixel": source.metres_per_pixel,
        "distractors": list(source.distractors),
        "licence": source.licence,
        "citation": source.citation,
        FETCHED: {"source": source.name, "record": source.record, **origin},
    }
    write_json(target / CARD_FILE, card)


def _put_in_place(target: Path, folder: Path) -> None:
    """Renames the complete data set to ``folder``; an empty folder of that name is replaced."""
    if folder.is_dir():
        folder.rmdir()
    target.rename(folder)


def _origin(folder: Path) -> dict[str, Any]:
    """The record of the download in the card; empty if there is none."""
    try:
        value = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    origin = value.get(FETCHED) if isinstance(value, dict) else None
    return origin if isinstance(origin, dict) else {}
