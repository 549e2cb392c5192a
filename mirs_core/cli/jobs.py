"""``jobs``: the queue of background jobs."""

import argparse
from collections.abc import Callable
from typing import Any

from mirs_core import jobs
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb, verbs_of
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All jobs, newest first."""
    listed = jobs.list_jobs(Home.current())
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
        for job in listed
    ]
    rows = [[job.id, job.title, job.lane, job.state, _stage(job)] for job in listed]
    text = table(["job", "title", "lane", "state", ""], rows)
    return (
        answer,
        text
        if listed
        else "There are no jobs. The app starts them, for example on its page Train.",
    )


def _stage(job: jobs.Job) -> str:
    if job.state in {"failed", "stopped"}:
        return job.error or ""
    return f"{job.stage} {job.done}/{job.total}" if job.state == "running" and job.total else ""


def _act(
    action: Callable[[Home, str], None], message: str
) -> Callable[[argparse.Namespace, Console], Answer]:
    def command(args: argparse.Namespace, console: Console) -> Answer:
        home = Home.current()
        action(home, args.id)
        job = jobs.read(home, args.id)
        return {"job": job.id, "state": job.state}, f"{job.id} {message}."

    return command


stop = _act(jobs.stop, "is stopping; what it has finished is kept")
resume = _act(jobs.resume, "is queued again and continues from what it has finished")
start_over = _act(jobs.start_over, "is queued again and starts from the beginning")
run_first = _act(jobs.run_first, "is next in the queue")


def log(args: argparse.Namespace, console: Console) -> Answer:
    """The last lines of a job's log."""
    home = Home.current()
    job = jobs.read(home, args.id)
    tail = jobs.log_tail(home, job.id, args.lines)
    return {"job": job.id, "log": tail.splitlines()}, tail or "It has written nothing so far."


def tend(args: argparse.Namespace, console: Console) -> Answer:
    """Starts workers for queued jobs."""
    home = Home.current()
    lanes = sorted({job.lane for job in jobs.list_jobs(home) if job.state == "queued"})
    for lane in lanes:
        jobs.tend(home, lane)
    return {
        "lanes": lanes
    }, f"Workers run for: {', '.join(lanes) or 'no lane, since no job is queued'}."


_OF_A_JOB = (
    ("stop", stop, "stop a job; a training keeps its best epoch"),
    ("resume", resume, "continue a job that failed or was stopped"),
    ("start-over", start_over, "run a failed or stopped job again from the first epoch"),
    ("first", run_first, "move a queued job to the front"),
    ("log", log, "the last lines of a job's log"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The group ``jobs``."""
    verbs = verbs_of(parser)
    verb(verbs, "list", list_all, "all jobs, newest first")
    verb(verbs, "tend", tend, "start workers for queued jobs, after a restart")
    for name, command, help in _OF_A_JOB:
        verb(verbs, name, command, help).add_argument("id", metavar="ID")
    verbs.choices["log"].add_argument("--lines", type=int, default=40, metavar="N")
