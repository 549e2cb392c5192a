"""The result of a search: a sequence of hits that also is a table and, in Jupyter, pictures."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, overload

from mirs_core.datasets.images import read_image, thumbnail
from mirs_core.errors import MirsError
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.ranked_by import RankedBy, ranked_by
from mirs_core.retrieval.tile_files import TileFiles, TileState

if TYPE_CHECKING:
    import pandas as pd

_THUMBNAIL = 112
_MOST_THUMBNAILS = 64
_CARD = "display:inline-block;width:124px;margin:4px;vertical-align:top;font-size:12px"
_MISSING = "width:112px;height:112px;background:#8884;display:flex;align-items:center;justify-content:center"  # noqa: E501


@dataclass(frozen=True, slots=True)
class Hits(Sequence[Hit]):
    """The hits of one search, nearest first.

    Attributes:
        query: what was searched for.
        unit: of the distances: "bits", or the name of a baseline's distance.
        hits: the hits; the object itself is the same sequence, and a slice of it is ``Hits`` again.
        files: of the archive, to mark tiles that have changed since; None leaves them unmarked.
    """

    query: Query
    unit: str
    hits: tuple[Hit, ...]
    files: TileFiles | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.hits)

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> "Hits": ...
    def __getitem__(self, place: int | slice) -> "Hit | Hits":
        if isinstance(place, slice):
            return Hits(self.query, self.unit, self.hits[place], self.files)
        return self.hits[place]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    @property
    def ranked_by(self) -> RankedBy:
        """What ``distance`` of each hit is: a distance, or the score of several examples."""
        return ranked_by(self.unit, self.query)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the tiles, nearest first."""
        return tuple(hit.id for hit in self.hits)

    def to_frame(self) -> "pd.DataFrame":
        """One row per hit, indexed by rank: id, path, label, role, strip, distance, relevant.

        The column ``ranked_by`` names the values in ``distance``: "Hamming distance", "score", ...
        """
        import pandas as pd

        columns = list(Hit.__dataclass_fields__)
        frame = pd.DataFrame([asdict(hit) for hit in self.hits], columns=columns)
        return frame.assign(ranked_by=self.ranked_by.name).set_index("rank")

    def __repr__(self) -> str:
        values = "scores" if self.ranked_by.is_score else f"distances in {self.unit}"
        return f"<Hits: {len(self)} for {self.query.name!r}, {values}>"

    def _repr_html_(self) -> str:
        """The tiles as small embedded pictures, each with rank, class and distance."""
        cards = "".join(self._card(hit) for hit in self.hits[:_MOST_THUMBNAILS])
        hidden = len(self) - _MOST_THUMBNAILS
        more = f"<p>and {hidden:,} more</p>" if hidden > 0 else ""
        title = f"{len(self):,} hits for {escape(self.query.name)}"
        return f"<div><p>{title}</p>{cards}{more}</div>"

    def _card(self, hit: Hit) -> str:
        value = self.ranked_by.caption(hit.distance)
        if not (self.ranked_by.bits or self.ranked_by.is_score):
            value = f"{hit.distance:.3f} {escape(self.unit)}"
        label = escape(hit.label or "unlabelled")
        words = f"<b>{hit.rank}</b> {label}<br>{value}"
        if self.files is not None and self.files.state(hit.id) == TileState.CHANGED:
            words += "<br><b>changed since it was archived</b>"
        picture = self._image(hit)
        return f'<div style="{_CARD}" title="{escape(hit.id)}">{picture}<div>{words}</div></div>'

    def _image(self, hit: Hit) -> str:
        try:
            path = Path(hit.path)
            pixels = read_image(path) if self.files is None else self.files.pixels(hit.id)
            data = base64.b64encode(thumbnail(pixels, _THUMBNAIL)).decode("ascii")
        except MirsError:
            return f'<div style="{_MISSING}">no image</div>'
        return f'<img alt="{escape(hit.id)}" src="data:image/jpeg;base64,{data}">'
