"""What one searches with, whatever its kind: one value that every page of the app shares."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher


class QuerySource(ABC):
    """A query before any model has encoded it. Kinds are frozen dataclasses, so they compare.

    Attributes:
        name: its name in captions, exports and figures.
    """

    name: str

    @property
    def tile_id(self) -> str | None:
        """The id of an archived tile; None for all other kinds."""
        return None

    @property
    def image(self) -> bytes | None:
        """The bytes of an image file; None for an archived tile, which has a file of its own."""
        return None

    @property
    def caution(self) -> str:
        """A caption below its picture; empty if nothing has to be said."""
        return ""

    @property
    def mark(self) -> str:
        """A mark on its picture; empty for images of Mars."""
        return ""

    @property
    def metres(self) -> float | None:
        """The length on the ground of each side of its picture; None if that is unknown."""
        return None

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is known about it, names and values as HTML, for the query panel."""
        return []

    @abstractmethod
    def query(self, searcher: Searcher) -> Query:
        """The query as one run compares it.

        Raises:
            MirsError: the archive lacks the tile, or the image cannot be encoded.
        """

    @abstractmethod
    def to_link(self) -> tuple[str, str]:
        """The parameter of a link that brings it back: the name of its kind, and a text."""


@dataclass(frozen=True, slots=True)
class QueryKind:
    """A kind of query: one file of ``pages/shared/query_kinds``.

    Attributes:
        name: of the parameter in links; unique.
        order: its place where a link has several: the first one counts.
        from_link: the query of the parameter's text, which may be any; None if it has none.
        missing: what the page says then, with a place for the text.
    """

    name: str
    order: int
    from_link: Callable[[str], QuerySource | None]
    missing: str = ""
