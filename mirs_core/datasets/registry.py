"""The list of data sets on this machine."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.columns.manifest import read_list
from mirs_core.columns.reading import is_stored
from mirs_core.datasets.first_look import look_into
from mirs_core.datasets.label_corrections import mended_names
from mirs_core.datasets.manifest import Card, read_card, tiles_named
from mirs_core.datasets.stored_items import read_items
from mirs_core.datasets.strips.virtual import virtual_count
from mirs_core.errors import DataError, MirsError
from mirs_core.files import read_json, write_json
from mirs_core.system.processes import locked
from mirs_core.workspace import data_set_titles, runs
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class KnownDataSet:
    """A data set in the list. Counts are None if unknown.

    Attributes:
        root: its folder, which may no longer exist.
        tiles: number of image files, or of tiles in the newest run if the folder is missing.
        labelled: number of them with a label.
        placed: number of them with coordinates.
        models: ids of usable runs that archive it, newest first.
        are_archived: whether the counts are those of the newest run's archive instead.
        more_than: the folder has more files than this, and they were not counted.
    """

    name: str
    title: str
    root: Path
    tiles: int | None
    labelled: int | None
    placed: int | None
    licence: str
    synthetic: bool
    models: tuple[str, ...]
    are_archived: bool = False
    more_than: int | None = None

    @property
    def is_large(self) -> bool:
        """Whether its files were not counted because there are too many of them."""
        return self.are_archived or self.more_than is not None

    def to_json(self) -> dict[str, Any]:
        """Its entry in ``data list --json``."""
        return {
            "name": self.name,
            "title": self.title,
            "dir": str(self.root),
            "tiles": self.tiles,
            "labelled": self.labelled,
            "placed": self.placed,
            "licence": self.licence,
            "synthetic": self.synthetic,
            "there": self.root.is_dir(),
            "models": list(self.models),
        }


def known_data_sets(
    home: Home, counted: bool = True, most: int | None = None
) -> list[KnownDataSet]:
    """Folders in ``data/``, folders imported in place, and those of runs; sorted by title.

    No image is read. The counts need the names of all files: about a second for 16,000.

    Args:
        counted: whether to count tiles; otherwise only cards are read.
        most: of folders with more files than that, or whose archive has more tiles, the counts are
            those of the newest archive, or None.
    """
    listed = runs.list_runs(home)
    roots = [path for path in sorted((home.data).glob("[!.]*")) if path.is_dir()]
    roots += [path for path in _remembered(home) if path.is_dir()]
    roots += [run.data_root for run in listed if run.usable]
    distinct = dict.fromkeys(root.resolve() for root in roots)
    data_sets = [_known(home, root, listed, counted, most) for root in distinct]
    return sorted(data_sets, key=lambda data: (data.title.casefold(), str(data.root)))


def remember(home: Home, root: Path) -> None:
    """Adds a folder outside the home folder to the list of data sets."""
    with locked(home.locks / "data-sets"):
        folders = _remembered(home)
        if root not in folders and root.parent != home.data:
            write_json(home.data_set_list, {"folders": [str(path) for path in (*folders, root)]})


def forget(home: Home, root: Path) -> bool:
    """Takes a folder off the list of data sets; returns whether it was on it."""
    with locked(home.locks / "data-sets"):
        folders = _remembered(home)
        if root in folders:
            remaining = [str(path) for path in folders if path != root]
            write_json(home.data_set_list, {"folders": remaining})
        return root in folders


def root_of(home: Home, text: str) -> Path:
    """The folder of a data set that is referred to by its folder, its name or its title.

    Raises:
        DataError: there is no such data set, or several have the name.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return path.resolve()
    word = text.strip().casefold()
    named = [
        data_set.root
        for data_set in known_data_sets(home, counted=False)
        if word in (data_set.name.casefold(), data_set.title.casefold(), str(data_set.root))
    ]
    if len(named) == 1:
        return named[0]
    if named:
        folders = ", ".join(map(str, named))
        raise DataError(f"Several data sets are called {text!r}: name the folder ({folders}).")
    raise DataError(
        f"There is no data set {text!r}; name its folder, or list data sets: mirs data list"
    )


def _remembered(home: Home) -> list[Path]:
    with contextlib.suppress(MirsError):
        value = read_json(home.data_set_list)
        folders = value.get("folders") if isinstance(value, dict) else None
        if isinstance(folders, list):
            return [Path(text) for text in folders if isinstance(text, str) and text[:1] == "/"]
    return []


def _known(
    home: Home, root: Path, listed: Iterable[runs.RunSummary], counted: bool, most: int | None
) -> KnownDataSet:
    mine = [run for run in listed if run.usable and run.data_root == root]
    card, counts = Card.named(mine[0].data if mine else root.name), _Counts()
    newest = runs.folder(home, mine[0].id) if mine else None
    is_large = counted and most is not None and root.is_dir() and _is_large(root, newest, most)
    with contextlib.suppress(MirsError, OSError):
        if root.is_dir():
            card = read_card(root)
            counts = _named(home, root) if counted and not is_large else counts
    if counted and counts.tiles is None and newest and (is_large or not root.is_dir()):
        counts = _archived(newest)
    return KnownDataSet(
        name=card.name,
        title=data_set_titles.title_of(home, root)
        or (card.title if root.is_dir() or not mine else mine[0].data_title),
        root=root,
        tiles=counts.tiles,
        labelled=counts.labelled,
        placed=counts.placed,
        licence=card.licence,
        synthetic=card.synthetic or any(run.synthetic for run in mine),
        models=tuple(run.id for run in mine),
        are_archived=is_large and counts.tiles is not None,
        more_than=most if is_large and counts.tiles is None else None,
    )


def _is_large(root: Path, newest: runs.RunFolder | None, most: int) -> bool:
    """Whether a folder, or the archive of its newest run, has more than ``most`` tiles."""
    with contextlib.suppress(MirsError):
        if newest and is_stored(newest.archive) and read_list(newest.archive).count > most:
            return True
    return not look_into(root, most).complete or virtual_count(root) > most


@dataclass(frozen=True, slots=True)
class _Counts:
    tiles: int | None = None
    labelled: int | None = None
    placed: int | None = None


def _named(home: Home, root: Path) -> _Counts:
    tiles = mended_names(home, root, tiles_named(root))
    return _Counts(
        len(tiles),
        len(tiles) - tiles.labels.count(None),
        int(np.count_nonzero(tiles.latitudes.present() & tiles.longitudes.present())),
    )


def _archived(run: runs.RunFolder) -> _Counts:
    with contextlib.suppress(MirsError):
        items = read_items(run)
        placed = items.latitudes.present() & items.longitudes.present()
        labelled = len(items) - items.labels.count(None)
        return _Counts(len(items), labelled, int(np.count_nonzero(placed)))
    return _Counts()
