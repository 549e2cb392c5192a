"""The projections of one or two models side by side, and the user's image on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.hash_space import projection
from mirs_core.hash_space.space_maps import SpaceMap
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.components.space_map.space_map import Codes, Colouring, Label, Side
from pages.shared import loaders
from pages.space.drawn import Drawn

_OWN = "Your image"
_INK = "#d3542b"
_PLACED_BY = 5  # nearest tiles that position the user's image


@dataclass(frozen=True, slots=True)
class Panel:
    """A model with its projection.

    Attributes:
        order: (N,) row in this model of each tile of the first model, -1 where it lacks the tile.
    """

    run: str
    title: str
    searcher: Searcher
    map: SpaceMap
    order: NDArray[np.int64]


def of_panels(
    panels: Sequence[Panel],
    drawn: Drawn,
    hits: Sequence[Sequence[int]],
    colouring: Colouring,
    codes: Sequence[Codes],
) -> list[Side]:
    """The projection of each panel, all of the same tiles and turned to lie alike.

    Args:
        hits: of each panel, the rows in the first model of its results.
        codes: of each panel, the colours of all tiles.
    """
    sides: list[Side] = []
    for panel, rows, numbers in zip(panels, hits, codes, strict=True):
        points = loaders.points(panels[0].run, panel.run, drawn.rows, drawn.steady)
        if not drawn.whole:
            numbers = numbers[drawn.rows]
        hit_points = drawn.points_of(np.array(rows, dtype=np.int64))
        sides.append(
            Side(
                id=f"{panel.run} {panel.map.seed} {drawn.steady}",
                title=panel.title,
                points=points,
                codes=numbers,
                note=_note(panel, drawn),
                about=f"Projection of {len(panel.order):,} tiles in the hash space of"
                f" {panel.title}",
                hits=tuple(point for point in hit_points.tolist() if point >= 0),
                labels=_labels(panels[0].run, panel, drawn.steady, colouring, (points, numbers)),
                steady=drawn.steady,
            )
        )
    return sides


def _note(panel: Panel, drawn: Drawn) -> str:
    """The fidelity of a projection, and what it was measured on and made from."""
    fidelity, landmarks = panel.map.fidelity, panel.map.landmarks
    parts = [
        f"Trustworthiness {fidelity.trustworthiness:.2f}",
        f"{fidelity.preservation:.0%} of 10 nearest neighbours preserved",
    ]
    if fidelity.near is not None:
        parts.append(f"{fidelity.near:.0%} of them among the nearest 1% in hash space")
    if landmarks is not None:
        parts.append(f"sampled {fidelity.sample_size:,} of {len(panel.map.points):,}")
        parts.append(f"{landmarks:,} landmarks")
    parts.append(f"seed {panel.map.seed}")
    if not drawn.whole:
        parts.append(f"{drawn.steady:,} of {drawn.of:,} tiles drawn")
    return " · ".join(parts)


def _labels(
    first: str,
    panel: Panel,
    steady: int,
    colouring: Colouring,
    drawn: tuple[NDArray[np.float32], Codes],
) -> tuple[Label, ...]:
    """The name of each group at the point nearest to its median, the largest group first."""
    if not 1 < len(colouring.names) <= 24:
        return ()
    points, codes = drawn
    about = (colouring.id, len(colouring.names))
    rows = loaders.central_points(first, panel.run, about, points[:steady], codes[:steady])
    return tuple(
        Label(row, name) for row, name in zip(rows, colouring.names, strict=True) if row is not None
    )


def with_own_image(
    panels: Sequence[Panel],
    queries: Sequence[Query | None],
    drawn: Drawn,
    colouring: Colouring,
    sides: Sequence[Side],
) -> tuple[Colouring, list[Side]]:
    """The projections with one more point: the user's image, among its nearest tiles."""
    extended = []
    for panel, query, side in zip(panels, queries, sides, strict=True):
        position = np.full((1, 2), np.nan, dtype=np.float32)
        if query is not None:
            nearest = panel.searcher.search(query, _PLACED_BY)
            rows = panels[0].searcher.items.rows_of([hit.id for hit in nearest])
            distances = np.array([hit.distance for hit in nearest])
            if (rows >= 0).any():
                points = loaders.points(panels[0].run, panel.run, rows[rows >= 0])
                position = projection.placed(points, distances[rows >= 0])[None]
        extended.append(
            Side(
                id=f"{side.id} own",
                title=side.title,
                points=np.concatenate([side.points, position]),
                codes=np.append(side.codes, np.uint16(len(colouring.palette))),
                note=f"{side.note} · your image placed by its {_PLACED_BY} nearest tiles",
                about=side.about,
                hits=side.hits,
                labels=side.labels,
                steady=side.steady,
            )
        )
    grouped = bool(colouring.names)
    legend = Colouring(
        id=f"{colouring.id} own",
        palette=(*colouring.palette, _INK),
        names=(*colouring.names, _OWN) if grouped else (),
        counts=(*colouring.counts, 1) if grouped else (),
        low=colouring.low,
        high=colouring.high,
        title=colouring.title,
    )
    return legend, extended
