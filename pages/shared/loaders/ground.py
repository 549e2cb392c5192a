"""Where tiles lie: strips, outlines, densities, distances, and estimates of landforms."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core import landform_map
from mirs_core.datasets.items import Items
from mirs_core.datasets.strips.strip_list import STRIPS_FILE, Strip, read_strips
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.strip_picture import picture as picture_of
from mirs_core.files import sha256
from mirs_core.landform_map import density as densities
from mirs_core.landform_map import spread
from mirs_core.landform_map.footprints import Ring, footprints, strip_outlines
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.shared.loaders.pictures import mark_of
from pages.shared.loaders.runs import changed_at, searcher


@dataclass(frozen=True, slots=True)
class Landforms:
    """An estimate of landforms, how far to trust it, and what it holds of each class."""

    found: landform_map.LandformMap
    trust: landform_map.VoteAccuracy | None
    totals: tuple[landform_map.ClassTotal, ...]


def landforms(run_id: str, labelled: str, k: int, min_margin: float) -> Landforms:
    """The landforms of a run's unlabelled tiles by estimate; asked for once.

    Raises:
        MirsError: a run is gone or damaged, or the two do not have the same model.
    """
    home = Home.current()
    changed = (changed_at(home, run_id), changed_at(home, labelled))
    asked = (str(home), run_id, labelled, *changed, k, min_margin)
    return _landforms(asked, searcher(run_id), searcher(labelled), rings(run_id))


@st.cache_resource(max_entries=16, show_spinner="Asking the labelled tiles")
def _landforms(
    asked: tuple[str, str, str, int, int, int, float],
    _searcher: Searcher,
    _labelled: Searcher,
    _rings: dict[str, Ring],
) -> Landforms:
    *_, k, min_margin = asked
    found = landform_map.estimate_opened(_searcher, _labelled, k, min_margin)
    return Landforms(
        found,
        landform_map.measure_accuracy(_labelled, k, min_margin),
        landform_map.totals(found, _searcher.items.ids, _rings),
    )


def rings(run_id: str) -> dict[str, Ring]:
    """The ground of a run's tiles by their ids, where it is known; read once.

    Raises:
        MirsError: the run is gone, or the list of its strips is damaged.
    """
    home = Home.current()
    return _rings(str(home), run_id, changed_at(home, run_id), searcher(run_id).root)


@st.cache_data(max_entries=8, show_spinner=False)
def _rings(home: str, run_id: str, changed: int, _root: Path) -> dict[str, Ring]:
    return footprints(_root)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def strips(root: Path) -> tuple[Strip, ...]:
    """The strips that tiles of a data set were cut from; a few seconds old at most.

    Raises:
        DataError: their list is damaged.
    """
    return read_strips(root)


def landform_picture(found: Searcher, estimate: landform_map.LandformMap, strip: Strip) -> bytes:
    """A strip in the colours of its estimate as PNG, drawn once."""
    asked = (estimate.run, estimate.labelled, estimate.k, estimate.min_margin, strip.name)
    return _landform_picture(asked, found.summary.created, found, estimate, strip)


@st.cache_data(max_entries=16, show_spinner="Drawing the strip")
def _landform_picture(
    asked: tuple[str, str, int, float, str],
    created: str,
    _searcher: Searcher,
    _found: landform_map.LandformMap,
    _strip: Strip,
) -> bytes:
    return picture_of(_searcher, _found, _strip)


def outlines(found: Searcher) -> dict[str, Ring]:
    """The outlines of the strips of a data set; empty where none are known or can be read."""
    about = found.root / STRIPS_FILE
    if not about.is_file():
        return {}
    return _outlines(str(found.root), about.stat().st_mtime_ns)


@st.cache_data(max_entries=8, show_spinner=False)
def _outlines(root: str, changed: int) -> dict[str, Ring]:
    try:
        return strip_outlines(Path(root))
    except MirsError:
        return {}


def density(found: Searcher, label: str, filters: Filters) -> NDArray[np.float64]:
    """Where the tiles of a class that pass lie close together, see ``landform_map.density``."""
    run = found.summary.id
    return _density(run, changed_at(found.home, run), label, filters, found.items)


@st.cache_data(max_entries=48, show_spinner=False)
def _density(
    run_id: str, changed: int, label: str, filters: Filters, _items: Items
) -> NDArray[np.float64]:
    latitudes, longitudes = spread.places(_items)
    rows = [row for row in filters.rows(_items) if _items.labels[row] == label]
    return densities.on_sphere(latitudes[rows], longitudes[rows])


def spread_of(
    found: Searcher,
    place: tuple[float, float],
    rows: NDArray[np.int64],
    candidates: NDArray[np.int64],
) -> spread.Spread | None:
    """How far results lie from a place, beside chance, measured once."""
    run = found.summary.id
    asked = sha256(rows.tobytes() + b"|" + candidates.tobytes())
    return _spread_of(run, changed_at(found.home, run), place, asked, found.items, rows, candidates)


@st.cache_data(max_entries=200, show_spinner=False)
def _spread_of(
    run_id: str,
    changed: int,
    place: tuple[float, float],
    asked: str,
    _items: Items,
    _rows: NDArray[np.int64],
    _candidates: NDArray[np.int64],
) -> spread.Spread | None:
    return spread.measure(_items, place, _rows, _candidates)


@dataclass(frozen=True, slots=True)
class StripFacts:
    """What a raster says of itself; lengths in pixels, ``crs`` and ``nodata`` in words."""

    width: int
    height: int
    crs: str
    metres_per_pixel: float
    nodata: str


def strip_facts(path: Path) -> StripFacts:
    """The facts of a map-projected raster.

    Raises:
        MirsError: no raster of Mars, or not readable.
    """
    return _strip_facts(mark_of(path), path)


@st.cache_data(max_entries=16, show_spinner=False)
def _strip_facts(mark: str, _path: Path) -> StripFacts:
    from mirs_core.datasets.strips.raster import open_strip

    with open_strip(_path) as strip:
        return StripFacts(
            strip.width, strip.height, strip.crs.name, strip.metres_per_pixel, strip.nodata
        )
