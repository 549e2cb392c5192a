"""The distances of float features that an archive can rank by."""

from typing import Literal

from mirs_core.errors import RunError

Metric = Literal["euclidean", "cosine"]
METRICS: tuple[Metric, ...] = ("euclidean", "cosine")


def metric(name: str) -> Metric:
    """``name`` as a float metric. Raises RunError for any other word."""
    for known in METRICS:
        if name == known:
            return known
    raise RunError(f"{name!r} is no distance of features; choose one of {', '.join(METRICS)}.")
