"""A description as the query: synthetic tiles that show a landform in numbers."""

from dataclasses import dataclass
from functools import cached_property
from html import escape

from mirs_core.datasets.descriptions import Description, parse
from mirs_core.datasets.descriptions.description import TILE_METRES
from mirs_core.errors import MirsError
from mirs_core.mars.landforms import by_code
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.shared import loaders
from pages.shared.query_source import QueryKind, QuerySource


@dataclass(frozen=True)
class Described(QuerySource):
    """A landform in numbers, and the synthetic tile that shows it."""

    description: Description

    @cached_property
    def name(self) -> str:  # type: ignore[override]
        """The text of the description, marked as synthetic."""
        return f"{self.description} (synthetic)"

    @property
    def image(self) -> bytes:
        """The tile of the description as a PNG file."""
        return loaders.rendered(self.description)

    @property
    def mark(self) -> str:
        """The mark of its picture."""
        return "Synthetic"

    @property
    def metres(self) -> float:
        """The length on the ground of each side of its picture."""
        return TILE_METRES

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The landform class, and the text that brings it back on the command line."""
        text = f'<code class="mirs-text">{escape(str(self.description))}</code>'
        return [
            ("Landform", escape(by_code[self.description.landform].name)),
            ("Description", text),
        ]

    def query(self, searcher: Searcher) -> Query:
        """The code that its renderings agree on. Raises EncoderError."""
        return loaders.described_query(searcher.summary.id, self.description)

    def to_link(self) -> tuple[str, str]:
        """``describe=`` and the text of the description."""
        return SPEC.name, str(self.description)


def from_link(text: str) -> Described | None:
    """The description of a link; None if it is none."""
    try:
        return Described(parse(text))
    except MirsError:
        return None


SPEC = QueryKind(
    name="describe",
    order=20,
    from_link=from_link,
    missing="The description of this link cannot be understood: {}.",
)
