"""What an export says of one tile."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mirs_core.datasets.manifest import INVENTED
from mirs_core.mars import observations
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Hit, Searcher


@dataclass(frozen=True, slots=True)
class Row:
    """A tile in an export.

    Attributes:
        lon: planetocentric, east-positive, degrees in [0, 360); None where unknown.
        lat: planetocentric, degrees north; None where unknown.
        place: what the two are the place of: the tile, its strip's centre, or invented for
            synthetic tiles.
        model, run, rank, distance, unit: how it was found; empty or None in a collection.
        landform: the class in words; ``label`` is its folder's name.
        source: address of the source product; empty where unknown, and for synthetic tiles.
        licence: of this tile; the data set's where nothing else is said of it.
        credit: whom to name for this tile; empty where only the data set is to be cited.
    """

    lon: float | None
    lat: float | None
    place: str
    id: str
    model: str
    run: str
    rank: int | None
    distance: float | None
    unit: str
    label: str
    landform: str
    group: str
    role: str
    strip: str
    instrument: str
    source: str
    synthetic: bool
    data_set: str
    licence: str
    credit: str
    sha256: str
    note: str

    def to_json(self) -> dict[str, Any]:
        """The columns in their order."""
        return asdict(self)


def of_hits(searcher: Searcher, title: str, hits: Sequence[Hit]) -> list[Row]:
    """The rows of a list of results; ``title`` is what its model is called."""
    run, unit = searcher.summary.id, searcher.unit
    return [
        _row(
            searcher, hit.id, model=title, run=run, rank=hit.rank, distance=hit.distance, unit=unit
        )
        for hit in hits
    ]


def of_tiles(
    searcher: Searcher, tiles: Sequence[str], notes: Mapping[str, str] | None = None
) -> list[Row]:
    """The rows of tiles that somebody chose, with what was noted of them.

    Raises:
        DataError: a tile is not in the archive.
    """
    notes = notes or {}
    return [_row(searcher, tile, note=notes.get(tile, "")) for tile in tiles]


def _row(searcher: Searcher, tile: str, **values: Any) -> Row:
    items, card = searcher.items, searcher.card
    row = items.row(tile)
    label, latitude, longitude = items.labels[row], items.latitudes[row], items.longitudes[row]
    known, told = observations.parse(tile), searcher.told(tile)
    product = known.url or "" if known and not card.synthetic else ""
    landform = describe(label) if label else None
    place = INVENTED if latitude is not None and card.synthetic else items.places[row]
    found = {"model": "", "run": "", "rank": None, "distance": None, "unit": "", "note": ""}
    return Row(
        lon=None if longitude is None else longitude % 360,
        lat=latitude,
        place=place,
        id=tile,
        label=label or "",
        landform=landform.name if landform else "",
        group=landform.group if landform else "",
        role=items.roles[row],
        strip=items.strips[row] or "",
        instrument=_camera(searcher, known),
        source=told.source or product,
        synthetic=card.synthetic,
        data_set=card.title,
        licence=told.licence or card.licence,
        credit=told.credit or "",
        sha256=items.contents[row],
        **{**found, **values},
    )


def _camera(searcher: Searcher, known: observations.Observation | None) -> str:
    """The card knows the camera of all its tiles; without it, a tile's own name may."""
    told = searcher.card.instrument
    return known.instrument if told == "unknown" and known else told
