"""Which files of a folder are tiles: the walk through a data set, without reading any image."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from mirs_core.datasets.images import SUFFIXES

SPLITS = ("train", "val", "test", "database")
"""The folders of a labelled data set."""

_SKIPPED = frozenset({"__MACOSX"})


@dataclass(slots=True)
class FoundImages:
    """Paths relative to the root, with forward slashes; ``refused`` says why, by path."""

    paths: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def is_labelled(root: Path) -> bool:
    """Whether ``root`` is a labelled data set: train/ or database/ with class folders."""
    return any(
        child.is_dir() and not _is_hidden(child.name)
        for split in ("train", "database")
        if (root / split).is_dir()
        for child in (root / split).iterdir()
    )


def find_images(root: Path) -> FoundImages:
    """The image files below ``root`` (resolved), by their names alone.

    Hidden files, __MACOSX and files without the name of an image are ignored. Refused are
    folders with the name of an image, links to folders, links that lead out of ``root`` or
    nowhere, and names that are not valid Unicode or cannot be written to a table.
    """
    images = FoundImages()
    tops = [root / split for split in SPLITS] if is_labelled(root) else [root]
    for top in tops:
        if top.is_symlink():
            images.refused[top.name] = "a link to a folder, which is not followed"
            continue
        for folder, folders, files in os.walk(top, onerror=lambda e: _denied(root, e, images)):
            here = Path(folder)
            folders[:] = [name for name in sorted(folders) if _descend(root, here / name, images)]
            for name in files:
                _sort_in(root, here / name, images)
    return images


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED


def _is_image_name(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - a name, no path


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
    if _is_hidden(path.name) or not _is_image_name(path.name):
        return
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
        images.paths.append(relative)
