"""A figure a table: means with their intervals, seeds as dots, published numbers as open marks."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mirs_core.files import replace_file

_INK, _QUIET, _ACCENT, _PUBLISHED = "#22201d", "#8b8378", "#b4512d", "#4a6b8a"
_ROW_INCHES, _WIDTH_INCHES = 0.32, 7.2


def draw(table: Mapping[str, Any], title: str, path: Path) -> bool:
    """Writes the figure of a table as SVG; False where there is nothing to draw (yet)."""
    rows = [row for row in table["rows"] if row["state"] == "done" and "interval" in row]
    if not rows:
        return False
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    height = 1.1 + _ROW_INCHES * len(rows)
    figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        low, high = row["interval"]
        axes.plot([low, high], [place, place], color=_ACCENT, linewidth=2.2, solid_capstyle="round")
        seeds = list(row["seeds"].values())
        axes.scatter(seeds, [place] * len(seeds), s=9, color=_QUIET, zorder=3)
        axes.scatter([row["map"]], [place], s=46, color=_ACCENT, zorder=4)
        if row["published"] is not None:
            axes.scatter(
                [row["published"]], [place], s=42, marker="D", facecolor="none", color=_PUBLISHED
            )
    axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel(
        "mAP@64: mean, 95 % interval (bar), seeds (dots); published on DoMars16k (diamonds)",
        fontsize=8,
    )
    axes.set_title(f"{table['title']} · {title}", fontsize=10, loc="left", color=_INK)
    axes.grid(axis="x", color="#e4ded4", linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8)
    # Without a date or random names, equal reports give equal files.
    held = io.StringIO()
    with rc_context({"svg.hashsalt": str(table["key"])}):
        figure.savefig(held, format="svg", metadata={"Date": None})
    text = held.getvalue().encode()
    replace_file(path, lambda handle: handle.write(text))
    return True
