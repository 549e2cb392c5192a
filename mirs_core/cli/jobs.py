"""``jobs``: what waits, what runs, and what is asked of it."""

import argparse
from collections.abc import Callable
from typing import Any

from mirs_core import jobs
from mirs_core.cli.console import Console
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All jobs, newest first."""
    found = jobs.list_jobs(Home.current())
    answer = [
        {
            "job": job.id,
            "title": job.title,
            "lane": job.lane,
            "state": job.state,
            "run": job.run or None,
            "stage": job.stage,
            "done": job.done,
            "total": job.total,
            "seconds": job.seconds,
            "seconds_left": job.left,
            "attempt": job.attempt,
            "error": job.error,
        }
        for job in found
    ]
    rows = [[job.id, job.title, job.lane, job.state, _stage(job)] for job in found]
    text = table(["job", "title", "lane", "state", ""], rows)
    return answer, text if found else "No jobs; the app starts them, see its page Train."


def _stage(job: jobs.Job) -> str:
    if job.state in {"failed", "stopped"}:
        return job.error or ""
    return f"{job.stage} {job.done}/{job.total}" if job.state == "running" and job.total else ""


def _act(
    action: Callable[[Home, str], None], said: str
) -> Callable[[argparse.Namespace, Console], Answer]:
    def command(args: argparse.Namespace, console: Console) -> Answer:
        home = Home.current()
        action(home, args.id)
        job = jobs.read(home, args.id)
        return {"job": job.id, "state": job.state}, f"{job.id} {said}."

    return command


stop = _act(jobs.stop, "is asked to stop; what it has finished is kept")
resume = _act(jobs.resume, "is queued again and goes on from what it has kept")
start_over = _act(jobs.start_over, "is queued again and starts from the beginning")
run_first = _act(jobs.run_first, "is the next one")


def log(args: argparse.Namespace, console: Console) -> Answer:
    """The last lines that a job wrote."""
    home = Home.current()
    job = jobs.read(home, args.id)
    tail = jobs.log_tail(home, job.id, args.lines)
    return {"job": job.id, "log": tail.splitlines()}, tail or "It has said nothing so far."


def tend(args: argparse.Namespace, console: Console) -> Answer:
    """Sees to it that somebody works on what waits."""
    home = Home.current()
    lanes = sorted({job.lane for job in jobs.list_jobs(home) if job.state == "queued"})
    for lane in lanes:
        jobs.tend(home, lane)
    return {"lanes": lanes}, f"Workers are up for: {', '.join(lanes) or 'nothing, none waits'}."
