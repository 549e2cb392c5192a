"""The comparison of models as a figure for a paper: the query, and a row of results per model."""

import textwrap
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mirs_core.datasets.card import UNKNOWN
from mirs_core.datasets.images import Pixels, read_image
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.export_info import SOFTWARE
from mirs_core.exchange.exports.tile_export import Comparison, ModelResults, TileExport
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.hits import Hit
from mirs_core.retrieval.tile_files import TileState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["png", "pdf"]
_WIDTH, _DPI = 6.9, 300
"""Inches and dots per inch: the width of a two-column page."""
_SAME, _OTHER, _INK, _QUIET = "#0f7d6e", "#b8b0a6", "#22201d", "#6f6860"
_TITLE: dict[str, Any] = {"loc": "left", "fontsize": 7.5, "color": _INK, "pad": 4}
_CHANGED = " * The file has changed since it was archived."
_KEY = " Thick dark frame: same class as the query; thin grey frame: another class or none."
_COLUMNS, _NAMED = 8, 4
# Points that texts may be wide: below the query, below a result, above a row; letters of a footer.
_QUERY_WIDTH, _CAPTION_WIDTH, _TITLE_WIDTH, _FOOTER_LENGTH = 82.0, 47.0, 330.0, 140
_QUERY_LINES = 5
_LINE = 0.1
"""Inches of a line of the footer."""
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
    footer = f"{card.title}{instrument}. {_about(comparison)} {SOFTWARE}."
    return comparison_figure(
        pixels,
        info.query_file,
        comparison.models,
        footer,
        file_format,
        scale=scale,
        changed=changed,
    )


def _about(comparison: Comparison) -> str:
    """Query, examples, order, number of results and filters, in sentences."""
    info = comparison.info
    orders = list(dict.fromkeys(info.ranked_by.values()))
    if len(orders) > 1:
        orders = [f"{info.models.get(run, run)} by {by}" for run, by in info.ranked_by.items()]
    most = max((len(model.hits) for model in comparison.models), default=0)
    return " ".join(
        [
            f"Query: {info.query_file}.",
            *_examples("More like", info.more_like),
            *_examples("Less like", info.less_like),
            f"Ranked by {'; '.join(orders)}.",
            f"The first {min(_COLUMNS, most)} of {most} results; {info.filters.description()}.",
        ]
    )


def _examples(title: str, tiles: Sequence[str]) -> list[str]:
    names = [tile.rsplit("/", 1)[-1] for tile in tiles[:_NAMED]]
    more = f" and {len(tiles) - _NAMED} more" if len(tiles) > _NAMED else ""
    return [f"{title} {', '.join(names)}{more}."] if tiles else []


def comparison_figure(
    query: Pixels,
    name: str,
    models: Sequence[ModelResults],
    footer: str,
    file_format: Kind,
    columns: int = _COLUMNS,
    scale: float | None = None,
    changed: bool = False,
) -> bytes:
    """The figure as PNG (300 dpi) or as PDF with embedded fonts, 17.5 cm wide.

    Relevant results have a thick dark green frame, others a thin grey one, so that they can be told
    apart without colour.

    Args:
        query: pixels of the query.
        name: caption of the query.
        footer: data set, query, order and filters; it is broken into lines.
        columns: largest number of results per row.
        scale: metres per pixel of the query, for a scale bar; None if it is unknown.
        changed: whether the query's file has changed since it was archived.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    footer = _whole_footer(footer, models, changed or _any_changed(models, columns))
    cell = _WIDTH / (columns + 2.1)
    below = 0.34 + _LINE * len(footer.splitlines())
    height = max(2, len(models)) * (cell + 0.42) + below + 0.03
    with rc_context({"pdf.fonttype": 42, "font.family": "DejaVu Sans", "font.size": 6.5}):
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
        grid = figure.add_gridspec(
            len(models), columns + 2, width_ratios=[1.75, 0.1, *[1] * columns],
            left=0.01, right=0.99, top=1 - 0.3 / height, bottom=below / height,
            wspace=0.08, hspace=0.62,
        )  # fmt: skip
        axes = figure.add_subplot(grid[:, 0])
        _query(axes, query, name, scale)
        axes.set_title("Query*" if changed else "Query", **_TITLE)
        for line, model in enumerate(models):
            for place, hit in enumerate(model.hits[:columns]):
                axes = figure.add_subplot(grid[line, place + 2])
                _result(axes, model, hit)
                if place == 0:
                    score = "" if model.score is None else f"   AP@64 {model.score:.2f}"
                    axes.set_title(_short(model.title, 7.5, _TITLE_WIDTH) + score, **_TITLE)
        figure.text(0.01, 0.1 / height, footer, fontsize=5.6, color=_QUIET, va="bottom")
        out = BytesIO()
        # Without a date, equal comparisons are equal files.
        no_date: dict[str, Any] = (
            {"CreationDate": None} if file_format == "pdf" else {"Software": None}
        )
        figure.savefig(out, format=file_format, dpi=_DPI, metadata=no_date)
    return out.getvalue()


def _whole_footer(footer: str, models: Sequence[ModelResults], changed: bool) -> str:
    """The footer with the key to the frames and what has to be said about the tiles, in lines."""
    if any(hit.relevant is not None for model in models for hit in model.hits):
        footer += _KEY
    if changed:
        footer += _CHANGED
    if models[0].searcher.card.synthetic:
        footer = f"SYNTHETIC TILES, not imagery. {footer}"
    return textwrap.fill(footer, _FOOTER_LENGTH)


def _query(axes: "Axes", pixels: Pixels, name: str, scale: float | None) -> None:
    _picture(axes, pixels)
    axes.set_anchor("N")
    _frame(axes, _INK, 1.2)
    axes.set_xlabel(_wrapped(name), fontsize=6, color=_INK, loc="left")
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


def _result(axes: "Axes", model: ModelResults, hit: Hit) -> None:
    searcher, ranked = model.searcher, model.ranked_by
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
    name = _short(_landform(hit.label), 5.4, _CAPTION_WIDTH) if hit.label else ""
    if searcher.files.state(hit.id) == TileState.CHANGED:
        name += "*"
    axes.set_xlabel(
        f"{hit.rank} · {ranked.caption(hit.distance)}\n{name}",
        fontsize=5.4,
        color=_INK,
        labelpad=2.5,
    )


def _any_changed(models: Sequence[ModelResults], columns: int) -> bool:
    return any(
        model.searcher.files.state(hit.id) == TileState.CHANGED
        for model in models
        for hit in model.hits[:columns]
    )


def _landform(label: str) -> str:
    return describe(label).name.removesuffix(" Terrain").replace("Aeolian ", "Aeol. ")


def _width(text: str, size: float) -> float:
    """How many points wide a text is in a font size, kerning left out."""
    return size * sum(map(_letter_width, text))


@lru_cache(maxsize=1024)
def _letter_width(letter: str) -> float:
    """The width of a letter in a font of one point."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties("DejaVu Sans", size=100)
    width: float = text_to_path.get_text_width_height_descent(letter, font, ismath=False)[0]
    return width / 100


def _short(text: str, size: float, most: float) -> str:
    """The text, cut where it would be wider than ``most`` points."""
    if _width(text, size) <= most:
        return text
    while text and _width(f"{text}…", size) > most:
        text = text[:-1]
    return f"{text}…"


def _wrapped(name: str) -> str:
    """The name of the query in lines of equal length; names of files have no blanks to break at."""
    for letters in range(60, 4, -1):
        lines = textwrap.wrap(name, letters) or [""]
        if all(_width(line, 6) <= _QUERY_WIDTH for line in lines):
            break
    if len(lines) > _QUERY_LINES:
        lines[_QUERY_LINES - 1 :] = [lines[_QUERY_LINES - 1][:-1] + "…"]
    return "\n".join(lines)


def _picture(axes: "Axes", pixels: Pixels) -> None:
    axes.imshow(np.asarray(pixels), cmap="gray", vmin=0, vmax=255, interpolation="lanczos")
    axes.set_xticks([])
    axes.set_yticks([])


def _frame(axes: "Axes", colour: str, width: float) -> None:
    for side in axes.spines.values():
        side.set_color(colour)
        side.set_linewidth(width)
