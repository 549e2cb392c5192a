"""All diagnostics of a run, and how well it preserves the ranking of the float features."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.evaluation.diagnostics.codes import Bits, CodeUse, bit_statistics, code_use
from mirs_core.evaluation.diagnostics.ranks import (
    Confusion,
    Curve,
    Distances,
    confusion,
    distances,
    precision_curve,
    recall_curve,
)
from mirs_core.evaluation.diagnostics.sampling import Parts, Sampling, nearest, width_of
from mirs_core.evaluation.protocol import K, Ranking, rankings
from mirs_core.evaluation.run_report import tile_columns
from mirs_core.hashing.baseline import FloatModel
from mirs_core.ranking.archive import FloatArchive
from mirs_core.ranking.codes import unpack
from mirs_core.retrieval.retriever import Retriever


@dataclass(frozen=True, slots=True, eq=False)
class Diagnostics:
    """The diagnostics of one run; curves, confusion and distances are None without queries.

    ``bits`` and ``use`` are None for float features and for an empty archive; ``sampling`` says how
    much of the run the rest is based on.
    """

    k: int
    unit: str
    precision: Curve | None
    recall: Curve | None
    confusion: Confusion | None
    distances: Distances | None
    bits: Bits | None
    use: CodeUse | None
    sampling: Sampling

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; nan becomes None."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def curve_rows(self) -> list[dict[str, object]]:
        """The precision curves as rows of a table: curve, x, mean, low, high."""
        named = (("precision_at_k", self.precision), ("precision_by_recall", self.recall))
        return [
            {"curve": name, "x": float(x), "mean": float(y), "low": float(low), "high": float(high)}
            for name, curve in named
            if curve is not None
            for x, y, low, high in zip(curve.x, curve.mean, curve.low, curve.high, strict=True)
        ]


def diagnose(retriever: Retriever, k: int = K) -> Diagnostics:
    """The diagnostics of a run's test queries against its evaluation archive.

    Args:
        retriever: of the finished run.
        k: length of the precision curve and of the lists behind the confusion matrix.
    """
    parts, width = Parts.of(retriever), width_of(retriever)
    labels = retriever.items.labels
    measured = _rankings(retriever, parts.tests, parts.tiles)
    top, totals, listed = measured, None, labels.take(parts.tiles)
    if measured and len(parts.tiles) < len(parts.archive):
        top, totals = nearest(retriever, parts, k)
        listed = labels.take(parts.archive)
    use, bits = archive_use(retriever), None
    if width is not None and use is not None:
        bits = bit_statistics(unpack(retriever.codes[parts.bits], width))
    return Diagnostics(
        k=k,
        unit=retriever.model.distance if isinstance(retriever.model, FloatModel) else "bits",
        precision=precision_curve(top, k) if top else None,
        recall=recall_curve(measured) if measured else None,
        confusion=confusion(top, listed, k, totals) if top else None,
        distances=distances(measured, labels.take(parts.tiles), width) if measured else None,
        bits=bits,
        use=use,
        sampling=parts.sampling,
    )


def archive_use(retriever: Retriever) -> CodeUse | None:
    """How archive tiles share codes; None for float features or an empty archive."""
    rows, items = np.sort(Parts.of(retriever).codes), retriever.items
    if isinstance(retriever.model, FloatModel) or not len(rows):
        return None
    return code_use(retriever.codes[rows], items.labels.take(rows), items.ids, rows)


def measured_rankings(retriever: Retriever) -> list[Ranking]:
    """The rankings of the evaluation archive for the test queries that can be measured."""
    items = retriever.items
    return _rankings(retriever, items.rows(["test"]), retriever.in_order(items.rows(["archive"])))


def _rankings(
    retriever: Retriever, test: NDArray[np.int64], archive: NDArray[np.int64]
) -> list[Ranking]:
    columns = tile_columns(retriever.items)
    if not len(archive) or not len(test):
        return []
    results = rankings(
        retriever.archive(archive),
        columns.take(archive),
        retriever.codes[test],
        columns.take(test),
        distractors=retriever.distractors,
    )
    return [ranking for ranking in results if not isinstance(ranking, str)]


def rank_agreement(retriever: Retriever, features: NDArray[np.float32]) -> dict[str, float | None]:
    """How well a model preserves the float features' ranking within a class, by query id.

    Kendall's tau-b between the model's distances and centred cosine distances, over the archive
    tiles of the query's own class; None if all of either are equal.

    Args:
        features: (N, D) of the encoder, parallel to the retriever's items. They are centred on the
            mean of the evaluation archive.
    """
    from scipy.stats import kendalltau

    items = retriever.items
    archive, test = retriever.in_order(items.rows(["archive"])), items.rows(["test"])
    measured = measured_rankings(retriever)
    if not measured:
        return {}
    centred = FloatModel.fit("cosine", features[archive]).encode(features)
    taus: dict[str, float | None] = {}
    for ranking in measured:
        own = ranking.rows[ranking.relevant]
        ours = ranking.distances[ranking.relevant]
        query = test[ranking.query]
        order = FloatArchive(centred[archive[own]], "cosine").search(
            centred[query : query + 1], len(own)
        )
        theirs = np.empty(len(own))
        theirs[order[1][0]] = order[0][0]
        tau = kendalltau(ours, theirs).statistic if len(own) > 1 else np.nan
        taus[items.ids[query]] = None if np.isnan(tau) else float(tau)
    return taus


def features_for(items: Items, baseline: Retriever) -> NDArray[np.float32]:
    """The float features of a baseline run, parallel to the ``items`` of another run.

    Raises:
        DataError: the baseline lacks one of the tiles.
    """
    ids = list(items.ids)
    rows = baseline.items.rows_of(ids)
    for place in np.flatnonzero(rows < 0)[:1]:
        baseline.items.row(ids[place])
    return np.ascontiguousarray(baseline.codes[rows], dtype=np.float32)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    return value
