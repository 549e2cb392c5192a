"""Numbers by tile that describe where it lies in the hash space, for colours and tables."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import groups, neighbourhoods, samples
from mirs_core.hash_space.neighbourhoods import Neighbourhoods
from mirs_core.retrieval.retriever import Retriever

Measure = Literal["latitude", "purity", "mean distance", "top-k error rate", "shared code"]
TOP_K = 64
"""The number of nearest archive tiles of the top-k error rate."""


_COMPARISONS = 4_000_000_000


def sampled(measure: Measure, count: int) -> int:
    """Of how many of a run's ``count`` tiles a measure is known; the others have NaN.

    Every tile has a latitude and the number of tiles with its code. Neighbours are those within a
    sample; top-k error rates are of fewer tiles, each ranked against the whole archive.
    """
    if measure in ("latitude", "shared code") or count <= samples.LIMIT:
        return count
    if measure == "top-k error rate":
        return max(1, min(samples.SIZE, _COMPARISONS // count))
    return samples.SIZE


def values(
    measure: Measure,
    retriever: Retriever,
    neighbours: Callable[[], Neighbourhoods] | None = None,
    errors: Callable[[], NDArray[np.float64]] | None = None,
) -> NDArray[np.float64]:
    """One number (N,) per tile of a run, in row order; NaN where it is not defined.

    Args:
        measure: "latitude" in degrees north; "purity", the share of the nearest neighbours in the
            tile's own class; "mean distance" to the nearest neighbours, in the unit of the run;
            "top-k error rate", the share of other classes among the ``TOP_K`` nearest archive
            tiles; "shared code", the number of tiles with the same code, itself included.
        neighbours: returns the neighbourhoods of the run's sample (``samples.sample``) if they are
            already known; else they are computed.
        errors: likewise, returns the top-k error rates of ``error_rates``.
    """
    if measure == "latitude":
        return np.asarray(retriever.items.latitudes, dtype=np.float64)
    if measure == "shared code":
        numbers, sizes = groups.of_codes(retriever)
        return sizes[numbers].astype(np.float64)
    if measure == "top-k error rate":
        return errors() if errors else error_rates(retriever)
    count = len(retriever.items)
    rows = samples.rows_of(count)
    if neighbours is None:
        near = neighbourhoods.look(samples.sample(retriever).retriever)
    else:
        near = neighbours()
    if measure == "purity":
        labels = retriever.items.labels.take(rows)
        return samples.spread(near.purity(labels), rows, count)
    return samples.spread(near.mean_distances, rows, count)


def error_rates(retriever: Retriever, k: int = TOP_K) -> NDArray[np.float64]:
    """(N,) the top-k error rates of as many tiles as ``sampled`` says."""
    count = len(retriever.items)
    rows = samples.rows_of(count, sampled("top-k error rate", count))
    return neighbourhoods.top_k_error_rates(retriever, k, rows)
