"""Query latency in a warm process, as ``bench query`` and reports measure it."""

import time

import numpy as np
from numpy.typing import NDArray

from mirs_core.retrieval.search import Searcher

_WARM_UPS = 5


def query_seconds(searcher: Searcher, queries: int) -> NDArray[np.float64]:
    """Seconds (queries, 2) from file bytes to the hash code, and to 64 ranked tiles.

    A byte is appended to each image so that no tile is recognised as an archived one: every query
    is decoded, encoded, hashed and ranked like an unknown image. Five further queries run first to
    warm up, and are not counted.
    """
    ids, seconds = searcher.items.ids, []
    for turn in range(_WARM_UPS + queries):
        data = searcher.files.image_file(ids[turn % len(ids)])[0] + b"\0"
        started = time.perf_counter()
        query = searcher.query_by_image(data, "bench.jpg")
        hashed = time.perf_counter()
        searcher.search(query, 64)
        seconds.append((hashed - started, time.perf_counter() - started))
    return np.array(seconds[_WARM_UPS:])
