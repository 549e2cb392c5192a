"""A comparison as a figure for a paper: the query, and a row of results for each model."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mirs_core.datasets.images import Pixels, read_image
from mirs_core.errors import MirsError
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Hit, Searcher

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["png", "pdf"]
_WIDTH, _DPI = 6.9, 300
"""Inches: the width of a page of two columns."""
_SAME, _OTHER, _INK, _QUIET = "#0f7d6e", "#b8b0a6", "#22201d", "#6f6860"
_LENGTHS = (("10 km", 10_000), ("5 km", 5_000), ("1 km", 1_000), ("500 m", 500), ("100 m", 100))


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What one model found. ``score`` is AP@64 of this query, None where there is none."""

    title: str
    searcher: Searcher
    hits: Sequence[Hit]
    score: float | None = None


def comparison(
    query: Pixels,
    name: str,
    models: Sequence[ModelRow],
    footer: str,
    kind: Kind,
    shown: int = 8,
    scale: float | None = None,
) -> bytes:
    """The figure as PNG (300 dpi) or as PDF with its fonts inside, 17.5 cm wide.

    Relevant results have a thick dark green frame, others a thin grey one: it reads without colour.

    Args:
        query: the query tile's pixels.
        name: what the query is called below its picture.
        footer: data set, credit, k and filters, in a line.
        shown: results in a row, at most.
        scale: metres a pixel of the query, for a bar; None where it is not known.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    cell = _WIDTH / (shown + 2.1)
    height = max(2, len(models)) * (cell + 0.42) + 0.45
    with rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans", "font.size": 6.5}):
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
        grid = figure.add_gridspec(
            len(models), shown + 2, width_ratios=[1.75, 0.1, *[1] * shown],
            left=0.01, right=0.99, top=1 - 0.3 / height, bottom=0.42 / height,
            wspace=0.08, hspace=0.62,
        )  # fmt: skip
        _query(figure.add_subplot(grid[:, 0]), query, name, scale)
        for line, model in enumerate(models):
            for place, hit in enumerate(model.hits[:shown]):
                axes = figure.add_subplot(grid[line, place + 2])
                _result(axes, model.searcher, hit)
                if place == 0:
                    score = "" if model.score is None else f"   AP@64 {model.score:.2f}"
                    axes.set_title(model.title + score, loc="left", fontsize=7.5, color=_INK, pad=4)
        if models[0].searcher.card.synthetic:
            footer = f"SYNTHETIC TILES, not imagery. {footer}"
        figure.text(0.01, 0.1 / height, footer, fontsize=5.6, color=_QUIET, va="bottom")
        out = BytesIO()
        # Without a date equal comparisons give equal files.
        dateless: dict[str, Any] = {"CreationDate": None} if kind == "pdf" else {"Software": None}
        figure.savefig(out, format=kind, dpi=_DPI, metadata=dateless)
    return out.getvalue()


def _query(axes: "Axes", pixels: Pixels, name: str, scale: float | None) -> None:
    _picture(axes, pixels)
    axes.set_anchor("N")
    _frame(axes, _INK, 1.2)
    axes.set_title("Query", loc="left", fontsize=7.5, color=_INK, pad=4)
    axes.set_xlabel(name, fontsize=6, color=_INK, loc="left", wrap=True)
    side = max(pixels.shape[:2])
    for text, metres in _LENGTHS:
        if scale and metres <= 0.8 * scale * side:
            long = metres / scale
            low = pixels.shape[0] * 0.94
            axes.plot([side * 0.05, side * 0.05 + long], [low, low], color="white", linewidth=2.4)
            axes.text(
                side * 0.05, low - side * 0.03, text, color="white", fontsize=6, weight="bold"
            )
            break


def _result(axes: "Axes", searcher: Searcher, hit: Hit) -> None:
    try:
        _picture(axes, read_image(searcher.image_path(hit.id)))
    except MirsError:
        axes.text(0.5, 0.5, "file gone", ha="center", fontsize=6, color=_QUIET)
    if hit.relevant:
        _frame(axes, _SAME, 2.4)
    else:
        _frame(axes, _OTHER, 0.6)
    value = f"{hit.distance:.0f} bits" if searcher.unit == "bits" else f"{hit.distance:.2f}"
    name = describe(hit.label).name if hit.label else ""
    axes.set_xlabel(f"{hit.rank} · {value}\n{_short(name)}", fontsize=5.4, color=_INK, labelpad=2.5)


def _short(name: str) -> str:
    return name.removesuffix(" Terrain").replace("Aeolian ", "Aeol. ")


def _picture(axes: "Axes", pixels: Pixels) -> None:
    axes.imshow(np.asarray(pixels), cmap="gray", vmin=0, vmax=255, interpolation="lanczos")
    axes.set_xticks([])
    axes.set_yticks([])


def _frame(axes: "Axes", colour: str, width: float) -> None:
    for side in axes.spines.values():
        side.set_color(colour)
        side.set_linewidth(width)
