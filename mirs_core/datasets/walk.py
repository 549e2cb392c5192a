"""Which files of a folder are tiles: the walk through a data set, without reading any image."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.data_files import data_files
from mirs_core.datasets.images import LABELS, SUFFIXES, is_animated
from mirs_core.datasets.raster_formats import driver_of
from mirs_core.datasets.strips.virtual import ids_of
from mirs_core.datasets.strips.window_table import WINDOWS_FILE
from mirs_core.datasets.tile_table import TABLE_FILE
from mirs_core.errors import ImageError

SPLITS = ("train", "val", "test", "database")
"""The folders of a labelled data set."""

_SKIPPED = frozenset({"__MACOSX"})
_OWN_FILES = frozenset({CARD_FILE, TABLE_FILE, "strips.json"})


@dataclass(slots=True)
class FoundImages:
    """The files of a folder.

    Attributes:
        paths: of the images, relative to the root, with forward slashes.
        refused: why other images cannot be tiles, by path.
        passed_over: number of files that are no images, by suffix (lower case).
        outside: number of images outside the folders of a labelled data set.
        animated: number of GIFs of which only the first frame is read.
        windows: ids of virtual tiles, which are windows of rasters.
    """

    paths: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    animated: int = 0
    windows: list[str] = field(default_factory=list)

    @property
    def tiles(self) -> list[str]:
        """Paths of images and ids of virtual tiles."""
        return [*self.paths, *self.windows]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What of the folder is not read, in words; usually nothing."""
        return passed_over_lines(self.passed_over, self.outside, self.animated)


def passed_over_lines(
    passed_over: Mapping[str, int], outside: int, animated: int = 0
) -> tuple[str, ...]:
    """What was not read of a folder, in words; nothing if all of it was."""
    lines = []
    if count := sum(passed_over.values()):
        kinds = sorted(passed_over.items(), key=lambda item: (-item[1], item[0]))
        each = ", ".join(f"{n:,} {suffix or 'without extension'}" for suffix, n in kinds)
        are = "file is not an image" if count == 1 else "files are not images"
        lines.append(f"{count:,} {are}: {each}")
    if outside:
        are = "image lies" if outside == 1 else "images lie"
        lines.append(
            f"{outside:,} {are} outside train/, val/, test/ and database/, and"
            f" {'is' if outside == 1 else 'are'} not read"
        )
    if animated:
        are = "GIF image is" if animated == 1 else "GIF images are"
        lines.append(f"{animated:,} {are} animated; only the first frame is read")
    return tuple(lines)


def is_labelled(root: Path) -> bool:
    """Whether ``root`` is a labelled data set: train/ or database/ with class folders."""
    return any(
        child.is_dir() and not _is_hidden(child.name)
        for split in ("train", "database")
        if (root / split).is_dir()
        for child in (root / split).iterdir()
    )


def find_images(root: Path) -> FoundImages:
    """The image files below ``root`` (resolved), by their names; labels also by what they say.

    A planetary label and the file of its pixels are one image, with the name of the label; if that
    file is an image by itself, the label is passed over. VRTs are, since the files that they join
    are images already. Hidden files, __MACOSX and this program's own files are ignored, all others
    counted. Refused are folders with the name of an image, links to folders, links that lead out of
    ``root`` or nowhere, and names that are not valid Unicode or cannot be written to a table.
    """
    images = FoundImages()
    tops = [root]
    if is_labelled(root):
        tops = [root / split for split in SPLITS]
        _count_outside(root, images)
    for top in tops:
        if top.is_symlink():
            images.refused[top.name] = "a link to a folder, which is not followed"
            continue
        for folder, folders, files in os.walk(top, onerror=lambda e: _denied(root, e, images)):
            here = Path(folder)
            folders[:] = [name for name in sorted(folders) if _descend(root, here / name, images)]
            labels, pixels = _labels(here, files)
            for name in files:
                if _is_hidden(name) or name in pixels or _is_own(root, here, name):
                    continue
                if name in labels or _is_image_name(name):
                    _sort_in(root, here / name, images)
                else:
                    images.passed_over[_suffix(name)] += 1
    images.windows = ids_of(root)
    return images


def _count_outside(root: Path, images: FoundImages) -> None:
    """Counts what lies beside the folders of a labelled data set."""
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if not _is_hidden(name) and not (Path(folder) == root and name in SPLITS)
        ]
        for name in files:
            if _is_hidden(name) or (Path(folder) == root and name in _OWN_FILES):
                continue
            if _is_image_name(name):
                images.outside += 1
            else:
                images.passed_over[_suffix(name)] += 1


def _is_own(root: Path, folder: Path, name: str) -> bool:
    """Whether a file was written by this program to describe a data set."""
    return (folder == root and name in _OWN_FILES) or (
        folder.parent == root and name == WINDOWS_FILE
    )


def _labels(folder: Path, names: list[str]) -> tuple[set[str], set[str]]:
    """Names of a folder's planetary labels that are images, and of the files of their pixels."""
    labels: set[str] = set()
    pixels: set[str] = set()
    for name in names:
        path = folder / name
        if _suffix(name) not in LABELS or _is_hidden(name) or not path.is_file():
            continue
        if driver_of(path) not in ("PDS", "PDS4", "ISIS3", "VICAR"):
            continue
        try:
            files = data_files(path, name)
        except (ImageError, OSError):
            files = ()  # reading it says why
        if not any(_is_image_name(file) and driver_of(folder / file) for file in files):
            labels.add(name)
            pixels.update(files)
    return labels, pixels


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED


def _suffix(name: str) -> str:
    return _printable(os.path.splitext(name)[1].lower())  # noqa: PTH122 - a name, no path


def _is_image_name(name: str) -> bool:
    return _suffix(name) in SUFFIXES


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _printable(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def _refuse(root: Path, path: Path, why: str, images: FoundImages) -> None:
    images.refused[_printable(_relative(root, path))] = why


def _denied(root: Path, error: OSError, images: FoundImages) -> None:
    if isinstance(error, FileNotFoundError):
        return
    _refuse(root, Path(error.filename), f"the folder cannot be read ({error.strerror})", images)


def _descend(root: Path, folder: Path, images: FoundImages) -> bool:
    if _is_hidden(folder.name):
        return False
    if folder.is_symlink():
        _refuse(root, folder, "a link to a folder, which is not followed", images)
        return False
    if _is_image_name(folder.name):
        _refuse(root, folder, "a folder with the name of an image; rename it to read it", images)
        return False
    return True


def _sort_in(root: Path, path: Path, images: FoundImages) -> None:
    relative = _relative(root, path)
    if _printable(relative) != relative:
        _refuse(root, path, "its name is no valid Unicode; rename it", images)
    elif "\\" in relative or relative != relative.strip():
        # In tiles.csv this name would refer to another file.
        _refuse(root, path, "a name with a backslash, or a space first; rename it", images)
    elif path.is_symlink() and not path.exists():
        _refuse(root, path, "a link that leads nowhere", images)
    elif path.is_symlink() and not path.resolve().is_relative_to(root):
        _refuse(root, path, "a link that leads out of the data set; copy the file", images)
    else:
        images.animated += _suffix(path.name) == ".gif" and path.is_file() and is_animated(path)
        images.paths.append(relative)
