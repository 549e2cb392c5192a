"""How long work tells how far it is: one callable, handed down to whoever loops."""

from collections.abc import Callable

from mirs_core.errors import StoppedError

Progress = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``: the stage in words, items done, items in all."""


ShouldStop = Callable[[], bool]
"""Asked now and then by work that can be stopped: whether it is to end."""


def never() -> bool:
    """The answer where nobody can ask for a stop."""
    return False


def stoppable(progress: Progress, should_stop: ShouldStop) -> Progress:
    """``progress`` for stages that keep what they have done: it raises where a stop is asked for.

    Raises:
        StoppedError: from the returned callable.
    """

    def reported(stage: str, done: int, total: int) -> None:
        if should_stop():
            raise StoppedError("Stopped as asked; what was finished is kept.")
        progress(stage, done, total)

    return reported


def silent(stage: str, done: int, total: int) -> None:
    """The progress that nobody watches."""
