"""What the archive tells of the query: its most likely landform, and whether its scale fits."""

from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.landform_map import CLOSE, FAR, SURE, Verdict
from mirs_core.mars.geography import written_place
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.whole_images import ImagePlace, scale_warning
from pages.parts import pictures
from pages.shared import loaders, state, words
from pages.shared.query_kinds.tile import Tile
from pages.shared.query_kinds.upload import Upload

_STATES = {SURE: "sure", CLOSE: "close call", FAR: "out of reach"}
_HELP = {
    SURE: "The nearest labelled tiles agree.",
    CLOSE: "The first class leads by less than half of the votes, so this may be another.",
    FAR: "Unlike every labelled tile: the nearest is farther away than that of nine in ten"
    " validation tiles, so this may be no class of the archive at all.",
}


def draw(searcher: Searcher, source: state.QuerySource) -> None:
    """Draws the most likely landform of a query without a label, and a warning about its scale."""
    if not isinstance(source, Tile | Upload):
        return
    place = None
    if isinstance(source, Upload):
        place = loaders.image_place(source.data, source.name)
    if place is not None:
        st.html(pictures.facts(_facts(place)))
    verdict = verdict_on(searcher, source)
    if verdict is not None:
        st.html(_verdict(verdict))
    if place is not None:
        _scale(searcher, place)


def verdict_on(searcher: Searcher, source: state.QuerySource) -> Verdict | None:
    """The most likely landform of a query; None with a label, and where nobody can vote."""
    try:
        query = source.query(searcher)
        if query.label is not None:
            return None
        panel = loaders.panel(searcher)
        return None if panel is None else panel.verdict(query)
    except MirsError:  # the results say why
        return None


def short(verdict: Verdict) -> str:
    """The verdict in a few words: "15 of 15 neighbours, sure"."""
    return f"{verdict.votes:.3g} of {verdict.k} neighbours, {_STATES[verdict.state]}"


def _verdict(verdict: Verdict) -> str:
    second = ""
    if verdict.state == CLOSE and verdict.runner_up is not None:
        second = f" Next: {escape(verdict.runner_up.lower())}."
    return (
        f'<div class="mirs-verdict" data-state="{escape(verdict.state)}"><p>Most likely</p>'
        f"<p>{words.chip(verdict.label)}</p><p><b>{short(verdict)}</b></p>"
        f"<p>{_HELP[verdict.state]}{second} An estimate, not an observation.</p></div>"
    )


def _facts(place: ImagePlace) -> list[tuple[str, str]]:
    text = written_place(place.latitude, place.longitude, 3, as_west=state.west())
    return [
        ("Image centre", escape(text).replace("° ", "°&nbsp;")),
        ("Pixel scale", f"{place.metres_per_pixel:.4g} m, {place.side:,.0f} m across"),
    ]


def _scale(searcher: Searcher, place: ImagePlace) -> None:
    usual = loaders.usual_width(searcher)
    warning = scale_warning(searcher, place.side, "This image", usual)
    if warning:
        st.html(f'<div class="mirs-verdict warn" role="note"><p>{escape(warning)}</p></div>')
