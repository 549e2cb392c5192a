"""The comparison of models as a figure for a paper: the query, and a row of results per model."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mirs_core.datasets.card import UNKNOWN
from mirs_core.datasets.images import Pixels, read_image
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.export_info import SOFTWARE
from mirs_core.exchange.exports.tile_export import ModelResults, TileExport
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.tile_files import TileState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["png", "pdf"]
_WIDTH, _DPI = 6.9, 300
"""Inches and dots per inch: the width of a two-column page."""
_SAME, _OTHER, _INK, _QUIET = "#0f7d6e", "#b8b0a6", "#22201d", "#6f6860"
_TITLE: dict[str, Any] = {"loc": "left", "fontsize": 7.5, "color": _INK, "pad": 4}
_CHANGED = " * The file has changed since it was archived."
_LENGTHS = (("10 km", 10_000), ("5 km", 5_000), ("1 km", 1_000), ("500 m", 500), ("100 m", 100))


def figure_of(export: TileExport, file_format: Kind) -> bytes:
    """The figure of an export of search results.

    Raises:
        ValueError: the export has no comparison.
        DataError, ImageError: the query's file is gone or cannot be read.
    """
    comparison = export.comparison
    if comparison is None:
        raise ValueError("only search results can be drawn beside their query")
    searcher, info, query = export.searcher, comparison.info, comparison.query
    if isinstance(query, bytes):
        pixels, scale, changed = read_image(query, info.query), None, False
    else:
        pixels = searcher.files.pixels(query)
        scale = searcher.metres_per_pixel(query)
        changed = searcher.files.state(query) == TileState.CHANGED
    card = searcher.card
    instrument = "" if card.synthetic or card.instrument == UNKNOWN else f", {card.instrument}"
    footer = f"{card.title}{instrument}. k = {info.k}, {info.filters.description()}. {SOFTWARE}."
    return comparison_figure(
        pixels,
        info.query_file,
        comparison.models,
        footer,
        file_format,
        scale=scale,
        changed=changed,
    )


def comparison_figure(
    query: Pixels,
    name: str,
    models: Sequence[ModelResults],
    footer: str,
    file_format: Kind,
    columns: int = 8,
    scale: float | None = None,
    changed: bool = False,
) -> bytes:
    """The figure as PNG (300 dpi) or as PDF with embedded fonts, 17.5 cm wide.

    Relevant results have a thick dark green frame, others a thin grey one, so that they can be told
    apart without colour.

    Args:
        query: pixels of the query.
        name: caption of the query.
        footer: data set, credit, k and filters in one line.
        columns: largest number of results per row.
        scale: metres per pixel of the query, for a scale bar; None if it is unknown.
        changed: whether the query's file has changed since it was archived.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    cell = _WIDTH / (columns + 2.1)
    height = max(2, len(models)) * (cell + 0.42) + 0.45
    with rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans", "font.size": 6.5}):
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
        grid = figure.add_gridspec(
            len(models), columns + 2, width_ratios=[1.75, 0.1, *[1] * columns],
            left=0.01, right=0.99, top=1 - 0.3 / height, bottom=0.42 / height,
            wspace=0.08, hspace=0.62,
        )  # fmt: skip
        axes = figure.add_subplot(grid[:, 0])
        _query(axes, query, name, scale)
        axes.set_title("Query*" if changed else "Query", **_TITLE)
        for line, model in enumerate(models):
            for place, hit in enumerate(model.hits[:columns]):
                axes = figure.add_subplot(grid[line, place + 2])
                _result(axes, model.searcher, hit)
                if place == 0:
                    score = "" if model.score is None else f"   AP@64 {model.score:.2f}"
                    axes.set_title(model.title + score, **_TITLE)
        if changed or _any_changed(models, columns):
            footer += _CHANGED
        if models[0].searcher.card.synthetic:
            footer = f"SYNTHETIC TILES, not imagery. {footer}"
        figure.text(0.01, 0.1 / height, footer, fontsize=5.6, color=_QUIET, va="bottom")
        out = BytesIO()
        # Without a date, equal comparisons are equal files.
        no_date: dict[str, Any] = (
            {"CreationDate": None} if file_format == "pdf" else {"Software": None}
        )
        figure.savefig(out, format=file_format, dpi=_DPI, metadata=no_date)
    return out.getvalue()


def _query(axes: "Axes", pixels: Pixels, name: str, scale: float | None) -> None:
    _picture(axes, pixels)
    axes.set_anchor("N")
    _frame(axes, _INK, 1.2)
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
        _picture(axes, searcher.files.pixels(hit.id))
    except MirsError:
        axes.text(0.5, 0.5, "file missing", ha="center", fontsize=6, color=_QUIET)
        axes.set_box_aspect(1)
        axes.set_xticks([])
        axes.set_yticks([])
    if hit.relevant:
        _frame(axes, _SAME, 2.4)
    else:
        _frame(axes, _OTHER, 0.6)
    value = f"{hit.distance:.0f} bits" if searcher.unit == "bits" else f"{hit.distance:.2f}"
    name = _short(describe(hit.label).name) if hit.label else ""
    if searcher.files.state(hit.id) == TileState.CHANGED:
        name += "*"
    axes.set_xlabel(f"{hit.rank} · {value}\n{name}", fontsize=5.4, color=_INK, labelpad=2.5)


def _any_changed(models: Sequence[ModelResults], columns: int) -> bool:
    return any(
        model.searcher.files.state(hit.id) == TileState.CHANGED
        for model in models
        for hit in model.hits[:columns]
    )


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
