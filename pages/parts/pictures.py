"""Tiles as pictures on the page: with a scale bar, large, and with what the encoder looks at."""

from html import escape

from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from pages.shared import loaders, words

_LENGTHS = (("1 km", 1000), ("500 m", 500), ("100 m", 100), ("10 m", 10))
Scale = tuple[str, float]


def scale_bar(searcher: Searcher, tile_id: str) -> Scale | None:
    """The longest round length that fits, with its share of the picture's side."""
    scale = searcher.metres_per_pixel(tile_id)
    if not scale:
        return None
    try:
        side = max(loaders.size(searcher, tile_id))
    except MirsError:
        return None
    for name, metres in _LENGTHS:
        if metres <= 0.9 * scale * side:
            return name, metres / (scale * side)
    return None


def picture(uri: str, name: str, scale: Scale | None, tag: str = "Query") -> str:
    """A picture as markup; ``tag`` stands in its corner, nothing where it is empty."""
    bar = ""
    if scale:
        length, share = scale
        bar = f'<div class="mirs-scale">{length}<i style="width:{share * 100:.1f}cqw"></i></div>'
    corner = f'<span class="mirs-tag">{escape(tag)}</span>' if tag else ""
    alt = f"{tag} tile: {name}" if tag else name
    return f'<div class="mirs-query"><img src="{uri}" alt="{escape(alt)}">{bar}{corner}</div>'


def about(searcher: Searcher, tile_id: str) -> list[tuple[str, str]]:
    """What is known of a tile, as names and markup for ``facts``.

    Names of strips may break after an underscore only.
    """
    items, card = searcher.items, searcher.card
    row = items.row(tile_id)
    label, strip, place = items.labels[row], items.strips[row], words.place(searcher, tile_id)
    found = [
        ("Landform", words.chip(label) if label else "<em>not labelled</em>"),
        ("Strip", escape(strip).replace("_", "_<wbr>") if strip else "<em>not known</em>"),
    ]
    if place:
        found.append((words.place_name(searcher, tile_id), escape(place)))
    if card.synthetic:
        found.append(("Imagery", "synthetic"))
    elif card.instrument:
        found.append(("Camera", escape(card.instrument)))
    return [*found, ("Role", escape(words.ROLES[items.roles[row]]))]


def facts(found: list[tuple[str, str]]) -> str:
    """Names and values, one a line; the values are markup already."""
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in found)
    return f'<dl class="mirs-facts">{rows}</dl>'
