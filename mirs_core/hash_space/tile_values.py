"""Numbers by tile that describe where it lies in the hash space, for colours and tables."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import neighbourhoods
from mirs_core.hash_space.neighbourhoods import Neighbourhoods
from mirs_core.retrieval.retriever import Retriever

Measure = Literal["latitude", "purity", "mean distance", "top-k error rate", "shared code"]
TOP_K = 64
"""The number of nearest archive tiles of the top-k error rate."""


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
        neighbours: returns the neighbourhoods if they are already known; else they are computed.
        errors: likewise, returns the top-k error rates.
    """
    if measure == "latitude":
        return np.array(retriever.items.latitudes, dtype=float)
    if measure == "top-k error rate":
        return errors() if errors else neighbourhoods.top_k_error_rates(retriever, TOP_K)
    near = neighbours() if neighbours else neighbourhoods.look(retriever)
    if measure == "purity":
        return near.purity(retriever.items.labels)
    return near.mean_distances if measure == "mean distance" else near.sharing.astype(np.float64)
