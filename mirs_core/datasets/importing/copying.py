"""Copying tiles byte by byte, verified against the scan."""

import os
from collections.abc import Iterable
from pathlib import Path

from mirs_core.datasets.bundles import is_bundle
from mirs_core.datasets.download.disk_space import check_space
from mirs_core.datasets.images import read_bytes
from mirs_core.datasets.manifest import Tile, Unreadable
from mirs_core.datasets.strips.virtual import is_virtual
from mirs_core.errors import DataError, ImageError
from mirs_core.files import make_folder, sha256
from mirs_core.progress import Progress

STAGE = "Copying tiles"
_REPORT_EVERY = 64


def copy_tiles(
    root: Path, pairs: Iterable[tuple[Tile, str]], target: Path, progress: Progress
) -> list[Unreadable]:
    """Copies tiles of ``root`` to paths below ``target``, with their modification times.

    Links and files that have changed since the scan are left out.

    Returns:
        The tiles that were left out.

    Raises:
        DataError: the disk is full, or a file cannot be written.
    """
    copies, left_out = list(pairs), []
    make_folder(target)
    check_space(target, sum(_size(root / tile.path) for tile, _ in copies))
    for done, (tile, path) in enumerate(copies):
        if done % _REPORT_EVERY == 0:
            progress(STAGE, done, len(copies))
        why = _copy(root / tile.path, tile.content, target / path)
        if why:
            left_out.append(Unreadable(tile.path, why))
    progress(STAGE, len(copies), len(copies))
    return left_out


def _copy(source: Path, content: str, target: Path) -> str:
    """Copies one file; returns the reason if it does not, else an empty text."""
    if is_virtual(source.name):
        return "it is a window of a raster; cut the raster into image files to copy it"
    if source.is_symlink():
        return "it is a link; links are not copied"
    try:
        data = read_bytes(source)
        modified = source.stat().st_mtime_ns
    except (ImageError, OSError) as error:
        return str(error)
    if is_bundle(data):
        return "its pixels are in another file; save both as one, with gdal_translate"
    if sha256(data) != content:
        return "the file changed while it was imported"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as handle:
            handle.write(data)
        # A scan rereads very recent files; these are as old as their originals.
        os.utime(target, ns=(modified, modified))
    except OSError as error:
        raise DataError(
            f"{target} cannot be written ({error.strerror or error}); free some disk space, or"
            " choose a writable folder."
        ) from None
    return ""


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
