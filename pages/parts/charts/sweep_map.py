"""The map of a sweep: validation mAP@64 by push and balance weight."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pages.parts.charts.frame import finished

_ROOM = 0.35
"""Decades of empty space around the points."""


def sweep_map(
    points: Sequence[tuple[float, float, float]],
    best: int,
    *,
    square: bool,
    push: tuple[float, float],
    balance: tuple[float, float],
) -> go.Figure:
    """Validation mAP@64 over push and balance weight: squares of a grid, or points.

    Args:
        points: push weight, balance weight, value.
        best: index of the point that is ringed.
        push, balance: the ranges of the axes.
    """
    values = [value for _, _, value in points]
    side = 30 if square else 17
    figure = go.Figure()
    figure.add_scatter(
        x=[point[0] for point in points],
        y=[point[1] for point in points],
        mode="markers+text" if square else "markers",
        text=[f"{value:.2f}" for value in values],
        textfont={"size": 10, "color": "#ffffff"},
        customdata=list(range(len(points))),
        marker={
            "size": side,
            "symbol": "square" if square else "circle",
            "color": values,
            "colorscale": [[0, "#3b3f8f"], [0.5, "#8a3f7a"], [1, "#d3542b"]],
            "colorbar": {"title": "mAP@64", "thickness": 12},
            "line": {"width": [3 if i == best else 0 for i in range(len(points))],
                     "color": "#0da083"},
        },
        unselected={"marker": {"opacity": 0.55}, "textfont": {"color": "#ffffff"}},
        hovertemplate="lambda1 %{x:g}<br>lambda2 %{y:g}<br>mAP@64 %{marker.color:.3f}"
        "<extra></extra>",
    )  # fmt: skip
    finished(figure, 420, legend=False, top=10)
    for update, (low, high), title in (
        (figure.update_xaxes, push, "push weight (lambda1)"),
        (figure.update_yaxes, balance, "balance weight (lambda2)"),
    ):
        ends = [np.log10(low) - _ROOM, np.log10(high) + _ROOM]
        update(type="log", range=ends, title=title, dtick=1, exponentformat="power")
    return figure
