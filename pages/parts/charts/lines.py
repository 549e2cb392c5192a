"""Line charts: curves with confidence bands, and values by training epoch."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from mirs_core.evaluation.diagnostics import Curve
from pages.parts.charts.frame import faded, finished, small
from pages.shared.palette import COLOURS, Model

_CURVE_HEIGHT, _EPOCHS_HEIGHT, _SMALL = 330, 190, 150


def curves_with_bands(
    curves: Sequence[tuple[Model, Curve]], x_title: str, y_title: str, hover: str
) -> go.Figure:
    """The curves of several models with their confidence bands.

    Args:
        hover: how a position on the x axis reads, with ``%{x}`` in it.
    """
    figure = go.Figure()
    for model, curve in curves:
        name, colour = escape(model.title), model.colour
        figure.add_scatter(
            x=np.concatenate([curve.x, curve.x[::-1]]),
            y=np.concatenate([curve.high, curve.low[::-1]]),
            fill="toself", fillcolor=faded(colour, 0.14), line={"width": 0}, hoverinfo="skip",
            legendgroup=model.id, showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=curve.x, y=curve.mean, mode="lines", name=name, legendgroup=model.id,
            line={"color": colour, "width": 2.4, "dash": model.dash},
            customdata=np.stack([curve.low, curve.high], axis=1),
            hovertemplate=f"{hover}: %{{y:.3f}} (%{{customdata[0]:.3f}} to %{{customdata[1]:.3f}})"
            f"<extra>{name}</extra>",
        )  # fmt: skip
    first = curves[0][1]
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title=x_title, range=[float(first.x[0]), float(first.x[-1])])
    figure.update_yaxes(title=y_title, range=[0, 1.02])
    return finished(figure, _CURVE_HEIGHT, legend=len(curves) > 1)


def training_curve(
    curves: Sequence[tuple[Model, Sequence[int], Sequence[float | None]]],
    title: str,
    best_epochs: Mapping[str, int],
) -> go.Figure:
    """One quantity of several trainings, by epoch.

    Args:
        curves: each model with its epochs and their values, None if there is no value.
        best_epochs: by model id, the epoch whose weights the run keeps; it is marked.
    """
    figure = go.Figure()
    for model, epochs, values in curves:
        name = escape(model.title)
        figure.add_scatter(
            x=epochs, y=values, mode="lines", name=name, connectgaps=False,
            line={"color": model.colour, "width": 2, "dash": model.dash},
            hovertemplate=f"Epoch %{{x}}: %{{y:.4g}}<extra>{name}</extra>",
        )  # fmt: skip
        marked = [
            (x, y) for x, y in zip(epochs, values, strict=True) if x == best_epochs.get(model.id)
        ]
        figure.add_scatter(
            x=[x for x, _ in marked], y=[y for _, y in marked], mode="markers", showlegend=False,
            marker={"color": model.colour, "size": 9, "line": {"width": 0}},
            hovertemplate=f"Epoch %{{x}} (best epoch, used): %{{y:.4g}}<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(nticks=5, exponentformat="none")
    figure.update_layout(title={"text": escape(title), "font": {"size": 14}, "x": 0, "y": 0.97})
    return finished(figure, _EPOCHS_HEIGHT, legend=False)


def line(x: Sequence[float], y: Sequence[float | None]) -> go.Figure:
    """A single small curve by epoch."""
    figure = go.Figure()
    figure.add_scatter(x=list(x), y=list(y), line={"color": COLOURS[1], "width": 2.5})
    return small(figure, _SMALL)
