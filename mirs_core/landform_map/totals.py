"""What a landform map holds of each class, in tiles and in square kilometres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.landform_map.asking import FAR
from mirs_core.landform_map.estimating import LandformMap
from mirs_core.mars.landforms import describe
from mirs_core.mars.tile_shapes import Ring, seen_once, square_kilometres


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """A class on the map.

    Attributes:
        tiles: that are surely of it.
        density: sum of its shares over all tiles within reach: tiles expected of it.
        km2: the same in square kilometres over those whose ground is known; None without any.
            Ground that several tiles show counts once.
    """

    label: str
    name: str
    group: str
    colour: str
    tiles: int
    density: float
    km2: float | None


def totals(
    found: LandformMap, ids: Sequence[str], rings: Mapping[str, Ring] | None = None
) -> tuple[ClassTotal, ...]:
    """What the map holds of each class, the largest density first.

    Args:
        ids: of the run's tiles, in row order.
        rings: the ground of tiles by id, as far as it is known.
    """
    rows = np.array([row for row in found.rows if found.states[row] != FAR], dtype=np.int64)
    shares = found.votes.shares[rows]
    areas = _areas([(rings or {}).get(ids[row]) for row in rows])
    listed = []
    for column, label in enumerate(found.classes):
        form = describe(label)
        density = float(shares[:, column].sum())
        km2 = None if areas is None else float(shares[:, column] @ areas)
        listed.append(
            ClassTotal(
                label=label,
                name=found.name_of(label),
                group="No landform" if label in found.distractors else form.group,
                colour=form.colour,
                tiles=found.labels.count(label),
                density=density,
                km2=km2,
            )
        )
    return tuple(sorted(listed, key=lambda one: (-one.density, one.label)))


def _areas(rings: Sequence[Ring | None]) -> NDArray[np.float64] | None:
    """Square kilometres (n,) of tiles, 0 where unknown; what overlaps is shared out evenly."""
    known = [ring for ring in rings if ring is not None]
    if not known:
        return None
    once = seen_once(known)
    return np.array([0.0 if ring is None else once * square_kilometres(ring) for ring in rings])
