"""How long queries take in one warm process, as ``bench query`` and reports measure it."""

import time

import numpy as np
from numpy.typing import NDArray

from mirs_core.retrieval.search import Searcher

_WARM_UPS = 5


def query_seconds(searcher: Searcher, queries: int) -> NDArray[np.float64]:
    """Seconds (queries, 2) of each query until its code is made, and until 64 tiles are ranked.

    A byte is added after each image's end, so that no tile is recognised as one of the archive:
    every query is decoded, encoded, hashed and ranked like an image never seen before. Five more
    before them warm up and are not counted.
    """
    ids, taken = searcher.items.ids, []
    for turn in range(_WARM_UPS + queries):
        data = searcher.image_path(ids[turn % len(ids)]).read_bytes() + b"\0"
        started = time.perf_counter()
        query = searcher.query_by_image(data, "bench.jpg")
        middle = time.perf_counter()
        searcher.search(query, 64)
        taken.append((middle - started, time.perf_counter() - started))
    return np.array(taken[_WARM_UPS:])
