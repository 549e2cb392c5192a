"""Tiles to export: rows, facts about the list and, for results, the comparison of models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mirs_core.exchange.exports.export_info import (
    ChosenTilesInfo,
    CollectionInfo,
    ExportInfo,
    ResultsInfo,
)
from mirs_core.exchange.exports.rows import Row, rows_of_hits, rows_of_tiles
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.ranked_by import RankedBy, ranked_by
from mirs_core.retrieval.search import Searcher


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The results of one model, best first.

    Attributes:
        score: AP@64 of the query; None if unknown.
        query: as the model compares it; None if it has no further examples.
    """

    title: str
    searcher: Searcher
    hits: Sequence[Hit]
    score: float | None = None
    query: Query | None = None

    @property
    def ranked_by(self) -> RankedBy:
        """What the values of the hits are."""
        return ranked_by(self.searcher.unit, self.query, self.searcher.summary.bits)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A query with the results of each model.

    Attributes:
        info: query name, k, filters and data set.
        query: id of the query tile in the archive of the first model, or the bytes of an image.
    """

    models: tuple[ModelResults, ...]
    info: ResultsInfo
    query: str | bytes


@dataclass(frozen=True, slots=True)
class TileExport:
    """The content of an export.

    Attributes:
        searcher: whose archive holds the tiles.
        rows: one per tile and model, in order.
        info: facts about the list as a whole.
        comparison: None if the tiles are not search results.
    """

    searcher: Searcher
    rows: tuple[Row, ...]
    info: ExportInfo
    comparison: Comparison | None = None

    def columns(self) -> list[dict[str, Any]]:
        """What each row of a table says about the list, parallel to ``rows``."""
        return [self.info.columns(row.run) for row in self.rows]


def export_of_results(
    models: Sequence[ModelResults], info: ResultsInfo, query: str | bytes
) -> TileExport:
    """The results of one or more models for one query.

    Args:
        query: id of the query tile, or the bytes of an image.
    """
    rows = [
        row
        for model in models
        for row in rows_of_hits(model.searcher, model.title, model.hits, model.query)
    ]
    orders = {model.searcher.summary.id: model.ranked_by.order for model in models}
    info = replace(info, ranked_by=orders)
    comparison = Comparison(tuple(models), info, query)
    return TileExport(models[0].searcher, tuple(rows), info, comparison)


def export_of_tiles(
    searcher: Searcher,
    tiles: Sequence[str],
    info: ChosenTilesInfo | CollectionInfo,
    notes: Mapping[str, str] | None = None,
) -> TileExport:
    """A list of tiles, with the note on each.

    Raises:
        DataError: a tile is not in the archive.
    """
    return TileExport(searcher, tuple(rows_of_tiles(searcher, tiles, notes)), info)
