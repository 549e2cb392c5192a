"""Archives of several sizes, each made, measured in processes of its own, and removed again."""

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.scale import evaluating, making, measuring, rivals
from benchmarks.scale.timing import once
from mirs_core.progress import Progress, silent
from mirs_core.system.tables import markdown
from mirs_core.workspace.home import Home

Measure = Callable[[Path, str], dict[str, Any]]

_COLUMNS = {
    "n": "tiles",
    "disk_gb": "disk GB",
    "open_s": "open",
    "rss_gb": "memory GB",
    "pass_s": "one pass",
    "query_s": "query",
    "query_over_pass": "query / pass",
    "queries_64_s": "64 queries",
    "queries_64_over_one": "64 queries / one",
    "filtered_s": "filter 1 %",
    "ap_s": "AP",
    "evaluate_cpu_s": "evaluation, CPU",
    "evaluate_gb": "its memory GB",
    "append_s": "append 10^4",
    "export_s": "export",
    "numpy_s": "NumPy",
    "faiss_s": "FAISS",
    "usearch_s": "usearch",
    "usearch_recall": "its recall",
}
_OPTIONAL = ("evaluate_cpu_s", "evaluate_gb")
_PLAIN = (
    "disk_gb",
    "rss_gb",
    "evaluate_gb",
    "query_over_pass",
    "queries_64_over_one",
    "usearch_recall",
)


def run(
    home: Home,
    counts: Sequence[int],
    run_id: str | None = None,
    folder: Path | None = None,
    evaluate: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """The figures of an archive of each of ``counts`` tiles (see ``measuring`` and ``rivals``).

    Args:
        home: the home folder with the run whose model and clusters are used.
        run_id: that run (see ``making.make``).
        folder: a home folder with archives that are measured if they exist, and kept if they have
            to be made; by default all are made in a temporary folder inside of ``home``.
        evaluate: also evaluate so many queries against each archive.

    Raises:
        MirsError: an archive cannot be made or opened.
    """
    measures: list[Measure] = [measuring.measure, rivals.measure]
    if evaluate:
        measures.append(partial(evaluating.measure, queries=evaluate))
    if folder is not None:
        rows = [_row(home, n, run_id, folder, measures, progress) for n in counts]
        return {"bench": "scale", "rows": rows}
    rows = []
    for count in counts:
        home.path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="scale-", dir=home.path) as temporary:
            rows.append(_row(home, count, run_id, Path(temporary), measures, progress))
    return {"bench": "scale", "rows": rows}


def _row(
    home: Home,
    count: int,
    run_id: str | None,
    folder: Path,
    measures: Sequence[Measure],
    progress: Progress,
) -> dict[str, Any]:
    row: dict[str, Any] = {"n": count, "make_s": None}
    name = making.name_of(count)
    if not (folder / "runs" / name).is_dir():
        row["make_s"] = once(lambda: making.make(home, run_id, folder, count, progress=progress))
    for place, measure in enumerate(measures):
        progress(f"Measuring {count:,} tiles", place, len(measures))
        row |= _alone(measure, folder, name)
    progress(f"Measuring {count:,} tiles", len(measures), len(measures))
    return {key: round(v, 9) if isinstance(v, float) else v for key, v in row.items()}


def _alone(measure: Measure, folder: Path, name: str) -> dict[str, Any]:
    """What ``measure`` answers in a new process, whose memory is nobody else's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measure, folder.resolve(), name).result()


def text(answer: dict[str, Any]) -> str:
    """The figures as a Markdown table, one column per archive."""
    measured = set().union(*answer["rows"])
    names = [n for n in _COLUMNS if n != "n" and (n in measured or n not in _OPTIONAL)]
    rows = [[_COLUMNS[n], *(_cell(n, row.get(n)) for row in answer["rows"])] for n in names]
    return markdown([_COLUMNS["n"], *(_cell("n", row["n"]) for row in answer["rows"])], rows)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "n":
        return f"{value:,}"
    if name in _PLAIN:
        return f"{value:.3g}"
    return seconds(value)


def seconds(value: float) -> str:
    """A duration to three digits, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} us"
