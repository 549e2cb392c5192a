"""Geography of tiles: strips, outlines, densities, distances, and landform estimates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core import landform_map
from mirs_core.datasets.items import Items
from mirs_core.datasets.strips.strip_list import STRIPS_FILE, Strip, read_strips
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.strip_picture import picture
from mirs_core.landform_map import spread
from mirs_core.landform_map.density import on_sphere
from mirs_core.landform_map.footprints import Ring, footprints, strip_outlines
from mirs_core.mars.named_places import contradiction
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.shared.loaders.pictures import cache_key
from pages.shared.loaders.runs import changed_at, searcher

# About half a minute on one core.
_MOST_COMPARISONS = 10_000_000_000
_MOST_ESTIMATES = 2


@dataclass(frozen=True, slots=True)
class Landforms:
    """A landform estimate, its accuracy, and its totals by class."""

    estimate: landform_map.LandformMap
    trust: landform_map.VoteAccuracy | None
    totals: tuple[landform_map.ClassTotal, ...]


def landforms(
    run_id: str, labelled: str, k: int, min_margin: float, progress: Progress | None = None
) -> Landforms | None:
    """The landforms of a run's unlabelled tiles by estimate; computed once.

    Args:
        progress: reports the estimate of a large archive; without it, None is returned for an
            archive that takes long (see ``takes_long``) and whose estimate is not there yet.

    Raises:
        MirsError: a run is gone or damaged, or the two runs have different models.
    """
    home = Home.current()
    changed = (changed_at(home, run_id), changed_at(home, labelled))
    key = (str(home), run_id, labelled, *changed, k, min_margin)
    opened, voters = searcher(run_id), searcher(labelled)
    if not takes_long(opened, voters):
        return _landforms(key, opened, voters, rings(run_id))
    shelf = _estimates()
    if key not in shelf and progress is not None:
        shelf[key] = _estimated(key, opened, voters, rings(run_id), progress)
        while len(shelf) > _MOST_ESTIMATES:
            shelf.pop(next(iter(shelf)))
    return shelf.get(key)


def takes_long(opened: Searcher, labelled: Searcher) -> bool:
    """Whether an estimate takes much longer than a page should."""
    return comparisons(opened, labelled) > _MOST_COMPARISONS


def comparisons(opened: Searcher, labelled: Searcher) -> int:
    """The number of pairs of codes that an estimate and its accuracy compare."""
    voters = len(landform_map.labelled_rows(labelled, landform_map.VOTERS))
    tested = len(landform_map.labelled_rows(labelled, ("test", "val")))
    return (opened.items.labels.count(None) + tested) * voters


@st.cache_resource(show_spinner=False)
def _estimates() -> dict[Any, Landforms]:
    """The estimates of large archives, at most ``_MOST_ESTIMATES``."""
    return {}


@st.cache_resource(max_entries=8, show_spinner="Estimating landforms")
def _landforms(
    key: tuple[str, str, str, int, int, int, float],
    _searcher: Searcher,
    _labelled: Searcher,
    _rings: dict[str, Ring],
) -> Landforms:
    return _estimated(key, _searcher, _labelled, _rings, silent)


def _estimated(
    key: tuple[str, str, str, int, int, int, float],
    opened: Searcher,
    labelled: Searcher,
    outlines_of_tiles: dict[str, Ring],
    progress: Progress,
) -> Landforms:
    *_, k, min_margin = key
    estimate = landform_map.estimate_opened(opened, labelled, k, min_margin, progress=progress)
    return Landforms(
        estimate,
        landform_map.measure_accuracy(labelled, k, min_margin, progress=progress),
        landform_map.totals(estimate, opened.items.ids, outlines_of_tiles),
    )


def rings(run_id: str) -> dict[str, Ring]:
    """Footprints of a run's tiles by id, where they are known; read once.

    Raises:
        MirsError: the run is gone, or the list of its strips is damaged.
    """
    home = Home.current()
    return _rings(str(home), run_id, changed_at(home, run_id), searcher(run_id).root)


@st.cache_resource(max_entries=2, show_spinner=False)
def _rings(home: str, run_id: str, changed: int, _root: Path) -> dict[str, Ring]:
    return footprints(_root)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def strips(root: Path) -> tuple[Strip, ...]:
    """The strips that a data set's tiles were cut from; cached for five seconds.

    Raises:
        DataError: their list is damaged.
    """
    return read_strips(root)


def landform_picture(opened: Searcher, estimate: landform_map.LandformMap, strip: Strip) -> bytes:
    """A strip in the colours of its estimate as PNG, drawn once."""
    key = (estimate.run, estimate.labelled, estimate.k, estimate.min_margin, strip.name)
    return _landform_picture(key, opened.summary.created, opened, estimate, strip)


@st.cache_data(max_entries=16, show_spinner="Drawing the strip")
def _landform_picture(
    key: tuple[str, str, int, float, str],
    created: str,
    _searcher: Searcher,
    _estimate: landform_map.LandformMap,
    _strip: Strip,
) -> bytes:
    return picture(_searcher, _estimate, _strip)


def outlines(opened: Searcher) -> dict[str, Ring]:
    """The outlines of the strips of a data set; empty if there are none or they cannot be read."""
    about = opened.root / STRIPS_FILE
    if not about.is_file():
        return {}
    return _outlines(str(opened.root), about.stat().st_mtime_ns)


@st.cache_data(max_entries=8, show_spinner=False)
def _outlines(root: str, changed: int) -> dict[str, Ring]:
    try:
        return strip_outlines(Path(root))
    except MirsError:
        return {}


@dataclass(frozen=True, slots=True)
class StripPlace:
    """A strip, the coordinates of its first tile that has some, and its number of tiles."""

    name: str
    latitude: float
    longitude: float
    count: int


def strip_places(opened: Searcher) -> tuple[StripPlace, ...]:
    """The strips of a run with coordinates, sorted by name."""
    run = opened.summary.id
    return _strip_places(run, changed_at(opened.home, run), opened.items)


@st.cache_resource(max_entries=8, show_spinner=False)
def _strip_places(run_id: str, changed: int, _items: Items) -> tuple[StripPlace, ...]:
    strips = _items.strips
    codes = strips.codes.whole()
    placed = _items.latitudes.present() & _items.longitudes.present() & (codes >= 0)
    rows = np.flatnonzero(placed)[::-1]
    first = np.full(len(strips.names), -1, dtype=np.int64)
    # The last assignment stays, which is that of the first row.
    first[codes[rows]] = rows
    present = np.flatnonzero(first >= 0)
    latitudes = np.asarray(_items.latitudes.take(first[present]))
    longitudes = np.mod(np.asarray(_items.longitudes.take(first[present])), 360)
    counts = strips.counts()
    places = [
        StripPlace(strips.names[code], latitude, longitude, counts[strips.names[code]])
        for code, latitude, longitude in zip(
            present.tolist(), latitudes.tolist(), longitudes.tolist(), strict=True
        )
    ]
    return tuple(sorted(places, key=lambda place: place.name))


def density(opened: Searcher, label: str, filters: Filters) -> NDArray[np.float64]:
    """The density of the tiles of a class that pass the filters, see ``landform_map.density``."""
    run = opened.summary.id
    return _density(run, changed_at(opened.home, run), label, filters, opened.items)


@st.cache_data(max_entries=48, show_spinner=False)
def _density(
    run_id: str, changed: int, label: str, filters: Filters, _items: Items
) -> NDArray[np.float64]:
    members = _items.labels.mask([label])
    passing = filters.mask(_items)
    rows = np.flatnonzero(members if passing is None else members & passing)
    return on_sphere(
        np.asarray(_items.latitudes.take(rows), dtype=np.float64),
        np.asarray(_items.longitudes.take(rows), dtype=np.float64),
    )


def distance_spread(
    opened: Searcher,
    place: tuple[float, float],
    rows: NDArray[np.int64],
    query: Query,
    filters: Filters,
) -> spread.Spread | None:
    """Distances of results from a query's place, compared with chance; measured once."""
    run = opened.summary.id
    examples = (query.name, query.tile_id, query.content, tuple(sorted(query.examples)))
    key = (str(opened.home), run, changed_at(opened.home, run), *examples, place)
    return _distance_spread(key, rows.tobytes(), filters, opened, rows, query)


@st.cache_data(max_entries=200, show_spinner=False)
def _distance_spread(
    key: tuple[Any, ...],
    results: bytes,
    filters: Filters,
    _opened: Searcher,
    _rows: NDArray[np.int64],
    _query: Query,
) -> spread.Spread | None:
    candidates = _opened.candidates(_query, filters)
    return spread.measure(_opened.items, key[-1], _rows, candidates)


@dataclass(frozen=True, slots=True)
class StripFacts:
    """Facts about a raster; lengths in pixels, ``crs`` and ``nodata`` in words.

    ``latitude`` is what latitudes on an ellipsoid are taken as, empty on a sphere; ``notes`` tell
    what is corrected, converted or warped when it is read, ``contradiction`` how it contradicts the
    name of its product.
    """

    width: int
    height: int
    crs: str
    metres_per_pixel: float
    nodata: str
    latitude: str
    notes: tuple[str, ...]
    contradiction: str | None


def strip_facts(path: Path) -> StripFacts:
    """The facts of a map-projected raster.

    Raises:
        MirsError: not a raster of Mars, or unreadable.
    """
    return _strip_facts(cache_key(path), path)


@st.cache_data(max_entries=16, show_spinner=False)
def _strip_facts(mark: str, _path: Path) -> StripFacts:
    from mirs_core.datasets.strips.raster import open_strip

    with open_strip(_path) as strip:
        return StripFacts(
            strip.width,
            strip.height,
            strip.crs.name,
            strip.metres_per_pixel,
            strip.nodata,
            strip.crs.latitude,
            strip.notes,
            contradiction(_path.name, *strip.frame.middle),
        )
