"""The common look of all figures: size, margins, grid, colours, and how they are drawn."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": [
        "zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d",
        "resetScale2d",
    ],
    "toImageButtonOptions": {"scale": 2},
}  # fmt: skip
_GRID = "rgba(128, 118, 110, 0.28)"
GREY = "#8c837b"
DIVERGING = [[0, "#5b74c9"], [0.5, "rgba(128, 118, 110, 0.04)"], [1, "#c2451f"]]
"""The colour scale of values with a neutral middle: blue, nothing, red."""


def show(figure: go.Figure, key: str, alt: str) -> None:
    """Draws a figure; ``alt`` describes it for screen readers."""
    st.plotly_chart(figure, key=key, theme="streamlit", config=_CONFIG, alt=alt)


def pick(figure: go.Figure, key: str, alt: str) -> int | None:
    """Draws a figure with clickable points; returns the ``customdata`` of the clicked one."""
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
    """Like ``pick``, but calls ``on_pick`` with the ``customdata`` before the page runs again."""

    def clicked() -> None:
        value = _clicked(st.session_state[key])
        if value is not None:
            on_pick(value)

    st.plotly_chart(
        figure,
        key=key,
        theme="streamlit",
        config=_CONFIG,
        alt=alt,
        on_select=clicked,
        selection_mode="points",
    )


def _clicked(event: Any) -> int | None:
    for point in event["selection"]["points"]:
        value = point.get("customdata")
        value = value[0] if isinstance(value, list) else value
        if isinstance(value, int | float):
            return int(value)
    return None


def small(figure: go.Figure, height: int) -> go.Figure:
    """Styles one of several small charts side by side, without its own legend."""
    return finished(figure, height, legend=False, top=6)


def finished(figure: go.Figure, height: int, *, legend: bool, top: int = 34) -> go.Figure:
    """Applies the common style. The height is fixed, so that nothing jumps on a redraw."""
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
    figure.update_xaxes(automargin=True, zeroline=False, gridcolor=_GRID, fixedrange=True)
    figure.update_yaxes(automargin=True, zeroline=False, gridcolor=_GRID, fixedrange=True)
    return figure


def faded(colour: str, alpha: float) -> str:
    """A ``#rrggbb`` colour with an opacity, as CSS."""
    red, green, blue = _rgb(colour)
    return f"rgba({red}, {green}, {blue}, {alpha:.2f})"


def shades(colour: str) -> list[list[Any]]:
    """A colour scale from the page's background to ``colour``.

    It is opaque, because Plotly picks the colour of the numbers in a cell by the cell's colour.
    """
    background = "#14110f" if st.context.theme.type == "dark" else "#fbf9f6"
    return [
        [0, _mixed("#807670", background, 0.08)],
        [0.02, _mixed(colour, background, 0.1)],
        [1, colour],
    ]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, background: str, share: float) -> str:
    pairs = zip(_rgb(colour), _rgb(background), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)
