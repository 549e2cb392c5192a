"""What an evaluation of many queries against a whole archive costs."""

import resource
import sys
import time
from pathlib import Path
from typing import Any

from mirs_core.evaluation.run_report import evaluate_run, tile_columns
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_UNIT = 1e9 if sys.platform == "darwin" else 1e6


def measure(folder: Path, run_id: str, queries: int) -> dict[str, Any]:
    """Seconds, seconds of processor time and the most memory of an evaluation.

    The first test tiles of a run in a home folder are the queries, at most ``queries`` of them.
    """
    loaded = retriever.load(runs.folder(Home(folder), run_id))
    rows = loaded.items.rows(["test"])[:queries]
    started, worked = time.perf_counter(), time.process_time()
    report = evaluate_run(loaded, loaded.codes[rows], tile_columns(loaded.items).take(rows))
    seconds = time.perf_counter() - started
    return {
        "evaluate_queries": len(report.results) if report is not None else 0,
        "evaluate_s": seconds,
        "evaluate_cpu_s": time.process_time() - worked,
        "evaluate_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT,
    }
