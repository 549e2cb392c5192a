"""The evaluation of a run: its test queries, or others, against its evaluation archive."""

from typing import Any

from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.evaluation.protocol import Report, TileColumns, evaluate
from mirs_core.retrieval.retriever import Retriever


def tile_columns(items: Items) -> TileColumns:
    """The columns of ``items`` that an evaluation reads."""
    return TileColumns(items.ids, items.labels, items.contents, items.strips)


def evaluate_run(
    retriever: Retriever,
    query_codes: NDArray[Any] | None = None,
    queries: TileColumns | None = None,
    *,
    k: int = 64,
    exclude_strip: bool = False,
) -> Report | None:
    """The report of the test queries, or of ``queries``, against the evaluation archive.

    None where there is nothing to measure: no labelled archive, or no labelled query.
    """
    rows = retriever.items.rows(["archive"])
    facts = tile_columns(retriever.items)
    if queries is None or query_codes is None:
        test = retriever.items.rows(["test"])
        query_codes, queries = retriever.codes[test], facts.take(test)
    archived = facts.take(rows)
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
