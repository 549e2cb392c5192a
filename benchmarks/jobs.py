"""``bench jobs``: from the click on Start to the first visible sign, with and without a standby.

Also how long a query takes in a process of its own while a job runs.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core import jobs
from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.errors import RunError
from mirs_core.jobs import workers
from mirs_core.jobs.kinds.preview import Preview
from mirs_core.jobs.kinds.train import Train
from mirs_core.pipeline import training
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import latency
from mirs_core.retrieval.search import Searcher
from mirs_core.system.processes import is_locked
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_COLD, _WARM, _SHOWN = "bench-cold", "bench-warm", "bench-preview"
_PATIENCE = 180.0
_QUERIES = 20


def run(home: Home, data: Path, repeat: int = 5, progress: Progress = silent) -> dict[str, Any]:
    """Seconds from the submission of a job to its first signs; the runs are deleted afterwards.

    Missing features are encoded first, so that only the job itself is timed.

    Raises:
        RunError: a job failed.
        MirsError: the data set cannot be trained on.
    """
    config = from_preset("mirs", data=str(data))
    first = training.prepare_and_train(home, config, progress=progress).run
    try:
        cold = _start(home, config, _COLD)
        warm = []
        for done in range(repeat):
            progress("Starting jobs", done, repeat)
            _until_ready(home, _WARM)
            warm.append(_start(home, config, _WARM))
        previews = []
        for _ in range(repeat):
            _until_ready(home, _SHOWN)
            previews.append(_preview(home, data))
        idle, busy = _search(home, config, first)
    finally:
        runs.delete(home, first)
    progress("Starting jobs", repeat, repeat)
    return {
        "bench": "jobs",
        "repeat": repeat,
        "cold": {"running_s": cold[0], "first_epoch_s": cold[1]},
        "warm": {"running_p50_s": _p50(warm, 0), "first_epoch_p50_s": _p50(warm, 1)},
        "preview": {"first_p50_s": _p50(previews, 0), "all_30_epochs_p50_s": _p50(previews, 1)},
        "search": {
            "idle_p50_ms": _ms(idle, 50),
            "idle_p95_ms": _ms(idle, 95),
            "beside_a_job_p50_ms": _ms(busy, 50),
            "beside_a_job_p95_ms": _ms(busy, 95),
        },
    }


def _p50(pairs: list[tuple[float, float]], place: int) -> float:
    return round(float(np.median([pair[place] for pair in pairs])), 2)


def _ms(seconds: Any, share: int) -> float:
    return round(1000 * float(np.percentile(seconds, share)), 1)


def _start(home: Home, config: RunConfig, lane: str) -> tuple[float, float]:
    """Seconds until a training is reported as running, and until its first epoch."""
    run = training.prepare(home, config)
    started = time.monotonic()
    job = jobs.submit(home, Train(run=run.id), "bench", lane=lane)
    running = _until(home, job, lambda: jobs.read(home, job).state != "queued", started)
    epoch = _until(home, job, lambda: bool(run.history()), started)
    jobs.stop(home, job)
    _until(home, job, lambda: not jobs.read(home, job).active, started)
    runs.delete(home, run.id)
    return running, epoch


def _preview(home: Home, data: Path) -> tuple[float, float]:
    """Seconds until a preview shows something, and until its thirty epochs are done."""
    out = home.jobs / "bench-preview.json"
    out.unlink(missing_ok=True)
    started = time.monotonic()
    job = jobs.submit(home, Preview(data=data, out=out), "bench", lane=_SHOWN)
    first = _until(home, job, out.is_file, started)
    whole = _until(home, job, lambda: _epochs(out) == _last(out), started)
    _until(home, job, lambda: not jobs.read(home, job).active, started)
    out.unlink(missing_ok=True)
    return first, whole


def _epochs(out: Path) -> int:
    return len(json.loads(out.read_text(encoding="utf-8"))["lines"])


def _last(out: Path) -> int:
    return int(json.loads(out.read_text(encoding="utf-8"))["epochs"])


def _search(home: Home, config: RunConfig, run_id: str) -> tuple[Any, Any]:
    """Seconds per query on an idle machine, and beside a training."""
    searcher = Searcher.open(home, run_id)
    idle = latency.query_seconds(searcher, _QUERIES)[:, 1]
    run = training.prepare(home, config)
    _until_ready(home, _WARM)
    job = jobs.submit(home, Train(run=run.id), "bench", lane=_WARM)
    _until(home, job, lambda: bool(run.history()), time.monotonic())
    busy = latency.query_seconds(searcher, _QUERIES)[:, 1]
    if jobs.read(home, job).active:
        jobs.stop(home, job)
    _until(home, job, lambda: not jobs.read(home, job).active, time.monotonic())
    runs.delete(home, run.id)
    return idle, busy


def _until_ready(home: Home, lane: str) -> None:
    """Waits for a worker that has imported everything and holds the lane."""
    workers.tend(home, lane)
    started = time.monotonic()
    while not is_locked(workers.lane_lock(home, lane)):
        if time.monotonic() - started > _PATIENCE:
            raise RunError(f"No worker started; see {home.jobs / f'lane-{lane}.log'}.")
        time.sleep(0.05)


def _until(home: Home, job_id: str, condition: Callable[[], bool], started: float) -> float:
    while not condition():
        job = jobs.read(home, job_id)
        if job.state == "failed" or time.monotonic() - started > _PATIENCE:
            raise RunError(f"The benchmark's job failed: {job.error or job.stage}")
        time.sleep(0.01)
    return round(time.monotonic() - started, 2)
