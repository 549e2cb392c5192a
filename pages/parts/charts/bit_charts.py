"""Charts of the bits of a code: balance, correlation, and means by class."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mirs_core.evaluation.diagnostics import Bits
from pages.parts.charts.frame import DIVERGING, GREY, faded, finished
from pages.shared.palette import Model


def balance(model: Model, bits: Bits) -> go.Figure:
    """The share of ones in each bit, in ascending order."""
    order = np.argsort(bits.balance, kind="stable")
    title = escape(model.title)
    figure = go.Figure()
    figure.add_bar(
        x=np.arange(len(order)), y=bits.balance[order] - 0.5, base=0.5, name=title,
        marker={"color": faded(model.colour, 0.75), "line": {"width": 0}},
        customdata=np.stack([order, bits.balance[order]], axis=1),
        hovertemplate="Bit %{customdata[0]} is 1 in %{customdata[1]:.1%} of the codes"
        f"<extra>{title}</extra>",
    )  # fmt: skip
    figure.update_layout(barmode="overlay", bargap=0.15)
    figure.add_hline(y=0.5, line={"color": GREY, "width": 1})
    figure.update_xaxes(title="bits in ascending order", showticklabels=False, showgrid=False)
    figure.update_yaxes(title="share of ones", range=[0, 1])
    return finished(figure, 290, legend=False)


def correlation(bits: Bits) -> go.Figure:
    """The pairwise correlation of the bits, with correlated bits next to each other."""
    order = _clustered_order(bits.correlation)
    values = bits.correlation[np.ix_(order, order)]
    names = [f"bit {bit}" for bit in order]
    figure = go.Figure(
        go.Heatmap(
            z=values, x=names, y=names, zmin=-1, zmax=1,
            colorscale=DIVERGING,
            colorbar={"thickness": 8, "len": 0.72, "tickvals": [-1, 0, 1], "outlinewidth": 0},
            hovertemplate="%{x} and %{y}: r = %{z:.2f}<extra></extra>", hoverongaps=False,
        )
    )  # fmt: skip
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False, constrain="domain")
    figure.update_yaxes(
        showticklabels=False, ticks="", showgrid=False, autorange="reversed", scaleanchor="x",
        constrain="domain",
    )  # fmt: skip
    return finished(figure, 330, legend=False)


def bit_means(
    means: NDArray[np.float64],
    names: Sequence[str],
    bits: NDArray[np.int64],
    between: NDArray[np.float64],
) -> go.Figure:
    """The share of ones in each bit, by class.

    Args:
        means: (C, B) shares of ones.
        names: (C,) of the classes.
        bits: (B,) index of the bit in each column.
        between: (B,) share of each bit's variance that lies between classes.
    """
    wide, high = len(bits), len(names)
    figure = go.Figure(
        go.Heatmap(
            z=means, x=[f"bit {bit}" for bit in bits], y=[escape(name) for name in names],
            zmin=0, zmax=1, colorscale=DIVERGING,
            colorbar={"thickness": 8, "tickvals": [0, 0.5, 1], "title": "ones", "outlinewidth": 0},
            customdata=np.tile(between, (high, 1)),
            hovertemplate="%{y}, %{x}: 1 in %{z:.0%} of the codes<br>%{customdata:.0%} of the"
            " bit's variance lies between classes<extra></extra>",
        )
    )  # fmt: skip
    # A heat map reports no clicks, so an invisible point lies on each cell.
    grid = [(name, bit) for name in names for bit in bits]
    figure.add_scatter(
        x=[f"bit {bit}" for _, bit in grid], y=[escape(name) for name, _ in grid], mode="markers",
        marker={"opacity": 0, "size": max(4, 640 // max(wide, 1))}, hoverinfo="skip",
        customdata=[int(bit) for _, bit in grid], showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(
        showticklabels=False, ticks="", showgrid=False,
        title="bits, most informative about the class first",
    )  # fmt: skip
    figure.update_yaxes(ticks="", showgrid=False, autorange="reversed")
    return finished(figure, 90 + 22 * high, legend=False)


def _clustered_order(correlation: NDArray[np.float64]) -> NDArray[np.int64]:
    """An order of the bits that puts correlated ones next to each other."""
    values = np.nan_to_num(correlation)
    if len(values) < 3:
        return np.arange(len(values))
    from scipy.cluster.hierarchy import leaves_list, linkage

    dissimilarity = 1 - values[np.triu_indices(len(values), 1)]
    return leaves_list(linkage(np.maximum(dissimilarity, 0), "average")).astype(np.int64)
