"""``bench query``: from JPEG bytes to ranked ids, in one warm process."""

import statistics
import time
from pathlib import Path
from typing import Any

from mirs_core.search import Searcher

_WARM_UPS = 5


def run(home: Path, run_id: str, repeat: int = 50) -> dict[str, Any]:
    """Milliseconds a query over ``repeat`` tiles after five warm-ups.

    A byte is added after each JPEG's end, so that no tile is recognised as one of the archive:
    every query is decoded, encoded, hashed and ranked like an image never seen before.
    """
    searcher = Searcher.open(home, run_id)
    ids = searcher.items.ids
    encoded, total = [], []
    for turn in range(_WARM_UPS + repeat):
        data = searcher.image_path(ids[turn % len(ids)]).read_bytes() + b"\0"
        started = time.perf_counter()
        query = searcher.query_by_image(data, "bench.jpg")
        middle = time.perf_counter()
        searcher.search(query, 64)
        if turn >= _WARM_UPS:
            encoded.append((middle - started) * 1000)
            total.append((time.perf_counter() - started) * 1000)
    ordered = sorted(total)
    return {
        "bench": "query",
        "run": run_id,
        "queries": repeat,
        "archive_tiles": len(ids),
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "encode_p50_ms": round(statistics.median(encoded), 2),
    }
