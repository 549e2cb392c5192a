"""Polygons in longitude and latitude: unwrapped, closed at the poles, cut at the meridian 0/360."""

import itertools
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mirs_core.errors import DataError
from mirs_core.mars.geography import RADIUS_KM, written_place

if TYPE_CHECKING:
    from shapely import Polygon
    from shapely.geometry.base import BaseGeometry

Ring = tuple[tuple[float, float], ...]
"""Corners (longitude, latitude) in degrees."""

MOST_CORNERS = 100_000
_LOWEST, _HIGHEST = -360.0, 720.0
_TURN = 360.0
_SAME = 1e-9
_SHORT_WAY = (
    "Sides of more than 180° of longitude were taken the short way, across the meridian where"
    " longitudes start again; add a corner in between where the long way is meant."
)


class UnwrappedRing(NamedTuple):
    """A ring whose longitudes have no jump; around a pole, closed along it."""

    corners: list[tuple[float, float]]
    took_short_way: bool


def cut(
    polygons: Sequence[Sequence[Ring]], pole: float | None = None
) -> tuple["BaseGeometry", tuple[str, ...]]:
    """The union of polygons within 0 to 360 degrees, and notes on how they were read.

    Args:
        polygons: each a ring and the rings of its holes; see ``PolygonRegion``.
        pole: latitude of the pole inside of a ring round the planet; None to tell by the ring.

    Raises:
        DataError: they have no area, are out of range, or their sides cross.
    """
    from shapely import union_all

    if not polygons or not all(rings and rings[0] for rings in polygons):
        raise DataError("A polygon needs a ring of at least three corners.")
    count = sum(len(ring) for rings in polygons for ring in rings)
    if count > MOST_CORNERS:
        raise DataError(
            f"The region has {count:,} corners; at most {MOST_CORNERS:,} can be used. Simplify it."
        )
    parts, is_short = [], False
    for rings in polygons:
        outer, *holes = (unwrapped(ring, pole) for ring in rings)
        is_short |= any(ring.took_short_way for ring in (outer, *holes))
        whole = _valid(outer.corners)
        turns = (-_TURN, 0.0, _TURN)
        for hole in holes:
            inner = _valid(hole.corners)
            # A hole may be written a turn away from its ring, or lie across the ring's ends.
            start = math.floor((whole.bounds[0] - inner.bounds[0]) / _TURN) * _TURN
            whole = whole.difference(union_all([_moved(inner, start + turn) for turn in turns]))
        if not whole.is_empty:
            parts.append(_within_a_turn(whole))
    area = union_all(parts)
    if not area.area:
        raise DataError("The region has no area: its holes cover it.")
    return area, ((_SHORT_WAY,) if is_short else ())


def unwrapped(ring: Ring, pole: float | None) -> UnwrappedRing:
    """The corners of a ring with continuous longitudes; around a pole, closed along the pole.

    Raises:
        DataError: corners out of range, too few, or a ring whose pole cannot be told.
    """
    _check(ring)
    corners = list(ring[:-1] if ring[0] == ring[-1] else ring)
    if len(set(corners)) < 3:
        raise DataError(f"A ring of {len(set(corners))} different corners has no area.")
    lon, is_short = float(corners[0][0]), False
    path = [(lon, float(corners[0][1]))]
    for (before, _), (after, lat) in itertools.pairwise([*corners, corners[0]]):
        step = after - before
        if 180 < abs(step) < _TURN - _SAME or abs(step) > _TURN + _SAME:
            step, is_short = (step + 180) % _TURN - 180, True
        lon += step
        path.append((lon, float(lat)))
    turn = path[-1][0] - path[0][0]
    if abs(turn) < 180:
        return UnwrappedRing(path[:-1], is_short)
    if abs(turn) > 1.5 * _TURN:
        raise DataError("A ring goes round the planet more than once, so it has no inside.")
    end = _pole_of(corners) if pole is None else pole
    # A ring round a pole is a turn: where its longitudes start again is no question.
    return UnwrappedRing([*path, (path[-1][0], end), (path[0][0], end)], False)


def _check(ring: Ring) -> None:
    places = np.asarray(ring, dtype=float).reshape(-1, 2) if len(ring) else np.empty((0, 2))
    if len(places) < 3:
        raise DataError(f"A ring of {len(places)} corners has no area; it needs three.")
    if not np.isfinite(places).all():
        raise DataError("A corner of the region is not a pair of finite numbers.")
    lon, lat = places.T
    bad = (np.abs(lat) > 90 + _SAME) | (lon < _LOWEST) | (lon > _HIGHEST)
    if bad.any():
        at = places[np.flatnonzero(bad)[0]]
        raise DataError(
            f"The corner {at[0]:g}, {at[1]:g} is no longitude (-360 to 720) and latitude (-90 to"
            " 90) in degrees. GeoJSON has the longitude first; projected coordinates in metres"
            " have to be converted to degrees (IAU_2015:49900)."
        )


def _pole_of(corners: Sequence[tuple[float, float]]) -> float:
    lats = [lat for _, lat in corners]
    if min(lats) > 0:
        return 90.0
    if max(lats) < 0:
        return -90.0
    raise DataError(
        "A ring goes round the planet and crosses the equator, so it does not tell which pole is"
        " inside. Close it along that pole: add corners at latitude 90 or -90."
    )


def _valid(corners: list[tuple[float, float]]) -> "Polygon":
    from shapely import Polygon, is_valid_reason

    whole = Polygon(corners)
    if whole.bounds[2] - whole.bounds[0] > _TURN + _SAME:
        raise DataError("The region reaches round the planet more than once.")
    if not whole.area and not whole.convex_hull.area:
        raise DataError("A polygon has no area: its corners are on a line.")
    if whole.is_valid:
        return whole
    reason = is_valid_reason(whole)
    place = re.search(r"\[(\S+) (\S+)\]", reason)
    where = f" at {written_place(float(place[2]), float(place[1]), 3)}" if place else ""
    raise DataError(
        f"The sides of a polygon cross or touch{where}, so its inside is not clear. Mend it (in"
        " QGIS: Fix geometries) or draw it again."
    )


def _moved(part: "BaseGeometry", turn: float) -> "BaseGeometry":
    from shapely.affinity import translate

    return translate(part, xoff=turn) if turn else part


def _within_a_turn(whole: "BaseGeometry") -> "BaseGeometry":
    """A polygon of up to 360 degrees, moved to 0 to 360 and cut there."""
    from shapely import MultiPolygon, box, union_all

    first = math.floor(whole.bounds[0] / _TURN)
    last = math.floor(whole.bounds[2] / _TURN)
    pieces = []
    for turn in range(first, last + 1):
        frame = box(turn * _TURN, -90, (turn + 1) * _TURN, 90)
        piece = _moved(whole.intersection(frame), -turn * _TURN)
        # Points and lines where shapes only touch have no area.
        geoms = getattr(piece, "geoms", [piece])
        pieces += [g for g in geoms if g.geom_type == "Polygon" and g.area > 0]
    return union_all(pieces) if pieces else MultiPolygon()


def longitudes(area: "BaseGeometry") -> tuple[float, float]:
    """The shortest range of longitudes, from west to east, that contains an area within 0 to 360.

    The end is more than 360 where the range crosses the meridian 0.
    """
    spans = sorted((g.bounds[0], g.bounds[2]) for g in getattr(area, "geoms", [area]))
    joined = [spans[0]]
    for start, end in spans[1:]:
        if start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    ends = [end for _, end in joined]
    starts = [start for start, _ in joined[1:]] + [joined[0][0] + _TURN]
    gaps = [start - end for start, end in zip(starts, ends, strict=True)]
    widest = int(np.argmax(gaps))
    return starts[widest] % _TURN, starts[widest] % _TURN + _TURN - gaps[widest]


def square_kilometres(area: "BaseGeometry") -> float:
    """The size of an area in longitude and latitude, on the sphere of Mars.

    Sides that are straight in latitude are divided, since they are not in the sine of latitude.
    """
    from shapely import segmentize, transform

    flat = transform(
        segmentize(area, 0.5),
        lambda at: np.stack([np.radians(at[:, 0]), np.sin(np.radians(at[:, 1]))], axis=1),
    )
    return float(flat.area) * RADIUS_KM**2
