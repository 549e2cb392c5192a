"""Kills of jobs: with two in the queue, the worker of the first dies at a random moment."""

import random
import time

from benchmarks.kills import checks
from benchmarks.kills.sandbox import Sandbox, kill, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.progress import Progress, silent

# Of five rounds, one encodes its tiles again, one starts without a worker, and three have a
# standby; in one of these the standby is killed too.
_ROUNDS = ("warm", "warm", "late", "warm", "cold")


def kill_jobs(
    sandbox: Sandbox, count: int, moments: random.Random, progress: Progress = silent
) -> Tally:
    """Kills the worker of a job ``count`` times, at moments spread evenly over a job's life.

    A job's life is submission, encoding, training, archiving and evaluation. If no worker holds the
    job yet, all that are starting are killed. In that case, and if the standby is killed too, the
    queue has to be tended (``jobs.tend``); otherwise it must continue by itself. A round whose job
    ends before its moment does not count and is repeated.
    """
    progress("Measuring a run", 0, 1)
    sandbox.measure()
    tally, held, helped, over = Tally("kill -9 of a job"), 0, 0, 0
    while tally.tried < count:
        progress("Killing jobs", tally.tried, count)
        start, everybody = _ROUNDS[tally.tried % len(_ROUNDS)], not tally.tried % len(_ROUNDS)
        first, then = _two_at_a_moment(sandbox, start, moments)
        if jobs.read(sandbox.home, first).active:
            hit = _kill_holder(sandbox, first, everybody)
            # The standby takes over; if none is left, the queue has to be tended.
            tend = everybody or not hit
            tally.tried, held, helped = tally.tried + 1, held + hit, helped + tend
            _went_on(sandbox, tally, first, then, tend=tend)
        else:
            over += 1
        sandbox.finish(tally, [first, then])
    tally.note = (
        f"{held} kills hit the worker that held the job, {tally.tried - held} came before one did;"
        f" {helped} times no worker was left and jobs.tend was called;"
        f" {over} more jobs ended before their moment and do not count"
    )
    return tally


def _two_at_a_moment(sandbox: Sandbox, start: str, moments: random.Random) -> tuple[str, str]:
    """Queues two trainings and returns at a random moment of the first one's life."""
    runs = sandbox.prepare(), sandbox.prepare()
    sandbox.set_up(start)
    moment = time.monotonic() + moments.uniform(0, sandbox.life[start])
    first, then = (sandbox.queue(run) for run in runs)
    time.sleep(max(0.0, moment - time.monotonic()))
    return first, then


def _kill_holder(sandbox: Sandbox, first: str, everybody: bool) -> bool:
    """Kills the worker of the job, or all starting workers if it has none; whether it had one."""
    pid = sandbox.holder(first)
    doomed = {pid} if pid is not None else set()
    if pid is None or everybody:
        doomed |= checks.worker_processes(sandbox.home)
    for process in doomed:
        kill(process)
    # A signal takes a moment to arrive.
    until(lambda: not doomed & checks.worker_processes(sandbox.home))
    return pid is not None


def _went_on(sandbox: Sandbox, tally: Tally, first: str, then: str, *, tend: bool) -> None:
    """Waits until a worker takes the next job, if that was waiting at the moment of the kill."""
    killed = time.monotonic()
    waited = jobs.read(sandbox.home, then).state == "queued"
    sandbox.check_dead(tally)
    tally.count("corrupt_files", checks.corrupt_files(sandbox.home))
    if not waited:
        return

    def goes_on() -> bool:
        if tend:
            # As the app does every second while the queue is open: a killed process may
            # hold its lock for another moment.
            jobs.tend(sandbox.home)
        # If no worker held the first job yet, it is the next one.
        return (
            jobs.read(sandbox.home, then).state != "queued"
            or jobs.read(sandbox.home, first).state == "running"
        )

    if until(goes_on):
        tally.seconds.append(time.monotonic() - killed)
    else:
        tally.count("queue_stuck", [then])
        jobs.tend(sandbox.home)
