"""Images of tiles on the page with their scale bars, and the metadata beside them."""

from html import escape

from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from pages.components.tile_picture import TilePicture
from pages.shared import loaders, words

_LENGTHS = (("1 km", 1000), ("500 m", 500), ("100 m", 100), ("10 m", 10))
Scale = tuple[str, float]


def scale_bar(searcher: Searcher, tile_id: str) -> Scale | None:
    """The longest round length that fits, with its fraction of the image's side."""
    scale = searcher.metres_per_pixel(tile_id)
    if not scale:
        return None
    try:
        side = max(loaders.tile_size(searcher, tile_id))
    except MirsError:
        return None
    return scale_of(scale * side)


def scale_of(width: float | None) -> Scale | None:
    """The longest round length that fits in a picture of that width [m], if that is known."""
    for name, metres in _LENGTHS:
        if width and metres <= 0.9 * width:
            return name, metres / width
    return None


def of_tile(image: TilePicture, name: str, scale: Scale | None, tag: str = "Query") -> str:
    """The picture of a tile as HTML, with ``tag`` in its corner and the mark of its file."""
    return picture(image.uri, name, scale, tag, image.mark, image.about)


def picture(
    uri: str,
    name: str,
    scale: Scale | None,
    tag: str = "Query",
    mark: str = "",
    about: str = "",
) -> str:
    """An image as HTML, with ``tag`` in its corner unless that is empty.

    Args:
        mark, about: what is wrong with its file, see ``TilePicture``.
    """
    bar = ""
    if scale:
        length, share = scale
        bar = f'<div class="mirs-scale">{length}<i style="width:{share * 100:.1f}cqw"></i></div>'
    corner = f'<span class="mirs-tag">{escape(tag)}</span>' if tag else ""
    alt = f"{tag} tile: {name}" if tag else name
    if about:
        alt += f". {about}"
    if mark:
        corner += f'<span class="mirs-tag stale">{escape(mark)}</span>'
    return f'<div class="mirs-query"><img src="{uri}" alt="{escape(alt)}">{bar}{corner}</div>'


def about(searcher: Searcher, tile_id: str) -> list[tuple[str, str]]:
    """The metadata of a tile as names and HTML values for ``facts``.

    Strip names may only break after an underscore, coordinates only after a comma.
    """
    items, card = searcher.items, searcher.card
    row = items.row(tile_id)
    label, strip, location = items.labels[row], items.strips[row], words.location(searcher, tile_id)
    lines = [
        ("Landform", words.chip(label) if label else "<em>not labelled</em>"),
        (
            words.strip_term(searcher),
            escape(strip).replace("_", "_<wbr>") if strip else "<em>unknown</em>",
        ),
    ]
    if location.text:
        lines.append((location.name, escape(location.text).replace("° ", "°&nbsp;")))
    if card.synthetic:
        lines.append(("Imagery", "synthetic"))
    elif card.instrument:
        lines.append(("Instrument", escape(card.instrument)))
    return [*lines, ("Split", escape(words.SPLITS[items.roles[row]]))]


def facts(lines: list[tuple[str, str]]) -> str:
    """Names and values, one per line, as HTML; the values are HTML already."""
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in lines)
    return f'<dl class="mirs-facts">{rows}</dl>'
