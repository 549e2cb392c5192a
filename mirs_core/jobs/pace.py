"""How far a whole job is, measured by jobs of the same kind that this machine has finished.

A stage tells its own progress only, and says nothing of the stages behind it: four of eight views
encoded is not half of a training. What a finished job of the same kind needed for each of its
stages, scaled to the size of this one, tells the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirs_core.jobs.folder import Job
from mirs_core.jobs.stages import Stage

_SURE_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The progress of a job.

    Attributes:
        share: of the whole job, or of the current stage where no finished job tells; 0 to 1.
        left: seconds left, of the whole job or of the current stage alike; None while unknown.
        is_whole: whether both are of the whole job.
    """

    share: float
    left: float | None
    is_whole: bool


def of(job: Job, others: Iterable[Job]) -> Pace:
    """The progress of a running job.

    Args:
        others: jobs of this machine, newest first; the newest finished one of the same kind that
            went through the present stage is the measure.
    """
    for other in others:
        if other.state == "done" and type(other.spec) is type(job.spec):
            rest = _rest(job.stages, other.stages)
            if rest is not None:
                left = _stage_left(job, rest[0]) + sum(rest[1:])
                return Pace(_share(job.seconds, left), left, True)
    return Pace(min(job.done / job.total, 1.0) if job.total else 0.0, job.left, False)


def _rest(stages: Sequence[Stage], measured: Sequence[Stage]) -> list[float] | None:
    """Seconds of the present stage (the last of ``stages``) and of each one behind it, as the
    measured job says; None where it never was in this stage."""
    if not stages:
        return None
    now = stages[-1]
    places = [place for place, stage in enumerate(measured) if stage.name == now.name]
    if not places:
        return None
    turn = sum(stage.name == now.name for stage in stages)
    place = places[min(turn, len(places)) - 1]
    scale = now.total / measured[place].total if measured[place].total > 1 < now.total else 1.0
    return [stage.seconds * scale for stage in measured[place:]]


def _stage_left(job: Job, expected: float) -> float:
    """Seconds left in the present stage: by its own speed as soon as that can be measured."""
    spent = job.stages[-1].seconds
    if job.done and job.total and spent > _SURE_AFTER:
        return spent / job.done * (job.total - job.done)
    return max(expected - spent, 0.0)


def _share(seconds: float, left: float) -> float:
    return seconds / (seconds + left) if seconds + left > 0 else 0.0
