"""Jobs that are killed: two in the queue, the worker of the first dies at a random moment."""

import random
import time

from benchmarks.kills import checks
from benchmarks.kills.ground import Ground, kill, until
from benchmarks.kills.tally import Tally
from mirs_core import jobs
from mirs_core.progress import Progress, silent

# Of five rounds one encodes its tiles anew, one starts without a worker, and the other three find a
# worker that waits; in one of these the standby dies too.
_ROUNDS = ("warm", "warm", "late", "warm", "cold")


def kill_jobs(
    ground: Ground, count: int, moments: random.Random, progress: Progress = silent
) -> Tally:
    """Kills the worker of a job ``count`` times, at moments spread evenly over a job's life.

    The life goes from submission over encoding, training and archiving to the evaluation. Where no
    worker holds the job yet, all that are starting are killed: then, and where the standby dies
    too, somebody has to look at the queue (``jobs.tend``). Else it has to go on by itself. A job
    that is faster than its moment is over; its round does not count and is tried anew.
    """
    progress("Measuring a run", 0, 1)
    ground.measure()
    tally, held, helped, over = Tally("kill -9 of a job"), 0, 0, 0
    while tally.tried < count:
        progress("Killing jobs", tally.tried, count)
        start, everybody = _ROUNDS[tally.tried % len(_ROUNDS)], not tally.tried % len(_ROUNDS)
        first, then = _two_at_a_moment(ground, start, moments)
        if jobs.read(ground.home, first).active:
            hit = _kill_holder(ground, first, everybody)
            # The standby takes over; where there is none left, somebody has to look.
            tend = everybody or not hit
            tally.tried, held, helped = tally.tried + 1, held + hit, helped + tend
            _went_on(ground, tally, first, then, tend=tend)
        else:
            over += 1
        ground.finish(tally, [first, then])
    tally.note = (
        f"{held} kills hit the worker that held the job, {tally.tried - held} came before one did;"
        f" {helped} times no worker was left and jobs.tend was called;"
        f" {over} more jobs were over before their moment and do not count"
    )
    return tally


def _two_at_a_moment(ground: Ground, start: str, moments: random.Random) -> tuple[str, str]:
    """Queues two trainings and returns at a random moment of the first one's life."""
    runs = ground.prepare(), ground.prepare()
    ground.set_up(start)
    moment = time.monotonic() + moments.uniform(0, ground.life[start])
    first, then = (ground.queue(run) for run in runs)
    time.sleep(max(0.0, moment - time.monotonic()))
    return first, then


def _kill_holder(ground: Ground, first: str, everybody: bool) -> bool:
    """Kills who works on the job, or all that are starting where nobody does; whether one did."""
    pid = ground.holder(first)
    doomed = {pid} if pid is not None else set()
    if pid is None or everybody:
        doomed |= checks.worker_processes(ground.home)
    for other in doomed:
        kill(other)
    # A signal is on its way for a moment.
    until(lambda: not doomed & checks.worker_processes(ground.home))
    return pid is not None


def _went_on(ground: Ground, tally: Tally, first: str, then: str, *, tend: bool) -> None:
    """Waits until the next job is taken, which waits at the moment of the kill."""
    killed = time.monotonic()
    waited = jobs.read(ground.home, then).state == "queued"
    ground.check_dead(tally)
    tally.count("corrupt_files", checks.corrupt_files(ground.home))
    if not waited:
        return

    def goes_on() -> bool:
        if tend:
            # As the app does every second where somebody looks at the queue: the lock of a
            # process that is killed may be held for another moment.
            jobs.tend(ground.home)
        # Where nobody held the first job yet, it is the next one.
        return (
            jobs.read(ground.home, then).state != "queued"
            or jobs.read(ground.home, first).state == "running"
        )

    if until(goes_on):
        tally.seconds.append(time.monotonic() - killed)
    else:
        tally.count("queue_stuck", [then])
        jobs.tend(ground.home)
