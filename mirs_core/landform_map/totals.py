"""The totals of each class of a landform map, in tiles and in square kilometres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.landform_map.estimate import LandformMap
from mirs_core.landform_map.voting import FAR
from mirs_core.mars.landforms import describe
from mirs_core.mars.tile_shapes import Ring, seen_once, square_kilometres


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """One class on the map.

    Attributes:
        tiles: number of tiles estimated to be of this class, not counting unsure ones.
        density: sum of its vote shares over all tiles within reach: the expected number of tiles.
        km2: the expected area in square kilometres over tiles with a known footprint; None if no
            footprint is known. Overlapping ground counts once.
    """

    label: str
    name: str
    group: str
    colour: str
    tiles: int
    density: float
    km2: float | None


def totals(
    estimate: LandformMap, ids: Sequence[str], rings: Mapping[str, Ring] | None = None
) -> tuple[ClassTotal, ...]:
    """The totals of each class, the largest density first.

    Args:
        ids: of the run's tiles, in row order.
        rings: footprints of tiles by id, if known.
    """
    rows = np.flatnonzero(estimate.unlabelled & ~estimate.states.mask([FAR]))
    shares = estimate.votes.shares[rows]
    areas = _areas([rings.get(ids[row]) for row in rows.tolist()]) if rings else None
    class_totals = []
    for column, label in enumerate(estimate.classes):
        landform = describe(label)
        density = float(shares[:, column].sum())
        km2 = None if areas is None else float(shares[:, column] @ areas)
        class_totals.append(
            ClassTotal(
                label=label,
                name=estimate.name_of(label),
                group="No landform" if label in estimate.distractors else landform.group,
                colour=landform.colour,
                tiles=estimate.labels.count(label),
                density=density,
                km2=km2,
            )
        )
    return tuple(sorted(class_totals, key=lambda total: (-total.density, total.label)))


def _areas(rings: Sequence[Ring | None]) -> NDArray[np.float64] | None:
    """Square kilometres (n,) of tiles, 0 where unknown; overlaps are divided evenly."""
    outlines = [ring for ring in rings if ring is not None]
    if not outlines:
        return None
    factor = seen_once(outlines)
    return np.array([0.0 if ring is None else factor * square_kilometres(ring) for ring in rings])
