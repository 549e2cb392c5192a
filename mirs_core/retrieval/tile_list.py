"""Lists of an archive's tiles to browse: by class, split, strip, latitude and part of the id."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from mirs_core.datasets.items import Items

MOST_SORTED = 1 << 17
"""Longer lists are in the order of the archive, not in that of ids: sorting takes seconds."""
_DEFAULT_CLASS = "/cra/"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tiles to list; an empty tuple, None and an empty text leave out none.

    Attributes:
        labels: of these classes; None among them stands for tiles without one.
        latitudes: in degrees north, both included.
        text: part of the id, in upper or lower case.
    """

    labels: tuple[str | None, ...] | None = None
    roles: tuple[str, ...] = ()
    strips: tuple[str, ...] = ()
    latitudes: tuple[float, float] | None = None
    text: str = ""


def rows(items: Items, choice: Choice) -> NDArray[np.int64] | range:
    """Rows (n,) of the tiles of a choice: sorted by id, or ascending if ``is_sorted`` denies it."""
    masks = []
    if choice.labels is not None:
        masks.append(items.labels.mask(choice.labels))
    if choice.roles:
        masks.append(items.roles.mask(choice.roles))
    if choice.strips:
        masks.append(items.strips.mask(choice.strips))
    if choice.latitudes is not None:
        masks.append(items.latitudes.between(*choice.latitudes))
    if choice.text:
        masks.append(items.ids.containing(choice.text))
    if masks:
        chosen: NDArray[np.int64] | range = np.flatnonzero(np.logical_and.reduce(masks))
    else:
        chosen = range(len(items))
    if not is_sorted(len(chosen)):
        return chosen
    chosen = np.asarray(chosen, dtype=np.int64)
    return chosen[items.ids.take(chosen).order()]


def is_sorted(count: int) -> bool:
    """Whether a list of so many tiles is sorted by id."""
    return count <= MOST_SORTED


def first_query(items: Items) -> str:
    """A tile to start with: a test tile if there are any, a crater if there is one.

    Of large archives, the first ``MOST_SORTED`` such tiles are looked at.
    """
    tests = items.rows(["test"])
    candidates = tests if len(tests) else np.arange(len(items), dtype=np.int64)
    names: Any = items.ids.take(candidates[:MOST_SORTED]).block(0)
    craters = names.filter(pc.match_substring(names, _DEFAULT_CLASS))
    return str(pc.min(craters if len(craters) else names).as_py())
