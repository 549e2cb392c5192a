"""How long work tells how far it is: one callable, handed down to whoever loops."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``: the stage in words, items done, items in all."""


def silent(stage: str, done: int, total: int) -> None:
    """The progress that nobody watches."""
