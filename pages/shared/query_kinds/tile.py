"""An archived tile as the query."""

from dataclasses import dataclass

from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.shared.query_source import QueryKind, QuerySource


@dataclass(frozen=True)
class Tile(QuerySource):
    """An archived tile. Its id may be that of another data set: pages check it first."""

    name: str

    @property
    def tile_id(self) -> str:
        """The id of the tile."""
        return self.name

    def query(self, searcher: Searcher) -> Query:
        """The query by the stored code. Raises DataError for a tile that the archive lacks."""
        return searcher.query_by_id(self.name)

    def to_link(self) -> tuple[str, str]:
        """``tile=`` and the id."""
        return SPEC.name, self.name


SPEC = QueryKind(name="tile", order=90, from_link=Tile)
