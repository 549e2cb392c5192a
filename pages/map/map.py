"""Map of Mars: locations of tiles and results, selected tiles, distances, landform estimate."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.workspace.home import Home
from pages.map import distances, estimate, map_layers, no_coordinates, planet, similarity_layer
from pages.parts import (
    filter_panel,
    model_results,
    notice,
    opening,
    picker,
    region_filter,
    sections,
    selection,
)
from pages.parts.model_results import ModelResults
from pages.shared import lineup, link, loaders, palette, session_files, sidebar, state, words

_HOW = (
    "Draw a box (or hold Shift), a circle or a polygon on the map, click a group of tiles, or"
    " select a strip."
)


def main() -> None:
    """Draws the page."""
    link.restore_map()
    opened = opening.opened()
    if opened is None:
        return
    _, data_set, models = opened
    session_files.draw(data_set, models)
    notice.draw()
    st.html(
        '<div class="mirs-head"><h2>Map of Mars</h2>'
        "<p>Tile locations: hover to preview, click to use as the query, draw a region to"
        " select</p></div>"
    )
    if not models:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")
    else:
        _part()(data_set, models)
    if data_set.synthetic:
        sidebar.synthetic()
    link.write_link(link.map_link())


def _part() -> Callable[[lineup.DataSet, list[str]], None]:
    """Draws the tabs; returns the function that draws the selected one."""
    return _PARTS[sections.part(_TITLES, state.MAP_PART)]


def _map(data_set: lineup.DataSet, models: list[str]) -> None:
    try:
        searcher = loaders.searcher(models[0])
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    bits = [run.bits for run in data_set.runs if run.id in models and run.bits]
    picker.keep_a_query(searcher)
    filter_panel.draw(searcher, max(bits, default=None))
    if no_coordinates.is_wanted(searcher):
        no_coordinates.draw(searcher)
        return
    titles = sidebar.titles(data_set.runs)
    layers = map_layers.draw(searcher, {run: titles[run] for run in models})
    results = _results(data_set, models)
    similarity = similarity_layer.computed(results)
    if similarity is not None:
        layers = replace(layers, similarity=similarity_layer.layer(similarity))
    planet.draw(searcher, results, layers)
    if similarity is not None:
        similarity_layer.draw(similarity)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _region()
        tiles = selection.tiles(searcher)
        selection.draw(searcher, tiles, _HOW, "on the map of Mars")
    with right:
        distances.draw(searcher, results)


def _estimate(data_set: lineup.DataSet, models: list[str]) -> None:
    """The landform estimate of the unlabelled tiles in a model's archive."""
    run = models[0]
    if len(models) > 1:
        titles = sidebar.titles(data_set.runs)
        run = st.selectbox(
            "Model", models, len(models) - 1, format_func=titles.__getitem__,
            key="mirs.map.estimate.run", width=420,
        )  # fmt: skip
    try:
        estimate.draw(loaders.searcher(run), Home.current())
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")


def _results(data_set: lineup.DataSet, models: list[str]) -> list[tuple[ModelResults, str, str]]:
    """Results, title and colour of each model; draws the errors of those that fail."""
    titles = sidebar.titles(data_set.runs)
    outcomes = model_results.search_all(models)
    for outcome in outcomes:
        if isinstance(outcome, str):
            st.error(words.plain(outcome), icon=":material/error:")
    styles = palette.models([run for run in data_set.runs if run.id in models], titles)
    colours = {model.id: model.colour for model in styles}
    results = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    return [
        (result, titles[result.searcher.summary.id], colours[result.searcher.summary.id])
        for result in results
    ]


def _region() -> None:
    """What can be done with the region that is drawn."""
    region = state.drawn()
    if region is None or region == state.region():
        return
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-map-box"):
        st.button(
            "Filter to this region", icon=":material/filter_alt:", type="primary",
            on_click=state.search_in, args=(region,),
            help="Restricts results on all pages to tiles in this region",
        )  # fmt: skip
        region_filter.download(region, "mirs.map.box.save")
        text = region.written(as_west=state.west())
        st.caption(text[0].upper() + text[1:])


_PARTS = {"map": _map, "estimate": _estimate}
_TITLES = {"map": "Map", "estimate": "Landform estimate"}

main()
