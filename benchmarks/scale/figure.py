"""The figure of ``bench scale``: seconds over tiles, both on logarithmic axes."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mirs_core.files import replace_file

_INCHES = (8.2, 4.2)
_LINES = {
    "pass_s": ("one pass over the codes", "#8a8178", "--"),
    "query_s": ("query, 64 hits with all columns", "#b5432a", "-"),
    "filtered_s": ("query, filter of 1 %", "#d98c3f", "-"),
    "queries_64_s": ("64 queries", "#7a2f5f", "-"),
    "ap_s": ("AP of a query", "#2f7d6d", "-"),
    "open_s": ("open", "#2b5c8a", "-"),
    "append_s": ("append 10,000 tiles", "#6b8fb5", "-"),
    "numpy_s": ("query by NumPy", "#555555", ":"),
    "faiss_s": ("query by FAISS as it comes", "#000000", ":"),
    "usearch_s": ("query by usearch (approximate)", "#4a9a3c", ":"),
}


def draw(answer: Mapping[str, Any], path: Path) -> None:
    """Writes the figure as SVG; equal figures give equal files.

    Args:
        answer: the result of ``bench.run``.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, layout="constrained")
    axes = figure.subplots()
    for name, (label, colour, style) in _LINES.items():
        points = [(row["n"], row[name]) for row in answer["rows"] if row.get(name) is not None]
        if points:
            axes.plot(
                *zip(*points, strict=True),
                color=colour,
                linestyle=style,
                linewidth=1.6,
                marker="o",
                markersize=3,
                label=label,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("tiles", fontsize=9)
    axes.set_ylabel("seconds", fontsize=9)
    axes.grid(color="#e4ded4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    svg = io.StringIO()
    with rc_context({"svg.hashsalt": "scale"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    text = svg.getvalue().encode()
    replace_file(path, lambda handle: handle.write(text))
