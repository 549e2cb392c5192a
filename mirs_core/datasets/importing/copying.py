"""Copying tiles byte by byte, verified against the scan."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mirs_core.datasets.bundles import is_bundle, names_in, unpack
from mirs_core.datasets.data_files import stamp_of
from mirs_core.datasets.download.disk_space import check_space
from mirs_core.datasets.images import read_bytes
from mirs_core.datasets.manifest import Tile, Unreadable
from mirs_core.datasets.strips.virtual import is_virtual
from mirs_core.errors import DataError, ImageError
from mirs_core.files import make_folder, sha256
from mirs_core.progress import Progress

STAGE = "Copying tiles"
_REPORT_EVERY = 64


@dataclass(frozen=True, slots=True)
class Copies:
    """What became of tiles that were to be copied.

    Attributes:
        left_out: tiles that were not copied, and why.
        data_files: paths below the target of files that hold the pixels of labels.
    """

    left_out: list[Unreadable] = field(default_factory=list)
    data_files: list[str] = field(default_factory=list)


def copy_tiles(
    root: Path,
    pairs: Iterable[tuple[Tile, str]],
    target: Path,
    progress: Progress,
    final: Path | None = None,
) -> Copies:
    """Copies tiles of ``root`` to paths below ``target``, with their modification times.

    A planetary label takes the files that hold its pixels along, under their own names, by which
    it refers to them. Links and files that have changed since the scan are left out.

    Args:
        final: the folder to which the copies will be moved, whose files stay as they are.

    Raises:
        DataError: the disk is full, or a file cannot be written.
    """
    tiles, copies = list(pairs), Copies()
    make_folder(target)
    check_space(target, sum(_size(root / tile.path) for tile, _ in tiles))
    for done, (tile, path) in enumerate(tiles):
        if done % _REPORT_EVERY == 0:
            progress(STAGE, done, len(tiles))
        why = _copy(root, tile, path, target, final, copies)
        if why:
            copies.left_out.append(Unreadable(tile.path, why))
    progress(STAGE, len(tiles), len(tiles))
    return copies


def _copy(
    root: Path, tile: Tile, path: str, target: Path, final: Path | None, copies: Copies
) -> str:
    """Copies one tile; returns the reason if it does not, else an empty text."""
    source = root / tile.path
    if is_virtual(source.name):
        return "it is a window of a raster; cut the raster into image files to copy it"
    if source.is_symlink():
        return "it is a link; links are not copied"
    try:
        data = read_bytes(source)
        names = names_in(data)[1:] if is_bundle(data) else ()
        beside = {name: source.resolve().parent / name for name in names}
        times = {name: file.stat().st_mtime_ns for name, file in beside.items()}
        modified = source.stat().st_mtime_ns
    except (ImageError, OSError) as error:
        return str(error)
    if sha256(data) != tile.content:
        return "the file changed while it was imported"
    folder = PurePosixPath(path).parent
    for name in names:
        place = str(folder / name)
        if place in copies.data_files:
            is_other = (target / place).read_bytes() != unpack(data, name)
        else:
            is_other = any((top / place).exists() for top in (target, final) if top is not None)
        if is_other:
            return f"its pixels are in {name}, and another file of that name is there already"
    for name in names:
        place = str(folder / name)
        if place not in copies.data_files:
            _write(target / place, unpack(data, name), times[name])
            copies.data_files.append(place)
    _write(target / path, unpack(data) if is_bundle(data) else data, modified)
    return ""


def _write(target: Path, data: bytes, modified: int) -> None:
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


def _size(path: Path) -> int:
    try:
        return stamp_of(path)[0]
    except OSError:
        return 0
