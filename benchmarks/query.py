"""``bench query``: from JPEG bytes to ranked ids, in one warm process."""

import statistics
from typing import Any

from mirs_core.retrieval.latency import query_seconds
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home


def run(home: Home, run_id: str, repeat: int = 50) -> dict[str, Any]:
    """Milliseconds per query over ``repeat`` tiles (``mirs_core.retrieval.latency``)."""
    searcher = Searcher.open(home, run_id)
    encoded, total = (query_seconds(searcher, repeat) * 1000).T.tolist()
    ordered = sorted(total)
    return {
        "bench": "query",
        "run": run_id,
        "queries": repeat,
        "archive_tiles": len(searcher.items),
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "encode_p50_ms": round(statistics.median(encoded), 2),
    }
