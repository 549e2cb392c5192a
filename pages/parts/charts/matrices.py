"""Matrices as heat maps: confusion matrices and covariances."""

from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mirs_core.evaluation.diagnostics import Confusion
from pages.parts.charts.frame import DIVERGING, finished, shades, small
from pages.shared import words
from pages.shared.palette import Model

_NUMBERED = 0.1
"""The smallest share that is written into its cell."""
_SQUARE = 260
_LONGEST = 20


def confusion_matrix(model: Model, matrix: Confusion) -> go.Figure:
    """Classes of the queries down, classes of their results across, shaded by share."""
    queries, results = list(matrix.queries), list(matrix.results)
    hover_texts = [
        [
            f"{share:.0%} of the top results of {escape(words.class_name(query))} queries are"
            f" {escape(words.class_name(result))}"
            for result, share in zip(results, row, strict=True)
        ]
        for query, row in zip(queries, matrix.shares, strict=True)
    ]
    numbers = [
        [f"{share * 100:.0f}" if share >= _NUMBERED else "" for share in row]
        for row in matrix.shares
    ]
    figure = go.Figure(
        go.Heatmap(
            x=[_axis_name(label) for label in results], y=[_axis_name(label) for label in queries],
            z=matrix.shares, zmin=0, zmax=1, text=numbers,
            texttemplate="%{text}", textfont={"size": 10}, hovertext=hover_texts, hoverinfo="text",
            colorscale=shades(model.colour), showscale=False, xgap=1.5, ygap=1.5,
        )
    )  # fmt: skip
    figure.update_xaxes(
        side="top", tickangle=-90, showgrid=False, tickfont={"size": 11}, title="result"
    )
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickfont={"size": 11}, title="query", automargin=True,
        dtick=1,
    )  # fmt: skip
    figure.update_xaxes(automargin=True, dtick=1)
    return finished(figure, 176 + 23 * max(len(queries), 8), legend=False)


def covariance(values: NDArray[np.float64], first: int) -> go.Figure:
    """The covariance (g, g) of a group of channels, in units of the group's mean variance.

    Args:
        first: index of the first channel of the group.
    """
    unit = float(values.trace()) / len(values) or 1.0
    names = [f"channel {first + channel}" for channel in range(len(values))]
    figure = go.Figure(
        go.Heatmap(
            z=values / unit, x=names, y=names, zmin=-1, zmax=1, customdata=values,
            colorscale=DIVERGING, showscale=False,
            hovertemplate="%{x} and %{y}: %{z:.2f} x mean variance (%{customdata:.3g})"
            "<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False, constrain="domain")
    figure.update_yaxes(
        showticklabels=False, ticks="", showgrid=False, autorange="reversed", scaleanchor="x",
        constrain="domain",
    )  # fmt: skip
    return small(figure, _SQUARE)


def _axis_name(label: str | None) -> str:
    """The name of a class on an axis."""
    name = words.class_name(label)
    return escape(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")
