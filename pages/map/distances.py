"""Distances on Mars between each model's results and the query, compared with chance."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import INVENTED, OWN_PLACE, STRIP_CENTRE
from mirs_core.landform_map.spread import Spread
from mirs_core.retrieval.search import Searcher
from pages.parts import sections
from pages.parts.model_results import ModelResults
from pages.shared import loaders, state

_VERDICTS = {
    "nearer": "Closer than chance",
    "like chance": "Consistent with chance",
    "farther": "Farther than chance",
}
_ABOUT = (
    "Mean great-circle distance from the query to a model's results, on a sphere of radius"
    " 3,396.19 km. Chance: mean over all tiles that pass the filters, and the central 95% of the"
    " means of 2,000 random samples of the same size."
)
_HEAD = ("Model", "Mean distance", "Chance")


def draw(searcher: Searcher, results: Sequence[tuple[ModelResults, str, str]]) -> None:
    """Draws one row per model, and notes on the coordinates."""
    sections.section("Distance on Mars", _ABOUT)
    if state.tile() is None:
        st.caption("Your image has no coordinates, so distances to its results are unknown.")
    else:
        rows = [_row(result, title, colour) for result, title, colour in results if result.hits]
        if rows:
            head = "".join(f"<th>{name}</th>" for name in _HEAD)
            st.html(
                '<div class="mirs-scroll"><table class="mirs-table mirs-spread"><thead>'
                f"<tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
            )
    st.caption(" ".join(_notes(searcher)))


def _row(result: ModelResults, title: str, colour: str) -> str:
    name = f'<th scope="row"><i class="mirs-swatch" style="--c:{colour}"></i>{escape(title)}</th>'
    place = _place(result)
    measured = None if place is None else measure(result, place)
    if measured is None:
        reason = "The query has no coordinates." if place is None else "No result has coordinates."
        return f'<tr>{name}<td colspan="2" class="mirs-quiet">{reason}</td></tr>'
    lacking = f", {measured.without_place} without coordinates" if measured.without_place else ""
    drawn = f" (of {measured.pool:,} drawn at random)" if measured.sampled else ""
    return (
        f"<tr>{name}<td><b>{measured.mean:,.0f} km</b><small>{_VERDICTS[measured.verdict]}</small>"
        f"<small>{measured.count} results{lacking}</small></td><td>{measured.chance:,.0f} km{drawn}"
        f"<small>95%: {measured.low:,.0f} to {measured.high:,.0f} km</small></td></tr>"
    )


def measure(result: ModelResults, place: tuple[float, float]) -> Spread | None:
    """Distances from a query's location to its results, compared with chance."""
    searcher = result.searcher
    rows = searcher.items.rows_of([hit.id for hit in result.hits])
    return loaders.distance_spread(searcher, place, rows, result.query, result.filters)


def _place(result: ModelResults) -> tuple[float, float] | None:
    if result.query.tile_id is None:
        return None
    items = result.searcher.items
    return place_of(items, items.row(result.query.tile_id))


def place_of(items: Items, row: int) -> tuple[float, float] | None:
    """Latitude and longitude of a tile, degrees north and from 0 to 360 east; None if unknown."""
    latitude, longitude = items.latitudes[row], items.longitudes[row]
    if latitude is None or longitude is None:
        return None
    return latitude, longitude % 360


def _notes(searcher: Searcher) -> list[str]:
    """What the coordinates refer to, and how many tiles have none."""
    items = searcher.items
    notes = []
    kinds = _kinds(items)
    if searcher.card.synthetic or kinds[INVENTED]:
        notes.append("These tiles have synthetic coordinates, so the distances are not real.")
    if kinds[STRIP_CENTRE]:
        notes.append(
            f"For {kinds[STRIP_CENTRE]:,} tiles only the strip centre is known: tiles of one strip"
            " are drawn fanned out around it and count as 0 km apart. A strip can be 5° long, about"
            " 300 km."
        )
    elif kinds[INVENTED]:
        notes.append("Tiles of one strip share its centre and are drawn fanned out around it.")
    if kinds[OWN_PLACE]:
        notes.append(f"{kinds[OWN_PLACE]:,} tiles have their own coordinates.")
    if kinds[""]:
        lack = "has no coordinates and is" if kinds[""] == 1 else "have no coordinates and are"
        notes.append(f"{kinds['']:,} of {len(items):,} tiles {lack} not on the map.")
    return notes


def _kinds(items: Items) -> dict[str, int]:
    """Number of tiles by kind of coordinates; "" for those not on the map."""
    on_map = items.latitudes.present() & items.longitudes.present()
    counts = dict.fromkeys((OWN_PLACE, STRIP_CENTRE, INVENTED, ""), 0)
    for kind, count in items.places.counts(on_map).items():
        counts[kind or ""] += count
    counts[""] += len(items) - int(np.count_nonzero(on_map))
    return counts
