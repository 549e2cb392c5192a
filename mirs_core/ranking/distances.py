"""The distances between features that an archive can rank by."""

from typing import Literal

from mirs_core.errors import RunError

Metric = Literal["euclidean", "cosine"]
METRICS: tuple[Metric, ...] = ("euclidean", "cosine")


def metric(name: str) -> Metric:
    """``name`` as a distance between features. Raises RunError for any other name."""
    for choice in METRICS:
        if name == choice:
            return choice
    raise RunError(
        f"{name!r} is not a distance between features; choose one of {', '.join(METRICS)}."
    )
