"""The only caches of the app: searchers and figures by run, thumbnails, queries by image."""

import base64
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core import (
    code_bits,
    code_clusters,
    diagnostics,
    fetching,
    landform_map,
    mapping,
    overlaps,
    runs,
    spread,
    standings,
)
from mirs_core import density as densities
from mirs_core import estimate as estimates
from mirs_core.config import RunConfig
from mirs_core.data.images import Pixels, read_image, thumbnail
from mirs_core.data.large_images import LargeImage
from mirs_core.data.strip_list import STRIPS_FILE, Strip, read_strips
from mirs_core.data.walk import find_images
from mirs_core.errors import MirsError
from mirs_core.exports.landform_picture import picture as picture_of
from mirs_core.files import sha256
from mirs_core.footprints import Ring, footprints, strip_outlines
from mirs_core.items import Items
from mirs_core.known_data import KnownDataSet, known_data_sets
from mirs_core.neighbourhoods import Neighbourhoods, look
from mirs_core.neighbourhoods import errors_of_top as errors_of_nearest
from mirs_core.search import Query, Searcher

THUMBNAIL, LARGE, FULL = 176, 480, 1200
# A grey square: what stands where a tile's file is gone.
_GONE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'%3E"
    "%3Crect width='10' height='10' fill='%23808080' fill-opacity='.35'/%3E%3C/svg%3E"
)


@dataclass(frozen=True, slots=True)
class Landforms:
    """An estimate of landforms, how far to trust it, and what it holds of each class."""

    found: landform_map.LandformMap
    trust: landform_map.Trust | None
    totals: tuple[landform_map.ClassTotal, ...]


def searcher(run_id: str) -> Searcher:
    """The searcher of a run, loaded once; a run that was written anew is loaded anew.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = runs.home_folder()
    return _searcher(str(home), run_id, _changed(home, run_id))


def _changed(home: Path, run_id: str) -> int:
    status = runs.folder(home, run_id).path / "status.json"
    return status.stat().st_mtime_ns if status.exists() else 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _searcher(home: str, run_id: str, changed: int) -> Searcher:
    found = Searcher.open(Path(home), run_id)
    # Modules and archives stay; a collection that looks through all of them takes 0.3 s each time.
    gc.collect()
    gc.freeze()
    return found


def standing(run_ids: list[str]) -> list[standings.Standing]:
    """The figures of the runs that measured something, the first as the reference.

    Raises:
        MirsError: a run is gone or damaged.
    """
    home = runs.home_folder()
    return _standing(str(home), tuple(run_ids), tuple(_changed(home, run) for run in run_ids))


@st.cache_data(max_entries=32, show_spinner=False)
def _standing(
    home: str, run_ids: tuple[str, ...], changed: tuple[int, ...]
) -> list[standings.Standing]:
    return standings.standings(Path(home), run_ids)


def diagnosis(run_id: str) -> diagnostics.Diagnostics:
    """The diagnostics of a run, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = runs.home_folder()
    return _diagnosis(str(home), run_id, _changed(home, run_id), searcher(run_id))


@st.cache_data(max_entries=24, show_spinner=False)
def _diagnosis(
    home: str, run_id: str, changed: int, _searcher: Searcher
) -> diagnostics.Diagnostics:
    return diagnostics.diagnose(_searcher.retriever)


def neighbourhoods(run_id: str) -> Neighbourhoods:
    """The nearest tiles of all tiles of a run, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = runs.home_folder()
    return _neighbourhoods(str(home), run_id, _changed(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _neighbourhoods(home: str, run_id: str, changed: int, _searcher: Searcher) -> Neighbourhoods:
    return look(_searcher.retriever)


def landforms(run_id: str, labelled: str, k: int, min_margin: float) -> Landforms:
    """The landforms of a run's unlabelled tiles by estimate; asked for once.

    Raises:
        MirsError: a run is gone or damaged, or the two do not have the same model.
    """
    home = runs.home_folder()
    changed = (_changed(home, run_id), _changed(home, labelled))
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
    found = landform_map.for_run(_searcher, _labelled, k, min_margin)
    return Landforms(
        found,
        landform_map.trust(_labelled, k, min_margin),
        landform_map.totals(found, _searcher.items.ids, _rings),
    )


def rings(run_id: str) -> dict[str, Ring]:
    """The ground of a run's tiles by their ids, where it is known; read once.

    Raises:
        MirsError: the run is gone, or the list of its strips is damaged.
    """
    home = runs.home_folder()
    return _rings(str(home), run_id, _changed(home, run_id), searcher(run_id).root)


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


def same_ground(run_id: str) -> list[overlaps.Overlap]:
    """Pairs of tiles of a run that show the same ground, looked for once.

    Raises:
        MirsError: the run is gone or damaged, or a tile's file is.
    """
    home = runs.home_folder()
    found = searcher(run_id)
    return _same_ground(str(home), run_id, _changed(home, run_id), found, neighbourhoods(run_id))


@st.cache_data(max_entries=8, show_spinner="Comparing pictures")
def _same_ground(
    home: str, run_id: str, changed: int, _searcher: Searcher, _near: Neighbourhoods
) -> list[overlaps.Overlap]:
    ids = _searcher.items.ids
    return overlaps.find(_near, lambda row: read_image(_searcher.image_path(ids[row])))


def clustering(run_id: str, count: int) -> code_clusters.Clustering:
    """The clusters of a run's codes, computed once.

    Raises:
        MirsError: the run is gone or damaged, or there cannot be so many.
    """
    home = runs.home_folder()
    return _clustering(str(home), run_id, _changed(home, run_id), count, searcher(run_id))


@st.cache_resource(max_entries=16, show_spinner="Finding clusters")
def _clustering(
    home: str, run_id: str, changed: int, count: int, _searcher: Searcher
) -> code_clusters.Clustering:
    return code_clusters.cluster(_searcher.retriever, count)


def groups_across_classes(run_id: str) -> NDArray[np.int64]:
    """The group across classes of each tile, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has too few classes or tiles.
    """
    home = runs.home_folder()
    return _across(str(home), run_id, _changed(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner="Finding groups")
def _across(home: str, run_id: str, changed: int, _searcher: Searcher) -> NDArray[np.int64]:
    return code_clusters.groups_across_classes(_searcher.retriever)


def errors_of_top(run_id: str, k: int = 64) -> NDArray[np.float64]:
    """The share of other classes among the nearest ``k`` of each tile, computed once.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home = runs.home_folder()
    return _errors_of_top(str(home), run_id, _changed(home, run_id), k, searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _errors_of_top(
    home: str, run_id: str, changed: int, k: int, _searcher: Searcher
) -> NDArray[np.float64]:
    return errors_of_nearest(_searcher.retriever, k)


def bits(run_id: str) -> code_bits.BitReport:
    """What the bits of a run's codes say, computed once.

    Raises:
        MirsError: the run is gone or damaged, or has no bits.
    """
    home = runs.home_folder()
    return _bits(str(home), run_id, _changed(home, run_id), searcher(run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _bits(home: str, run_id: str, changed: int, _searcher: Searcher) -> code_bits.BitReport:
    return code_bits.report(_searcher.retriever)


def space_map(run_id: str) -> mapping.SpaceMap | None:
    """The map of a run, read once; None where there is none yet.

    Raises:
        MirsError: the run is gone.
    """
    home = runs.home_folder()
    about = runs.folder(home, run_id).path / "map.json"
    if not about.is_file():
        return None
    return _space_map(str(home), run_id, about.stat().st_mtime_ns)


@st.cache_resource(max_entries=8, show_spinner=False)
def _space_map(home: str, run_id: str, changed: int) -> mapping.SpaceMap | None:
    return mapping.read(Path(home), run_id)


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


def density(found: Searcher, label: str) -> NDArray[np.float64]:
    """Where the tiles of a class lie close together, see ``mirs_core.density``."""
    run = found.summary.id
    return _density(run, _changed(found.home, run), label, found.items)


@st.cache_data(max_entries=48, show_spinner=False)
def _density(run_id: str, changed: int, label: str, _items: Items) -> NDArray[np.float64]:
    latitudes, longitudes = spread.places(_items)
    of_class = np.array([one == label for one in _items.labels], dtype=bool)
    return densities.on_sphere(latitudes[of_class], longitudes[of_class])


def spread_of(
    found: Searcher,
    place: tuple[float, float],
    rows: NDArray[np.int64],
    candidates: NDArray[np.int64],
) -> spread.Spread | None:
    """How far results lie from a place, beside chance, measured once."""
    run = found.summary.id
    asked = sha256(rows.tobytes() + b"|" + candidates.tobytes())
    return _spread_of(run, _changed(found.home, run), place, asked, found.items, rows, candidates)


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


def agreement(run_id: str, baseline: str) -> list[float]:
    """Kendall's tau of each query with the order that a baseline's features give in its class.

    Raises:
        MirsError: a run is gone or damaged.
    """
    home = runs.home_folder()
    changed = (_changed(home, run_id), _changed(home, baseline))
    found = (searcher(run_id), searcher(baseline))
    return _agreement(str(home), run_id, baseline, changed, found)


@st.cache_data(max_entries=24, show_spinner=False)
def _agreement(
    home: str,
    run_id: str,
    baseline: str,
    changed: tuple[int, int],
    _found: tuple[Searcher, Searcher],
) -> list[float]:
    own, other = (one.retriever for one in _found)
    taus = diagnostics.rank_agreement(own, diagnostics.features_for(own.items, other))
    return [tau for tau in taus.values() if tau is not None]


@st.cache_data(ttl=5, max_entries=32, show_spinner=False)
def estimate(config: RunConfig) -> estimates.Estimate:
    """What a training takes; a few seconds old at most.

    Raises:
        MirsError: it can't be trained.
    """
    return estimates.estimate(runs.home_folder(), config)


def image_query(run_id: str, data: bytes, name: str) -> Query:
    """The query that an own image is for a run, encoded once.

    Raises:
        ImageError: the file is not a usable image.
    """
    found = searcher(run_id)
    return _image_query(run_id, found.summary.created, sha256(data), name, data, found)


@st.cache_data(max_entries=64, show_spinner=False)
def _image_query(
    run_id: str, created: str, digest: str, name: str, _data: bytes, _searcher: Searcher
) -> Query:
    return _searcher.query_by_image(_data, name)


def thumbnails(found: Searcher, tile_ids: list[str]) -> dict[str, str]:
    """A small data URI of each tile; a grey square where the file is gone or unreadable."""
    contents = {tile: found.items.contents[found.items.row(tile)] for tile in set(tile_ids)}
    return {tile: picture(found, tile, content, THUMBNAIL) for tile, content in contents.items()}


def picture(found: Searcher, tile_id: str, content: str, side: int) -> str:
    """A tile as data URI, at most ``side`` pixels; a grey square where it cannot be read."""
    try:
        return _picture(content, side, str(found.image_path(tile_id)))
    except MirsError:
        return _GONE


# Asked for hundreds of times a run: Streamlit's own cache takes ten times as long for a hit.
@lru_cache(maxsize=8000)
def _picture(content: str, side: int, path: str) -> str:
    return data_uri(read_image(Path(path)), side)


def size(found: Searcher, tile_id: str) -> tuple[int, int]:
    """Height and width of a tile in pixels. Raises MirsError where it cannot be read."""
    content = found.items.contents[found.items.row(tile_id)]
    return _size(content, found.image_path(tile_id))


@st.cache_data(max_entries=2000, show_spinner=False)
def _size(content: str, _path: Path) -> tuple[int, int]:
    height, width = read_image(_path).shape[:2]
    return height, width


def data_uri(image: Pixels, side: int) -> str:
    """An image as data URI, at most ``side`` pixels."""
    return "data:image/jpeg;base64," + base64.b64encode(thumbnail(image, side)).decode()


@st.cache_data(max_entries=16, show_spinner=False)
def own_image(data: bytes, name: str) -> tuple[str, int, int]:
    """An own image, decoded once: its data URI, its height and its width in pixels.

    Raises:
        ImageError: the file is not a usable image.
    """
    image = read_image(data, name)
    height, width = image.shape[:2]
    return data_uri(image, LARGE), height, width


def mark_of(source: bytes | Path) -> str:
    """What tells an image from another one: its content, or the state of its file."""
    if isinstance(source, bytes):
        return sha256(source)
    about = source.stat()
    return f"{source.resolve()} {about.st_mtime_ns} {about.st_size}"


def large_image(source: bytes | Path, name: str) -> LargeImage:
    """An image to cut squares out of.

    Raises:
        ImageError: it cannot be read.
    """
    return _large_image(mark_of(source), name, source)


@st.cache_resource(max_entries=2, show_spinner="Reading the image")
def _large_image(mark: str, name: str, _source: bytes | Path) -> LargeImage:
    return LargeImage.open(_source, name)


def known_sets(home: Path) -> list[KnownDataSet]:
    """The data sets on this computer; their counts are a few seconds old at most."""
    places = (home / "data", home / "runs", home / "data-sets.json")
    return _known_sets(home, tuple(p.stat().st_mtime_ns if p.exists() else 0 for p in places))


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _known_sets(home: Path, changed: tuple[int, ...]) -> list[KnownDataSet]:
    return known_data_sets(home)


def samples(root: Path, paths: Sequence[str], count: int) -> list[str]:
    """Small pictures of ``count`` tiles, evenly spread, less those that cannot be read."""
    count = min(count, len(paths))
    found = []
    for path in [paths[place * len(paths) // count] for place in range(count)]:
        try:
            about = (root / path).stat()
            found.append(_newest(str(root / path), about.st_mtime_ns, root / path))
        except (MirsError, OSError):
            continue
    return found


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def samples_of(root: Path, count: int) -> list[str]:
    """The same of all tiles of a data set; empty where its folder is gone."""
    return samples(root, find_images(root).paths, count) if root.is_dir() else []


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
    from mirs_core.strips.raster import open_strip

    with open_strip(_path) as strip:
        return StripFacts(
            strip.width, strip.height, strip.crs.name, strip.metres_per_pixel, strip.nodata
        )


def offered(source: fetching.Source) -> fetching.RemoteFile:
    """What a published data set's record offers; asked again after ten minutes.

    Raises:
        DataError: the record cannot be had or used.
    """
    return _offered(source.record, source)


# Somebody waits in front of a dialog: one try, no pause.
@st.cache_data(ttl=600, max_entries=8, show_spinner=False)
def _offered(record: str, _source: fetching.Source) -> fetching.RemoteFile:
    return fetching.offered(_source, pause=lambda seconds: None)


def newest_pictures(folder: Path, count: int) -> list[str]:
    """The images last written anywhere below a folder, small, the newest last."""
    found = [(path.stat().st_mtime_ns, path) for path in folder.rglob("*.jpg")]
    pictures = []
    for changed, path in sorted(found)[-count:]:
        try:
            pictures.append(_newest(str(path), changed, path))
        except MirsError:  # it is being written just now
            continue
    return pictures


@st.cache_data(max_entries=64, show_spinner=False)
def _newest(name: str, changed: int, _path: Path) -> str:
    return data_uri(read_image(_path), THUMBNAIL)


def attention_of(found: Searcher, query: Query, tile_id: str) -> str:
    """What in a tile speaks for a query, as a picture.

    Raises:
        MirsError: the tile is gone, or the encoder has nothing to show.
    """
    content = found.items.contents[found.items.row(tile_id)]
    asked = sha256(query.code.tobytes())
    return _attention(found.summary.id, asked, content, found, query, found.image_path(tile_id))


def attention_of_image(found: Searcher, query: Query, data: bytes) -> str:
    """The same of an own image."""
    asked = sha256(query.code.tobytes())
    return _attention(found.summary.id, asked, sha256(data), found, query, data)


@st.cache_data(max_entries=200, show_spinner=False)
def _attention(
    run_id: str, asked: str, content: str, _found: Searcher, _query: Query, _source: Path | bytes
) -> str:
    from mirs_core import attention

    image = read_image(_source, "image")
    heat = attention.attention(_found, image, _query)
    return data_uri(attention.overlay(image, heat), LARGE)
