"""The map of a hash space as a figure. Plotly takes half a second to import: import this late."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

_GREY, _INK = "rgba(128, 118, 110, 0.35)", "#d3542b"
_HEIGHT = 560
_RAMP = [[0, "#3b3f8f"], [0.5, "#b0457a"], [1, "#f0a13c"]]


@dataclass(frozen=True, slots=True)
class Colouring:
    """What colours the points: groups with a colour each, or a value with a scale.

    Attributes:
        groups: name, colour and rows of each; empty where values are shown.
        values: (N,), NaN where there is none; None where groups are shown.
        title: of the scale.
    """

    groups: tuple[tuple[str, str, tuple[int, ...]], ...] = ()
    values: NDArray[np.float64] | None = None
    title: str = ""


def draw_map(
    points: NDArray[np.float32],
    names: Sequence[str],
    colouring: Colouring,
    *,
    chosen: frozenset[int],
    query: int | None,
    hits: Sequence[int],
    centres: bool,
) -> go.Figure:
    """One map: every tile a point, the chosen ones in colour and the others in grey.

    Args:
        points: (N, 2).
        names: what is said of each tile when the pointer is over it.
        chosen: rows that are chosen; none means all.
        query, hits: rows that are joined by rays; the query is a star.
        centres: whether the names of the groups stand at their middles.
    """
    figure = go.Figure()
    if hits and query is not None:
        _rays(figure, points, query, hits)
    if colouring.values is not None:
        known = np.flatnonzero(np.isfinite(colouring.values)).tolist()
        unknown = sorted(set(range(len(points))) - set(known))
        if unknown:
            _scatter(figure, points, names, "not known", unknown, chosen, color=_GREY)
        scale = {"colorscale": _RAMP, "colorbar": {"title": colouring.title, "thickness": 10}}
        values = colouring.values[known].tolist()
        _scatter(figure, points, names, colouring.title, known, chosen, color=values, **scale)
    for name, colour, rows in colouring.groups:
        _scatter(figure, points, names, name, list(rows), chosen, color=colour)
    if centres and colouring.groups:
        _labels(figure, points, colouring)
    if query is not None:
        figure.add_scatter(
            x=[points[query, 0]], y=[points[query, 1]], mode="markers", name="query",
            marker={"symbol": "star", "size": 17, "color": _INK,
                    "line": {"width": 1.5, "color": "#ffffff"}},
            hovertemplate=f"The query<br>{escape(names[query])}<extra></extra>", showlegend=False,
        )  # fmt: skip
    many = len(colouring.groups) > 1
    figure.update_layout(
        height=_HEIGHT + (70 if many else 0),
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode="pan",
        uirevision="space",
        showlegend=many,
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "itemsizing": "constant"},
        font={"size": 12},
    )
    figure.update_xaxes(visible=False, scaleanchor="y")
    figure.update_yaxes(visible=False)
    return figure


def _scatter(
    figure: go.Figure,
    points: NDArray[np.float32],
    names: Sequence[str],
    name: str,
    rows: list[int],
    chosen: frozenset[int],
    **marker: object,
) -> None:
    picked = [place for place, row in enumerate(rows) if row in chosen] if chosen else None
    figure.add_scattergl(
        x=points[rows, 0], y=points[rows, 1], mode="markers", name=escape(name), customdata=rows,
        marker={"size": 7 if len(points) < 4000 else 4, "line": {"width": 0}, **marker},
        selectedpoints=picked,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.25, "color": "#8c837b"}},
        text=[escape(names[row]) for row in rows],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _rays(figure: go.Figure, points: NDArray[np.float32], query: int, hits: Sequence[int]) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for row in hits:
        x += [float(points[query, 0]), float(points[row, 0]), None]
        y += [float(points[query, 1]), float(points[row, 1]), None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": _INK, "width": 1}, opacity=0.5, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip


def _labels(figure: go.Figure, points: NDArray[np.float32], colouring: Colouring) -> None:
    for name, _, rows in colouring.groups:
        middle = np.median(points[list(rows)], axis=0)
        figure.add_annotation(
            x=float(middle[0]), y=float(middle[1]), text=escape(name), yshift=16,
            showarrow=False, font={"size": 11},
        )  # fmt: skip
