"""The figure of ``bench lambdas``: what the two weights do to the codes, as distributions."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mirs_core.files import replace_file

_INCHES = (8.2, 3.1)


def draw(answer: Mapping[str, Any], path: Path) -> None:
    """Writes the figure as SVG; equal figures give equal files.

    Args:
        answer: the result of ``lambdas.run``.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, layout="constrained")
    left, right = figure.subplots(1, 2)
    _panel(left, answer["push"], "soft_codes", "lambda1: soft codes leave 0.5", "soft code h")
    _panel(right, answer["balance"], "ones", "lambda2: as many ones as zeros", "ones in a code")
    figure.suptitle(
        f"{answer['data']}, archive tiles, seed {answer['seed']}", fontsize=8, x=0.01, ha="left"
    )
    svg = io.StringIO()
    with rc_context({"svg.hashsalt": "lambdas"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    text = svg.getvalue().encode()
    replace_file(path, lambda handle: handle.write(text))


def _panel(axes: Any, rows: Sequence[Mapping[str, Any]], name: str, title: str, label: str) -> None:
    from matplotlib import colormaps

    shades = colormaps["plasma"]
    for place, row in enumerate(rows):
        shares, ends = row[name]["shares"], row[name]["ends"]
        width = (ends[1] - ends[0]) / len(shares)
        middles = [ends[0] + (i + 0.5) * width for i in range(len(shares))]
        colour = shades(0.88 * place / max(1, len(rows) - 1))
        axes.plot(middles, shares, color=colour, linewidth=1.6, label=f"{row['weight']:g}")
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(label, fontsize=8)
    axes.set_ylabel("share", fontsize=8)
    axes.grid(color="#e4ded4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8)
    axes.legend(fontsize=7, frameon=False, title="weight", title_fontsize=7)
