"""From the name of a published data set to a folder that can be trained on, or to nothing."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.download import landmarks
from mirs_core.datasets.download.arrange import (
    MARK,
    arrange_landmarks,
    arrange_splits,
    is_image,
    write_card,
)
from mirs_core.datasets.download.catalogue import Source
from mirs_core.datasets.download.part import unwritable
from mirs_core.datasets.download.patience import Pause
from mirs_core.datasets.download.record import RemoteFile, wanted_file
from mirs_core.datasets.download.space import check_space
from mirs_core.datasets.download.transfer import receive
from mirs_core.datasets.download.unpack import unpack
from mirs_core.datasets.walk import find_images
from mirs_core.errors import DataError
from mirs_core.progress import Progress, silent
from mirs_core.system.processes import lock_if_free

# Images hardly shrink in a zip: what is unpacked takes about as much room again.
_ROOM_UNPACKED = 1.1


@dataclass(frozen=True, slots=True)
class Fetched:
    """A data set that now stands in ``folder``.

    Attributes:
        tiles: how many it has.
        bytes: size of the file that was downloaded.
        resumed_at: how many of them an earlier call had left.
    """

    folder: Path
    tiles: int
    bytes: int
    resumed_at: int


def standing(source: Source, folder: Path) -> int | None:
    """How many tiles of the complete ``source`` stand in ``folder``; None where it is free.

    Raises:
        DataError: something else stands there, or tiles are missing.
    """
    try:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return None
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror or error}).") from None
    mark = _mark(folder)
    if mark.get("source") != source.name or not isinstance(mark.get("tiles"), int):
        raise DataError(f"{folder} is there already and holds something else; name a new folder.")
    expected = int(mark["tiles"])
    found = len(find_images(folder.resolve()).paths)
    if found < expected:
        raise DataError(
            f"{folder} holds {found:,} of the {expected:,} tiles of {source.title};"
            " remove the folder and download it again."
        )
    return found


def offered(source: Source, pause: Pause = time.sleep) -> RemoteFile:
    """The file that the source's record offers now.

    Raises:
        DataError: the record cannot be had or used.
    """
    return wanted_file(source, pause)


def needed_space(file: RemoteFile) -> int:
    """Bytes that the download of ``file`` and what is unpacked of it take."""
    return file.size + int(file.size * _ROOM_UNPACKED)


def fetch(
    source: Source,
    file: RemoteFile,
    folder: Path,
    progress: Progress = silent,
    pause: Pause = time.sleep,
) -> Fetched:
    """Downloads ``file``, unpacks it and gives the data set the name ``folder``.

    Until it is complete everything stands in ``.NAME.download`` beside ``folder``. A failed or
    stopped call leaves the downloaded bytes there, and the next one goes on with them.

    Raises:
        DataError: a step failed (see the message), ``folder`` is not free, or another process
            downloads into it.
    """
    if standing(source, folder) is not None:
        raise DataError(f"{folder} holds {source.title} already.")
    work = folder.with_name(f".{folder.name}.download")
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(work, error) from None
    with lock_if_free(work / "lock") as free:
        if free is None:
            raise DataError(f"Another download into {folder} is running; wait for its end.")
        try:
            return _fetch(source, file, folder, work, progress, pause)
        finally:
            if _mark(folder) or not any(work.glob(f"{file.name}*")):
                shutil.rmtree(work, ignore_errors=True)


def _fetch(
    source: Source, file: RemoteFile, folder: Path, work: Path, progress: Progress, pause: Pause
) -> Fetched:
    here = sum(path.stat().st_size for path in work.glob(f"{file.name}*"))
    check_space(work, needed_space(file) - min(here, file.size))
    received = receive(file, work, source.record, progress, pause)
    unpacked, target = work / "unpacked", work / "set"
    for left_over in (unpacked, target):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        unpack(received.path, unpacked, _wanted(source), source.most_bytes, progress)
        target.mkdir()
        tiles = _arrange(source, unpacked, target)
        mark = {"file": file.name, "checksum": file.checksum, "tiles": tiles}
        write_card(target, source, mark)
        _put_in_place(target, folder)
    except OSError as error:
        raise unwritable(work, error) from None
    finally:
        for half in (unpacked, target):
            shutil.rmtree(half, ignore_errors=True)
    return Fetched(folder, tiles, file.size, received.resumed_at)


def _wanted(source: Source) -> Callable[[str], bool]:
    return landmarks.is_wanted if source.layout == "landmarks" else is_image


def _arrange(source: Source, unpacked: Path, target: Path) -> int:
    if source.layout == "landmarks":
        return arrange_landmarks(unpacked, target, landmarks.read_landmarks(unpacked))
    return arrange_splits(unpacked, target)


def _put_in_place(target: Path, folder: Path) -> None:
    """Gives the complete data set its name; an empty folder of that name makes way."""
    if folder.is_dir():
        folder.rmdir()
    target.rename(folder)


def _mark(folder: Path) -> dict[str, Any]:
    """What the card says of the download; empty where it says nothing."""
    try:
        value = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    mark = value.get(MARK) if isinstance(value, dict) else None
    return mark if isinstance(mark, dict) else {}
