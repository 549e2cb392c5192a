"""Tiles copied byte by byte, checked against what was scanned."""

import os
from collections.abc import Iterable
from pathlib import Path

from mirs_core.datasets.download.disk_space import check_space
from mirs_core.datasets.images import read_bytes
from mirs_core.datasets.manifest import Tile, Unreadable
from mirs_core.errors import DataError, ImageError
from mirs_core.files import make_folder, sha256
from mirs_core.progress import Progress

STAGE = "Copying tiles"
_REPORT_EVERY = 64


def copy_tiles(
    root: Path, pairs: Iterable[tuple[Tile, str]], target: Path, progress: Progress
) -> list[Unreadable]:
    """Copies tiles of ``root`` to paths below ``target``, with their times of modification.

    Links are not followed, and a file that is not what was scanned is left out.

    Returns:
        The tiles that were left out.

    Raises:
        DataError: there is no room, or a file cannot be written.
    """
    wanted, left_out = list(pairs), []
    make_folder(target)
    check_space(target, sum(_size(root / tile.path) for tile, _ in wanted))
    for done, (tile, path) in enumerate(wanted):
        if done % _REPORT_EVERY == 0:
            progress(STAGE, done, len(wanted))
        why = _copy(root / tile.path, tile.content, target / path)
        if why:
            left_out.append(Unreadable(tile.path, why))
    progress(STAGE, len(wanted), len(wanted))
    return left_out


def _copy(source: Path, content: str, target: Path) -> str:
    """Copies one file; says why where it does not."""
    if source.is_symlink():
        return "a link; links are not copied"
    try:
        data = read_bytes(source)
        modified = source.stat().st_mtime_ns
    except (ImageError, OSError) as error:
        return str(error)
    if sha256(data) != content:
        return "the file was changed while it was imported"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as handle:
            handle.write(data)
        # A scan does not trust very young files; these are as old as their originals.
        os.utime(target, ns=(modified, modified))
    except OSError as error:
        raise DataError(
            f"{target} cannot be written ({error.strerror or error}); make room, or choose a folder"
            " that you may write."
        ) from None
    return ""


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
