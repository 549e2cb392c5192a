"""Tiles to export: rows, facts about the list and, for results, the comparison of models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirs_core.exchange.exports.export_info import (
    ChosenTilesInfo,
    CollectionInfo,
    ExportInfo,
    ResultsInfo,
)
from mirs_core.exchange.exports.rows import Row, rows_of_hits, rows_of_tiles
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.search import Searcher


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The results of one model, best first. ``score`` is AP@64 of the query; None if unknown."""

    title: str
    searcher: Searcher
    hits: Sequence[Hit]
    score: float | None = None


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


def export_of_results(
    models: Sequence[ModelResults], info: ResultsInfo, query: str | bytes
) -> TileExport:
    """The results of one or more models for one query.

    Args:
        query: id of the query tile, or the bytes of an image.
    """
    rows = [
        row for model in models for row in rows_of_hits(model.searcher, model.title, model.hits)
    ]
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
