"""Facts about an exported list of tiles: query, models, filters, data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mirs_core import __version__
from mirs_core.mars.regions import plain
from mirs_core.retrieval.filters import EVERYTHING, Filters

SOFTWARE = f"MIRS Explorer {__version__}"
# Ids are paths, which never hold two slashes.
_BETWEEN = " // "


def _region(filters: Filters) -> dict[str, Any]:
    """The numbers of the region filter: a box, a circle, or the corners of polygons."""
    return {} if filters.region is None else {"region": plain(filters.region)}


@dataclass(frozen=True, slots=True)
class ResultsInfo:
    """About search results.

    Attributes:
        query: name of the query image or id of the query tile.
        query_sha256: of the query's file.
        models: titles of the models by run id.
        k: how many results were asked for.
        data_set: title of the data set.
        more_like, less_like: ids of further positive and negative examples.
        ranked_by: the order of the results in words, by run id.
    """

    query: str
    query_sha256: str
    models: Mapping[str, str]
    k: int
    data_set: str
    synthetic: bool
    filters: Filters = EVERYTHING
    more_like: tuple[str, ...] = ()
    less_like: tuple[str, ...] = ()
    ranked_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def query_file(self) -> str:
        """The last part of the query's name."""
        return self.query.rsplit("/", 1)[-1]

    def to_json(self) -> dict[str, Any]:
        """The fields as files hold them."""
        return {
            "query": self.query,
            "query_sha256": self.query_sha256,
            "more_like": list(self.more_like),
            "less_like": list(self.less_like),
            "models": dict(self.models),
            "ranked_by": dict(self.ranked_by),
            "k": self.k,
            "filters": self.filters.description(),
            **_region(self.filters),
            "data_set": self.data_set,
            "synthetic": self.synthetic,
            "software": SOFTWARE,
        }

    def columns(self, run: str) -> dict[str, Any]:
        """What every row of a table says about the list: one table holds everything."""
        return {
            "query": self.query,
            "query_sha256": self.query_sha256,
            "more_like": _BETWEEN.join(self.more_like),
            "less_like": _BETWEEN.join(self.less_like),
            "filters": self.filters.description(),
            "k": self.k,
            "order": self.ranked_by.get(run, ""),
            "software": SOFTWARE,
        }


@dataclass(frozen=True, slots=True)
class ChosenTilesInfo:
    """About tiles that were chosen by hand.

    Attributes:
        chosen: where they were selected, in words.
        data_set: title of the data set.
    """

    chosen: str
    data_set: str
    synthetic: bool
    filters: Filters = field(default=EVERYTHING)

    def to_json(self) -> dict[str, Any]:
        """The fields as files hold them."""
        return {
            "chosen": self.chosen,
            "filters": self.filters.description(),
            **_region(self.filters),
            "data_set": self.data_set,
            "synthetic": self.synthetic,
            "software": SOFTWARE,
        }

    def columns(self, run: str) -> dict[str, Any]:
        """What every row of a table says about the list."""
        return {
            "chosen": self.chosen,
            "filters": self.filters.description(),
            "software": SOFTWARE,
        }


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """About a collection: its name, the note on it, and the title of its data set."""

    collection: str
    note: str
    data_set: str
    synthetic: bool

    def to_json(self) -> dict[str, Any]:
        """The fields as files hold them."""
        return {
            "collection": self.collection,
            "note": self.note,
            "data_set": self.data_set,
            "synthetic": self.synthetic,
            "software": SOFTWARE,
        }

    def columns(self, run: str) -> dict[str, Any]:
        """What every row of a table says about the list."""
        return {"collection": self.collection, "collection_note": self.note, "software": SOFTWARE}


ExportInfo = ResultsInfo | ChosenTilesInfo | CollectionInfo
