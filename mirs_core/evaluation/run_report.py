"""The evaluation of a run: its test tiles, or other queries, against its evaluation archive."""

from typing import Any

from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.evaluation.protocol import Report, evaluate
from mirs_core.evaluation.tile_columns import TileColumns
from mirs_core.retrieval.retriever import Retriever


def tile_columns(items: Items) -> TileColumns:
    """The columns of ``items`` that an evaluation needs."""
    return TileColumns(items.ids, items.labels, items.contents, items.strips)


def evaluate_run(
    retriever: Retriever,
    query_codes: NDArray[Any] | None = None,
    queries: TileColumns | None = None,
    *,
    k: int = 64,
    exclude_strip: bool = False,
) -> Report | None:
    """The evaluation of the test tiles, or of ``queries``, against the evaluation archive.

    None without a labelled archive or without labelled queries.
    """
    rows = retriever.in_order(retriever.items.rows(["archive"]))
    columns = tile_columns(retriever.items)
    if queries is None or query_codes is None:
        test = retriever.items.rows(["test"])
        query_codes, queries = retriever.codes[test], columns.take(test)
    archived = columns.take(rows)
    if not any(archived.labels) or not any(queries.labels):
        return None
    return evaluate(
        retriever.archive(rows),
        archived,
        query_codes,
        queries,
        distractors=retriever.distractors,
        k=k,
        exclude_strip=exclude_strip,
    )
