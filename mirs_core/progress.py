"""Progress of long operations: one callable, passed down to the loops."""

from collections.abc import Callable

from mirs_core.errors import StoppedError

Progress = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``: the stage in words, items done, total items."""


ShouldStop = Callable[[], bool]
"""Called from time to time by work that can be stopped; true means stop."""


def never() -> bool:
    """A ``ShouldStop`` for work that nobody can stop."""
    return False


def stoppable(progress: Progress, should_stop: ShouldStop) -> Progress:
    """``progress`` that raises when a stop is requested, for stages that keep finished parts.

    Raises:
        StoppedError: from the returned callable.
    """

    def reported(stage: str, done: int, total: int) -> None:
        if should_stop():
            raise StoppedError("Stopped as requested; finished parts are kept.")
        progress(stage, done, total)

    return reported


def silent(stage: str, done: int, total: int) -> None:
    """A ``Progress`` that reports nothing."""
