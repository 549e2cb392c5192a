"""Jobs that are killed: two in the queue, the worker of the first dies at a random moment."""

import random
import time

from mirs_core import jobs
from mirs_core.bench.kills import checks
from mirs_core.bench.kills.ground import Ground, kill, until
from mirs_core.bench.kills.tally import Tally
from mirs_core.progress import Progress, silent

# Of five rounds one kills the standby too, one finds no worker ready, one encodes its tiles anew.
_EVERY = 5


def kill_jobs(
    ground: Ground, count: int, moments: random.Random, progress: Progress = silent
) -> Tally:
    """Kills the worker of a job ``count`` times, at moments spread evenly over a job's life.

    The life goes from submission over encoding, training and archiving to the evaluation. Where no
    worker holds the job yet, all that are starting are killed: then, and where the standby dies
    too, somebody has to look at the queue (``jobs.tend``). Else it has to go on by itself.
    """
    progress("Measuring a run", 0, 2)
    ground.measure()
    tally, helped, early = Tally("kill -9 of a job"), 0, 0
    for done in range(count):
        progress("Killing jobs", done, count)
        everybody, late, cold = (done % _EVERY == i for i in (0, 2, 4))
        if cold:
            ground.forget_features()
        if not late:
            ground.warm_up()
        first, then = ground.submit(), ground.submit()
        time.sleep(moments.uniform(0, ground.life["cold" if cold or late else "warm"]))
        held = _kill_holder(ground, first, then, everybody)
        early += not held
        tally.tried += 1
        _went_on(ground, tally, first, then, tend=everybody or not held)
        helped += everybody or not held
        ground.finish(tally, [first, then])
    tally.note = (
        f"{count // _EVERY} times with nothing cached; {early} times nobody held the job yet;"
        f" {helped} times no worker was left, and jobs.tend was called"
    )
    return tally


def _kill_holder(ground: Ground, first: str, then: str, everybody: bool) -> bool:
    """Kills who works on the first job, or on the second one where the first is over."""
    pid = ground.holder(first) or ground.holder(then)
    if pid is not None:
        kill(pid)
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
