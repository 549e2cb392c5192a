"""Horizontal bar charts: a value for each class and model, and totals."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from pages.parts.charts.frame import finished
from pages.shared import words
from pages.shared.palette import Model


def class_bars(
    models: Sequence[Model], per_class: Sequence[Mapping[str, tuple[int, float]]]
) -> go.Figure:
    """A bar for each class and model, the class with the highest mean on top.

    Args:
        per_class: parallel to ``models``: by label, the number of tiles and the value in [0, 1].
    """
    labels = sorted(
        {label for values in per_class for label in values},
        key=lambda label: np.mean([values[label][1] for values in per_class if label in values]),
    )
    counts = [next(values[label][0] for values in per_class if label in values) for label in labels]
    names = [
        f"{escape(words.class_name(label))}  <span style='opacity:.6'>n {n}</span>"
        for label, n in zip(labels, counts, strict=True)
    ]
    figure = go.Figure()
    # Plotly stacks the bars of a group from the bottom up: added last is on top.
    for model, values in reversed(list(zip(models, per_class, strict=True))):
        heights = [values[label][1] if label in values else None for label in labels]
        title = escape(model.title)
        figure.add_bar(
            y=names, x=heights, orientation="h", name=title,
            marker={"color": model.colour, "line": {"width": 0}},
            customdata=[escape(words.class_name(label)) for label in labels],
            hovertemplate=f"%{{customdata}}: %{{x:.3f}}<extra>{title}</extra>",
        )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.34, bargroupgap=0.06, hovermode="closest")
    figure.update_layout(legend_traceorder="reversed")
    figure.update_xaxes(range=[0, 1], side="top", tickformat=".1f", fixedrange=True)
    figure.update_yaxes(showgrid=False, ticklabelstandoff=6)
    height = 84 + len(labels) * (12 + 11 * len(models))
    return finished(figure, height, legend=len(models) > 1, top=76 if len(models) > 1 else 28)


def totals(bars: Sequence[tuple[str, str, float]], x_title: str) -> go.Figure:
    """A bar for each (name, colour, value), the first one on top."""
    upwards = list(reversed(bars))
    figure = go.Figure()
    figure.add_bar(
        y=[escape(name) for name, _, _ in upwards], x=[value for _, _, value in upwards],
        orientation="h", marker={"color": [colour for _, colour, _ in upwards]},
        hovertemplate="%{y}: %{x:.1f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title=x_title, rangemode="tozero", fixedrange=True)
    figure.update_yaxes(showgrid=False, ticklabelstandoff=6)
    return finished(figure, 70 + 22 * len(bars), legend=False, top=8)
