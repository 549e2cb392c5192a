"""Histograms of the distances within and between classes."""

import numpy as np
import plotly.graph_objects as go

from mirs_core.evaluation.diagnostics import Distances
from pages.parts.charts.frame import GREY, faded, finished
from pages.shared.palette import Model


def distances(model: Model, histogram: Distances, unit: str) -> go.Figure:
    """How far apart tiles of the same class, and of different classes, are.

    Args:
        unit: of the distances: ``bits``, or the name of the distance between features.
    """
    width = histogram.edges[1] - histogram.edges[0]
    middle = (histogram.edges[:-1] + histogram.edges[1:]) / 2
    figure = go.Figure()
    kinds = (
        ("different classes", histogram.between, GREY, 0.34),
        ("same class", histogram.within, model.colour, 0.5),
    )
    for name, shares, colour, alpha in kinds:
        figure.add_scatter(
            x=middle, y=shares, name=name, mode="lines", fill="tozeroy",
            fillcolor=faded(colour, alpha * 0.6),
            line={"color": colour, "width": 1.8, "shape": "hvh"},
            hovertemplate=f"{_hover(unit)}: %{{y:.1%}} of pairs<extra>{name}</extra>",
        )  # fmt: skip
    used = np.flatnonzero(histogram.within + histogram.between)
    figure.update_xaxes(
        title="Hamming distance, bits" if unit == "bits" else f"{unit.capitalize()} distance",
        range=[histogram.edges[max(used[0] - 1, 0)], histogram.edges[used[-1] + 1] + width],
        showgrid=False,
    )
    figure.update_yaxes(title="share of pairs", tickformat=".0%", rangemode="tozero")
    figure.update_layout(legend_traceorder="reversed")
    return finished(figure, 290, legend=True)


def _hover(unit: str) -> str:
    return "%{x:.0f} bits" if unit == "bits" else "%{x:.3f}"
