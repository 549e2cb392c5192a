"""How far the results of each model lie from the query on Mars, beside chance."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import INVENTED, OWN_PLACE, STRIP_CENTRE
from mirs_core.landform_map import spread
from mirs_core.landform_map.spread import Spread
from mirs_core.retrieval.search import Searcher
from pages.parts import sections
from pages.parts.answers import Answer
from pages.shared import loaders, state

_SAID = {
    "nearer": "Nearer than chance",
    "like chance": "Like chance",
    "farther": "Farther than chance",
}
_ABOUT = (
    "Mean great-circle distance of a model's results to the query, on a sphere of 3,396.19 km. By"
    " chance: the mean over all tiles that the filters let through, and the middle 95 % of the"
    " means of as many tiles drawn from them 2,000 times."
)
_HEAD = ("Model", "Mean distance", "By chance")


def draw(searcher: Searcher, found: Sequence[tuple[Answer, str, str]]) -> None:
    """Draws a line a model, and what the places are the places of."""
    sections.section("Distance on Mars", _ABOUT)
    if state.upload() is not None:
        st.caption("Your own image has no place on Mars, so its results are at no distance.")
    else:
        rows = [_row(answer, title, colour) for answer, title, colour in found if answer.hits]
        if rows:
            head = "".join(f"<th>{name}</th>" for name in _HEAD)
            st.html(
                '<div class="mirs-scroll"><table class="mirs-table mirs-spread"><thead>'
                f"<tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
            )
    st.caption(" ".join(_notes(searcher)))


def _row(answer: Answer, title: str, colour: str) -> str:
    name = f'<th scope="row"><i class="mirs-swatch" style="--c:{colour}"></i>{escape(title)}</th>'
    place = _place(answer)
    measured = None if place is None else measure(answer, place)
    if measured is None:
        why = "The query has no known place." if place is None else "No result has a known place."
        return f'<tr>{name}<td colspan="2" class="mirs-quiet">{why}</td></tr>'
    lacking = f", {measured.without_place} without a place" if measured.without_place else ""
    return (
        f"<tr>{name}<td><b>{measured.mean:,.0f} km</b><small>{_SAID[measured.verdict]}</small>"
        f"<small>{measured.count} results{lacking}</small></td><td>{measured.chance:,.0f} km"
        f"<small>95 %: {measured.low:,.0f} to {measured.high:,.0f} km</small></td></tr>"
    )


def measure(answer: Answer, place: tuple[float, float]) -> Spread | None:
    """The distances of an answer's results to the place of its query, beside chance."""
    searcher = answer.searcher
    rows = np.array([searcher.items.row(hit.id) for hit in answer.hits], dtype=np.int64)
    candidates = searcher.candidates(answer.query, answer.filters)
    return loaders.spread_of(searcher, place, rows, candidates)


def _place(answer: Answer) -> tuple[float, float] | None:
    if answer.query.tile_id is None:
        return None
    items = answer.searcher.items
    row = items.row(answer.query.tile_id)
    latitudes, longitudes = spread.places(items)
    if not np.isfinite(latitudes[row]):
        return None
    return float(latitudes[row]), float(longitudes[row])


def _notes(searcher: Searcher) -> list[str]:
    """What the places are the places of, and how many tiles have none."""
    items = searcher.items
    found = []
    kinds = _kinds(items)
    if searcher.card.synthetic or kinds[INVENTED]:
        found.append("These tiles are synthetic: their places are invented, and so are distances.")
    if kinds[STRIP_CENTRE]:
        found.append(
            f"Of {kinds[STRIP_CENTRE]:,} tiles only the strip's centre is known: tiles of one strip"
            " share it, are fanned out around it here and count as 0 km apart. A strip can be 5"
            " degrees long, about 300 km."
        )
    elif kinds[INVENTED]:
        found.append("Tiles of one strip share its centre and are fanned out around it.")
    if kinds[OWN_PLACE]:
        found.append(f"{kinds[OWN_PLACE]:,} tiles have a place of their own.")
    if kinds[""]:
        lack = "has no known place and is" if kinds[""] == 1 else "have no known place and are"
        found.append(f"{kinds['']:,} of {len(items):,} tiles {lack} not on the map.")
    return found


def _kinds(items: Items) -> dict[str, int]:
    """How many tiles have each kind of place; "" those that are not on the map."""
    known = np.isfinite(spread.places(items)[0])
    counts = dict.fromkeys((OWN_PLACE, STRIP_CENTRE, INVENTED, ""), 0)
    for kind, there in zip(items.places, known, strict=True):
        counts[kind if there else ""] += 1
    return counts
