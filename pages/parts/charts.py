"""The figures of the evaluation: one look, and one colour a model in all of them.

Plotly takes half a second to import: import this module where a figure is drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from mirs_core.evaluation.diagnostics import Bits, Confusion, Curve, Distances
from mirs_core.mars.landforms import by_code
from pages.shared import words
from pages.shared.palette import COLOURS, Model

_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": [
        "zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d",
        "resetScale2d",
    ],
    "toImageButtonOptions": {"scale": 2},
}  # fmt: skip
_GREY = "#8c837b"
_LINE = "rgba(128, 118, 110, 0.28)"
_NUMBERED = 0.1
_ZERO, _NEGATIVE, _POSITIVE = "rgba(128, 118, 110, 0.04)", "#5b74c9", "#c2451f"
_CURVE_HEIGHT = 330
_SMALL = 150
_SQUARE = 260
_ROOM = 0.35


@dataclass(frozen=True, slots=True)
class Labelled:
    """A model with something that belongs to it."""

    model: Model
    value: Any


def show(figure: go.Figure, key: str, alt: str) -> None:
    """Draws a figure; ``alt`` says what it shows to who cannot see it."""
    st.plotly_chart(figure, key=key, theme="streamlit", config=_CONFIG, alt=alt)


def curves(found: Sequence[Labelled], across: str, up: str, hover: str) -> go.Figure:
    """Curves of several models with their bands.

    Args:
        across, up: titles of the axes.
        hover: how a point on the x axis is said, with ``%{x}`` in it.
    """
    figure = go.Figure()
    for one in found:
        curve: Curve = one.value
        name, colour = escape(one.model.title), one.model.colour
        figure.add_scatter(
            x=np.concatenate([curve.x, curve.x[::-1]]),
            y=np.concatenate([curve.high, curve.low[::-1]]),
            fill="toself", fillcolor=_faded(colour, 0.14), line={"width": 0}, hoverinfo="skip",
            legendgroup=one.model.id, showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=curve.x, y=curve.mean, mode="lines", name=name, legendgroup=one.model.id,
            line={"color": colour, "width": 2.4, "dash": one.model.dash},
            customdata=np.stack([curve.low, curve.high], axis=1),
            hovertemplate=f"{hover}: %{{y:.3f}} (%{{customdata[0]:.3f}} to %{{customdata[1]:.3f}})"
            f"<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(
        title=across, range=[float(found[0].value.x[0]), float(found[0].value.x[-1])]
    )
    figure.update_yaxes(title=up, range=[0, 1.02])
    return _finished(figure, _CURVE_HEIGHT, legend=len(found) > 1)


def epochs(found: Sequence[Labelled], up: str, kept: Mapping[str, int]) -> go.Figure:
    """One curve of several trainings, epoch by epoch.

    Args:
        found: of each model, its epochs and their values, None where there is none.
        up: what the values are.
        kept: by model id, the epoch that the model is of; it is marked.
    """
    figure = go.Figure()
    for one in found:
        at, values = one.value
        title = escape(one.model.title)
        figure.add_scatter(
            x=at, y=values, mode="lines", name=title, connectgaps=False,
            line={"color": one.model.colour, "width": 2, "dash": one.model.dash},
            hovertemplate=f"Epoch %{{x}}: %{{y:.4g}}<extra>{title}</extra>",
        )  # fmt: skip
        marked = [(x, y) for x, y in zip(at, values, strict=True) if x == kept.get(one.model.id)]
        figure.add_scatter(
            x=[x for x, _ in marked], y=[y for _, y in marked], mode="markers", showlegend=False,
            marker={"color": one.model.colour, "size": 9, "line": {"width": 0}},
            hovertemplate=f"Epoch %{{x}}, which is kept: %{{y:.4g}}<extra>{title}</extra>",
        )  # fmt: skip
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(nticks=5, exponentformat="none")
    figure.update_layout(title={"text": escape(up), "font": {"size": 14}, "x": 0, "y": 0.97})
    return _finished(figure, 190, legend=False)


def class_bars(
    models: Sequence[Model], per_class: Sequence[dict[str, tuple[int, float]]]
) -> go.Figure:
    """mAP@64 of each class, a bar a model, the best class on top."""
    labels = sorted(
        {label for one in per_class for label in one},
        key=lambda label: np.mean([one[label][1] for one in per_class if label in one]),
    )
    counts = [next(one[label][0] for one in per_class if label in one) for label in labels]
    names = [
        f"{escape(words.class_name(label))}  <span style='opacity:.6'>n {n}</span>"
        for label, n in zip(labels, counts, strict=True)
    ]
    figure = go.Figure()
    # Bars of a group stand from the bottom up: the first model comes last, to be on top.
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
    return _finished(figure, height, legend=len(models) > 1, top=76 if len(models) > 1 else 28)


def totals(found: Sequence[tuple[str, str, float]], across: str) -> go.Figure:
    """A bar for each (name, colour, value), the first on top."""
    turned = list(reversed(found))
    figure = go.Figure()
    figure.add_bar(
        y=[escape(name) for name, _, _ in turned], x=[value for _, _, value in turned],
        orientation="h", marker={"color": [colour for _, colour, _ in turned]},
        hovertemplate="%{y}: %{x:.1f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title=across, rangemode="tozero", fixedrange=True)
    figure.update_yaxes(showgrid=False, ticklabelstandoff=6)
    return _finished(figure, 70 + 22 * len(found), legend=False, top=8)


def confusion(model: Model, found: Confusion) -> go.Figure:
    """Classes of the queries down, of their results across, the shade the share."""
    queries, results = list(found.queries), list(found.results)
    across, down = [_code(label) for label in results], [_code(label) for label in queries]
    said = [
        [
            f"{escape(words.class_name(query))} finds {escape(words.class_name(result))}:"
            f" {share:.0%} of its first results"
            for result, share in zip(results, row, strict=True)
        ]
        for query, row in zip(queries, found.shares, strict=True)
    ]
    numbers = [
        [f"{share * 100:.0f}" if share >= _NUMBERED else "" for share in row]
        for row in found.shares
    ]
    figure = go.Figure(
        go.Heatmap(
            x=across, y=down, z=found.shares, zmin=0, zmax=1, text=numbers,
            texttemplate="%{text}", textfont={"size": 10}, hovertext=said, hoverinfo="text",
            colorscale=_shades(model.colour), showscale=False, xgap=1.5, ygap=1.5,
        )
    )  # fmt: skip
    figure.update_xaxes(side="top", tickangle=-90, showgrid=False, tickfont={"size": 11})
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"size": 11})
    return _finished(figure, 80 + 23 * max(len(queries), 8), legend=False)


def distances(model: Model, found: Distances, unit: str) -> go.Figure:
    """How far tiles of one class, and of two, are from each other."""
    width = found.edges[1] - found.edges[0]
    middle = (found.edges[:-1] + found.edges[1:]) / 2
    figure = go.Figure()
    kinds = (
        ("other classes", found.between, _GREY, 0.34),
        ("own class", found.within, model.colour, 0.5),
    )
    for name, shares, colour, alpha in kinds:
        figure.add_scatter(
            x=middle, y=shares, name=name, mode="lines", fill="tozeroy",
            fillcolor=_faded(colour, alpha * 0.6),
            line={"color": colour, "width": 1.8, "shape": "hvh"},
            hovertemplate=f"{_at(unit)}: %{{y:.1%}} of pairs<extra>{name}</extra>",
        )  # fmt: skip
    used = np.flatnonzero(found.within + found.between)
    figure.update_xaxes(
        title="Hamming distance, bits" if unit == "bits" else f"{unit.capitalize()} distance",
        range=[found.edges[max(used[0] - 1, 0)], found.edges[used[-1] + 1] + width],
        showgrid=False,
    )
    figure.update_yaxes(title="share of pairs", tickformat=".0%", rangemode="tozero")
    figure.update_layout(legend_traceorder="reversed")
    return _finished(figure, 290, legend=True)


def _at(unit: str) -> str:
    return "%{x:.0f} bits" if unit == "bits" else "%{x:.3f}"


def balance(found: Sequence[Labelled]) -> go.Figure:
    """The mean of each bit, from the rarest one to the commonest one, a line a model."""
    figure = go.Figure()
    for one in found:
        bits: Bits = one.value
        order = np.argsort(bits.balance, kind="stable")
        title = escape(one.model.title)
        figure.add_bar(
            x=np.arange(len(order)), y=bits.balance[order] - 0.5, base=0.5, name=title,
            marker={"color": _faded(one.model.colour, 0.75), "line": {"width": 0}},
            customdata=np.stack([order, bits.balance[order]], axis=1),
            hovertemplate="Bit %{customdata[0]} is one in %{customdata[1]:.1%} of the codes"
            f"<extra>{title}</extra>",
        )  # fmt: skip
    figure.update_layout(barmode="overlay" if len(found) == 1 else "group", bargap=0.15)
    figure.add_hline(y=0.5, line={"color": _GREY, "width": 1})
    figure.update_xaxes(title="bits, from the rarest to the commonest", showticklabels=False)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title="share of ones", range=[0, 1])
    return _finished(figure, 290, legend=len(found) > 1)


def correlation(bits: Bits) -> go.Figure:
    """How alike the bits are, pair by pair, bits that go together beside each other."""
    order = _beside(bits.correlation)
    values = bits.correlation[np.ix_(order, order)]
    names = [f"bit {bit}" for bit in order]
    figure = go.Figure(
        go.Heatmap(
            z=values, x=names, y=names, zmin=-1, zmax=1,
            colorscale=[[0, _NEGATIVE], [0.5, _ZERO], [1, _POSITIVE]],
            colorbar={"thickness": 8, "len": 0.72, "tickvals": [-1, 0, 1], "outlinewidth": 0},
            hovertemplate="%{x} and %{y}: r = %{z:.2f}<extra></extra>", hoverongaps=False,
        )
    )  # fmt: skip
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False, constrain="domain")
    figure.update_yaxes(
        showticklabels=False, ticks="", showgrid=False, autorange="reversed", scaleanchor="x",
        constrain="domain",
    )  # fmt: skip
    return _finished(figure, 330, legend=False)


def covariance(values: NDArray[np.float64], first: int) -> go.Figure:
    """The covariance (g, g) of a group of channels, in mean variances of the group.

    Args:
        first: the number of its first channel.
    """
    unit = float(values.trace()) / len(values) or 1.0
    names = [f"channel {first + channel}" for channel in range(len(values))]
    figure = go.Figure(
        go.Heatmap(
            z=values / unit, x=names, y=names, zmin=-1, zmax=1, customdata=values,
            colorscale=[[0, _NEGATIVE], [0.5, _ZERO], [1, _POSITIVE]], showscale=False,
            hovertemplate="%{x} and %{y}: %{z:.2f} mean variances (%{customdata:.3g})"
            "<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(showticklabels=False, ticks="", showgrid=False, constrain="domain")
    figure.update_yaxes(
        showticklabels=False, ticks="", showgrid=False, autorange="reversed", scaleanchor="x",
        constrain="domain",
    )  # fmt: skip
    return small(figure, _SQUARE)


def bit_means(
    means: NDArray[np.float64],
    names: Sequence[str],
    bits: NDArray[np.int64],
    told: NDArray[np.float64],
) -> go.Figure:
    """The share of ones (C, B) of each bit by class.

    Args:
        bits, told: (B,) the number of each column, and how much of it lies between classes.
    """
    wide, high = len(bits), len(names)
    figure = go.Figure(
        go.Heatmap(
            z=means, x=[f"bit {bit}" for bit in bits], y=[escape(name) for name in names],
            zmin=0, zmax=1, colorscale=[[0, _NEGATIVE], [0.5, _ZERO], [1, _POSITIVE]],
            colorbar={"thickness": 8, "tickvals": [0, 0.5, 1], "title": "ones", "outlinewidth": 0},
            customdata=np.tile(told, (high, 1)),
            hovertemplate="%{y}, %{x}: one in %{z:.0%}<br>%{customdata:.0%} of this bit lies"
            " between classes<extra></extra>",
        )
    )  # fmt: skip
    # A heat map reports no clicks: an unseen point stands on each of its cells.
    grid = [(name, bit) for name in names for bit in bits]
    figure.add_scatter(
        x=[f"bit {bit}" for _, bit in grid], y=[escape(name) for name, _ in grid], mode="markers",
        marker={"opacity": 0, "size": max(4, 640 // max(wide, 1))}, hoverinfo="skip",
        customdata=[int(bit) for _, bit in grid], showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(
        showticklabels=False, ticks="", showgrid=False,
        title="bits, those that tell most of the landforms first",
    )  # fmt: skip
    figure.update_yaxes(ticks="", showgrid=False, autorange="reversed")
    return _finished(figure, 90 + 22 * high, legend=False)


def _beside(correlation: NDArray[np.float64]) -> NDArray[np.int64]:
    """An order of the bits in which those that say the same stand together."""
    filled = np.nan_to_num(correlation)
    if len(filled) < 3:
        return np.arange(len(filled))
    from scipy.cluster.hierarchy import leaves_list, linkage

    far = 1 - filled[np.triu_indices(len(filled), 1)]
    return leaves_list(linkage(np.maximum(far, 0), "average")).astype(np.int64)


def _code(label: str | None) -> str:
    """A class on an axis: its code where it is a known landform, else its short name."""
    if label is None:
        return "none"
    return label if label in by_code else escape(words.short_name(label))[:14]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _faded(colour: str, alpha: float) -> str:
    red, green, blue = _rgb(colour)
    return f"rgba({red}, {green}, {blue}, {alpha:.2f})"


def _shades(colour: str) -> list[list[Any]]:
    """From the page's ground to the full colour; opaque, so that Plotly's numbers stand out."""
    ground = "#14110f" if st.context.theme.type == "dark" else "#fbf9f6"
    return [
        [0, _mixed("#807670", ground, 0.08)],
        [0.02, _mixed(colour, ground, 0.1)],
        [1, colour],
    ]


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_rgb(colour), _rgb(ground), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def weights_map(
    points: Sequence[tuple[float, float, float]],
    best: int,
    *,
    square: bool,
    push: tuple[float, float],
    balance: tuple[float, float],
) -> go.Figure:
    """Validation mAP@64 over push and balance weight: squares of a grid, or single points.

    Args:
        points: push, balance, value.
        best: which of them is ringed.
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
    _finished(figure, 420, legend=False, top=10)
    for update, (low, high), title in (
        (figure.update_xaxes, push, "push weight (lambda1)"),
        (figure.update_yaxes, balance, "balance weight (lambda2)"),
    ):
        ends = [np.log10(low) - _ROOM, np.log10(high) + _ROOM]
        update(type="log", range=ends, title=title, dtick=1, exponentformat="power")
    return figure


def pick(figure: go.Figure, key: str, alt: str) -> int | None:
    """Draws a figure whose points can be clicked; the ``customdata`` of the clicked one."""
    event = st.plotly_chart(
        figure,
        key=key,
        theme="streamlit",
        config=_CONFIG,
        alt=alt,
        on_select="rerun",
        selection_mode="points",
    )
    return _clicked(event)


def pick_with(figure: go.Figure, key: str, alt: str, on_pick: Callable[[int], None]) -> None:
    """The same, where ``on_pick`` gets the ``customdata`` before the next run."""

    def picked() -> None:
        found = _clicked(st.session_state[key])
        if found is not None:
            on_pick(found)

    st.plotly_chart(
        figure,
        key=key,
        theme="streamlit",
        config=_CONFIG,
        alt=alt,
        on_select=picked,
        selection_mode="points",
    )


def _clicked(event: Any) -> int | None:
    for point in event["selection"]["points"]:
        found = point.get("customdata")
        found = found[0] if isinstance(found, list) else found
        if isinstance(found, int | float):
            return int(found)
    return None


def line(x: Sequence[float], y: Sequence[float | None]) -> go.Figure:
    """One curve by epoch, small."""
    figure = go.Figure()
    figure.add_scatter(x=list(x), y=list(y), line={"color": COLOURS[1], "width": 2.5})
    return small(figure, _SMALL)


def small(figure: go.Figure, height: int) -> go.Figure:
    """One of several small charts beside each other, without a legend of its own."""
    return _finished(figure, height, legend=False, top=6)


def _finished(figure: go.Figure, height: int, *, legend: bool, top: int = 34) -> go.Figure:
    """The common look. The height is given, so that nothing jumps when it is drawn again."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": top, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=legend,
        dragmode=False,
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "xref": "container",
            "x": 0,
            "title": "",
        },
        font={"size": 13},
        hoverlabel={"font": {"size": 13}},
    )
    figure.update_xaxes(automargin=True, zeroline=False, gridcolor=_LINE, fixedrange=True)
    figure.update_yaxes(automargin=True, zeroline=False, gridcolor=_LINE, fixedrange=True)
    return figure
