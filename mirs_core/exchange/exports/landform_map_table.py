"""A landform map as a table: each unlabelled tile with the estimate of its landform class.

Every file and every feature says that it is an estimate. Tiles with a known outline are polygons,
others points (centre of the tile or of its strip); without coordinates they have no geometry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirs_core.datasets.manifest import OWN_PLACE
from mirs_core.exchange.exports.export_info import SOFTWARE
from mirs_core.exchange.exports.rows import Row, rows_of_tiles
from mirs_core.landform_map import (
    CAUTION,
    SURE,
    LandformMap,
    VoteAccuracy,
    accuracy_in_words,
    name_of,
)
from mirs_core.mars.landforms import describe
from mirs_core.mars.tile_shapes import Ring, polygon, square_kilometres
from mirs_core.retrieval.search import Searcher

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LAYER = "landform_estimate"
METHOD = "votes of the k nearest labelled tiles"
_TILE_COLUMNS = (
    "lon", "lat", "place", "id", "strip", "instrument", "source", "synthetic", "data_set",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LandformMapTable:
    """The features of a landform map.

    Attributes:
        rows: their columns, in row order of the run.
        rings: the outline of each on the ground; None if it is unknown.
        info: what files say about the map as a whole.
    """

    rows: tuple[dict[str, Any], ...]
    rings: tuple[Ring | None, ...]
    info: dict[str, Any]

    def shapes(self) -> "list[BaseGeometry | None]":
        """The geometry of each feature: polygon, point, or None."""
        return [_shape(row, ring) for row, ring in zip(self.rows, self.rings, strict=True)]


def landform_map_table(
    searcher: Searcher,
    estimate: LandformMap,
    trust: VoteAccuracy | None,
    rings: Mapping[str, Ring] | None = None,
) -> LandformMapTable:
    """The unlabelled tiles of ``searcher`` with their ``estimate``, in row order.

    Args:
        trust: how accurate the estimate is on test tiles; None if there are none.
        rings: outlines of tiles by id, if known.
    """
    ring_by_id, ids = rings or {}, searcher.items.ids
    tiles = rows_of_tiles(searcher, [ids[row] for row in estimate.rows])
    outlines = tuple(ring_by_id.get(tile.id) for tile in tiles)
    features = [
        _feature(estimate, row, tile, ring)
        for row, tile, ring in zip(estimate.rows, tiles, outlines, strict=True)
    ]
    return LandformMapTable(tuple(features), outlines, _info(searcher, estimate, trust))


def _feature(estimate: LandformMap, row: int, tile: Row, ring: Ring | None) -> dict[str, Any]:
    votes, label = estimate.votes, estimate.labels[row]
    first, second = (
        estimate.classes[int(column)] if column >= 0 else ""
        for column in (votes.winner[row], votes.runner_up[row])
    )
    values = tile.to_json()
    landform = describe(label) if label else None
    group = landform.group if landform else ""
    columns = {name: values[name] for name in _TILE_COLUMNS}
    if ring is not None and tile.place != OWN_PLACE:
        inside = polygon(ring).representative_point()
        columns |= {"lon": round(inside.x, 6), "lat": round(inside.y, 6), "place": OWN_PLACE}
    return {
        **columns,
        "estimate": True,
        "state": estimate.states[row],
        "sure": estimate.states[row] == SURE,
        "class": label or "",
        "class_name": estimate.name_of(label) if label else "",
        "group": "No landform" if label in estimate.distractors else group,
        "share": round(float(votes.share[row]), 4),
        "margin": round(float(votes.margin[row]), 4),
        "first": first,
        "runner_up": second,
        "nearest": round(float(estimate.nearest[row]), 4),
        "unit": estimate.unit,
        "km2": None if ring is None else round(square_kilometres(ring), 6),
        "k": estimate.k,
        "min_margin": estimate.min_margin,
        "reach": estimate.reach,
        "model": estimate.model,
        "run": estimate.run,
        "labelled_run": estimate.labelled,
        "labelled_set": estimate.labelled_set,
        "software": SOFTWARE,
        "licence": tile.licence,
        "credit": tile.credit,
        "sha256": tile.sha256,
    }


def _info(searcher: Searcher, estimate: LandformMap, trust: VoteAccuracy | None) -> dict[str, Any]:
    card = searcher.card
    return {
        "estimate": True,
        "estimate_note": CAUTION,
        "method": METHOD,
        "k": estimate.k,
        "min_margin": estimate.min_margin,
        "reach": estimate.reach,
        "unit": estimate.unit,
        "voters": estimate.voters,
        "trust": accuracy_in_words(trust),
        "classes": {label: name_of(label, estimate.distractors) for label in estimate.classes},
        "model": estimate.model,
        "run": estimate.run,
        "labelled_run": estimate.labelled,
        "labelled_set": estimate.labelled_set,
        "data_set": card.title,
        "licence": card.licence,
        "citation": card.citation,
        "synthetic": card.synthetic,
        "software": SOFTWARE,
    }


def _shape(row: Mapping[str, Any], ring: Ring | None) -> "BaseGeometry | None":
    from shapely import Point

    if ring is not None:
        return polygon(ring)
    has_coordinates = row["lon"] is not None and row["lat"] is not None
    return Point(row["lon"], row["lat"]) if has_coordinates else None
