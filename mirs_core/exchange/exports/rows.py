"""The rows of an export: one per tile, with all that is known about it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mirs_core.datasets.card import UNKNOWN
from mirs_core.datasets.manifest import INVENTED
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.mars import observations
from mirs_core.mars.landforms import describe
from mirs_core.retrieval import archive_check
from mirs_core.retrieval.explanation import distance_to
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.ranked_by import DISTANCES
from mirs_core.retrieval.search import Searcher


@dataclass(frozen=True, slots=True)
class Row:
    """A tile in an export.

    Attributes:
        lon: planetocentric, east-positive, degrees in [0, 360); None if unknown.
        lat: planetocentric, degrees north; None if unknown.
        place: what the coordinates refer to: the tile, the centre of its strip, or "invented" for
            synthetic tiles.
        model, run, rank: of a search result; empty or None in a collection, like the next four.
        distance, unit: from the query, also where results are ranked by a score.
        score: for a query with several examples, see ``ranking.refine``; None for any other.
        ranked_by: the name of what gives the rank: "Hamming distance", "Euclidean distance", ... or
            "score".
        landform: name of the landform class; ``label`` is the name of its folder.
        source: URL of the source product; empty if unknown, and for synthetic tiles.
        licence: of this tile, or else of the data set.
        credit: whom to credit for this tile; empty where citing the data set is enough.
        sha256: of the file that was archived; of a virtual tile, of its pixels.
        state: of the file now: "current", "changed" since it was archived, "missing", "unreadable".
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
    score: float | None
    ranked_by: str
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
    state: str

    @property
    def has_coordinates(self) -> bool:
        """Whether latitude and longitude are both known."""
        return self.lon is not None and self.lat is not None

    def to_json(self) -> dict[str, Any]:
        """The columns in their order."""
        return asdict(self)


def rows_of_hits(
    searcher: Searcher, title: str, hits: Sequence[Hit], query: Query | None = None
) -> list[Row]:
    """The rows of a list of results.

    Args:
        title: of the model.
        query: what was searched for; None if it had no further examples.
    """
    name = DISTANCES.get(searcher.unit, f"{searcher.unit} distance")
    shared = {"model": title, "run": searcher.summary.id, "unit": searcher.unit, "ranked_by": name}
    states = archive_check.states(searcher, [hit.id for hit in hits])
    refined = query if query is not None and query.refined else None
    rows = []
    for hit in hits:
        values: dict[str, Any] = {**shared, "distance": hit.distance}
        if refined is not None:
            away = distance_to(searcher, refined, searcher.items.row(hit.id))
            values |= {"distance": away, "score": hit.distance, "ranked_by": "score"}
        rows.append(_row(searcher, hit.id, states, rank=hit.rank, **values))
    return rows


def rows_of_tiles(
    searcher: Searcher, tiles: Sequence[str], notes: Mapping[str, str] | None = None
) -> list[Row]:
    """The rows of a list of tiles, with the notes on them by id.

    Raises:
        DataError: a tile is not in the archive.
    """
    notes, states = notes or {}, archive_check.states(searcher, tiles)
    return [_row(searcher, tile, states, note=notes.get(tile, "")) for tile in tiles]


def _row(searcher: Searcher, tile: str, states: Mapping[str, str], **values: Any) -> Row:
    items, card = searcher.items, searcher.card
    row = items.row(tile)
    label, latitude, longitude = items.labels[row], items.latitudes[row], items.longitudes[row]
    observation, record = observations.parse(tile), searcher.metadata(tile)
    landform = describe(label) if label else None
    place = INVENTED if latitude is not None and card.synthetic else items.places[row]
    texts = dict.fromkeys(("model", "run", "unit", "ranked_by", "note"), "")
    defaults = {**texts, **dict.fromkeys(("rank", "distance", "score"))}
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
        instrument=_instrument(searcher, observation),
        source=source_of(searcher, tile, record),
        synthetic=card.synthetic,
        data_set=card.title,
        licence=record.licence or card.licence,
        credit=record.credit or "",
        sha256=items.contents[row],
        state=str(states[tile]),
        **{**defaults, **values},
    )


def source_of(searcher: Searcher, tile: str, record: TileRecord) -> str:
    """URL of a tile's source product; empty if it is unknown, and for synthetic tiles.

    Args:
        record: of the tile (``searcher.metadata``).
    """
    if record.source:
        return record.source
    observation = None if searcher.card.synthetic else observations.parse(tile)
    return observation.url or "" if observation else ""


def _instrument(searcher: Searcher, observation: observations.Observation | None) -> str:
    """The instrument of the data set; where that is unknown, the one that the tile's name tells."""
    instrument = searcher.card.instrument
    return observation.instrument if instrument == UNKNOWN and observation else instrument
