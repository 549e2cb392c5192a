"""The projections of the page: points, colours, hover cards, query and selection."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.jobs.kinds.project import Project
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.components.space_map.space_map import (
    HoverCard,
    SpaceContent,
    hover_cards,
    space_map,
)
from pages.parts import filter_panel, model_results, selection, tile_card
from pages.shared import loaders, state, words
from pages.space import drawn as drawn_tiles
from pages.space import sides as sides_of
from pages.space import space_colours
from pages.space.drawn import Drawn
from pages.space.sides import Panel

_KEY, _CARDS = "mirs.space.map", "mirs.space.peek"


def points_choice(searcher: Searcher) -> int:
    """Draws the choice of how many tiles of a large run are drawn; returns their number."""
    count = len(searcher.items)
    numbers = drawn_tiles.numbers(count)
    if len(numbers) == 1:
        return numbers[0]
    if st.session_state.get(state.POINTS) not in numbers:
        st.session_state[state.POINTS] = numbers[0]
    chosen = st.segmented_control(
        "Tiles drawn", numbers, required=True, key=state.POINTS,
        format_func=lambda number: f"All {number:,}" if number == count else f"{number:,}",
        help="A random sample, with the query and its results. More tiles take a few seconds to"
        " draw. A lasso selects drawn tiles only.",
    )  # fmt: skip
    return chosen or numbers[0]


def draw(home: Home, models: Sequence[tuple[str, str, Searcher]], mode: str, most: int) -> None:
    """Draws the projections of one or two models, or the progress of computing them.

    Args:
        models: run, title and searcher of each; the points are the tiles of the first.
        mode: what the colours of the points show, see ``space_colours``.
        most: the number of tiles to draw, see ``points_choice``.
    """
    space_maps = {run: loaders.space_map(run) for run, _, _ in models}
    if missing := [run for run, space in space_maps.items() if space is None]:
        for run in missing:
            _missing(home, run)
        return
    first, items = models[0][0], models[0][2].items
    panels = [
        Panel(run, title, searcher, space, loaders.order(first, run))
        for run, title, searcher in models
        if (space := space_maps[run]) is not None
    ]
    colouring, codes = space_colours.colouring(
        mode,
        [panel.run for panel in panels],
        [panel.searcher for panel in panels],
        [panel.order for panel in panels],
    )
    queries = [_query(panel.searcher) for panel in panels]
    query = _row_of(queries[0], panels[0].searcher)
    hits = [
        _hits(panel, query, panels[0].searcher)
        for panel, query in zip(panels, queries, strict=True)
    ]
    drawn = drawn_tiles.choose(len(items), most, [query, *(row for rows in hits for row in rows)])
    sides = sides_of.of_panels(panels, drawn, hits, colouring, codes)
    if query is not None and query == len(items):
        colouring, sides = sides_of.with_own_image(panels, queries, drawn, colouring, sides)
        query = len(drawn.rows)
    elif query is not None:
        query = int(drawn.points_of(np.array([query]))[0])
    chosen = selection.rows(panels[0].searcher)
    if chosen is not None:
        chosen = drawn.points_of(chosen)
        chosen = np.sort(chosen[chosen >= 0])
    space_map(
        _KEY,
        SpaceContent(
            sides=sides,
            colouring=colouring,
            subject=_subject(panels, queries[0]),
            query=query,
            passing=_passing(panels[0].searcher, drawn, len(sides[0].points)),
            chosen=chosen,
        ),
        on_pick=lambda point: _pick(panels[0].searcher, drawn, point),
        on_choose=lambda points: _select(panels[0].searcher, drawn, points),
    )
    _cards(panels, queries, drawn)


def _pick(searcher: Searcher, drawn: Drawn, point: int) -> None:
    if point < len(drawn.rows):
        state.choose_tile(searcher.items.ids[int(drawn.rows[point])])


def _select(searcher: Searcher, drawn: Drawn, points: NDArray[np.int64]) -> None:
    rows = np.sort(drawn.rows[points[points < len(drawn.rows)]])
    tiles = searcher.items.ids.take(rows).tolist()
    if len(tiles) == 1:
        state.choose_tile(tiles[0])
    st.session_state[state.CHOSEN] = tiles


def _query(searcher: Searcher) -> Query | None:
    """The query of this session; None if this archive lacks it or it cannot be encoded."""
    try:
        return model_results.session_query(searcher)
    except MirsError:
        return None


def _row_of(query: Query | None, searcher: Searcher) -> int | None:
    """The row of the query; one past the last for the user's image."""
    if query is None:
        return None
    return len(searcher.items) if query.tile_id is None else searcher.items.row(query.tile_id)


def _hits(panel: Panel, query: Query | None, first: Searcher) -> list[int]:
    """The rows in the first model of the tiles that a model returns, in their order."""
    if query is None:
        return []
    filters = filter_panel.selected(panel.searcher)
    results = panel.searcher.search(query, st.session_state[state.K], filters)
    rows = first.items.rows_of([hit.id for hit in results])
    return [int(row) for row in rows if row >= 0]


def _passing(searcher: Searcher, drawn: Drawn, count: int) -> NDArray[np.bool_] | None:
    if not state.is_filtered():
        return None
    passing = np.zeros(len(searcher.items), dtype=bool)
    passing[filter_panel.selected(searcher).rows(searcher.items)] = True
    points = np.ones(count, dtype=bool)
    points[: len(drawn.rows)] = passing[drawn.rows]
    return points


def _subject(panels: Sequence[Panel], query: Query | None) -> str:
    turn = str(loaders.files_turn())
    return " ".join([*(panel.run for panel in panels), query.content if query else "none", turn])


@st.fragment
def _cards(panels: Sequence[Panel], queries: Sequence[Query | None], drawn: Drawn) -> None:
    """Answers requests for hover cards in a fragment, without rerunning the page."""
    hover_cards(
        _CARDS,
        _subject(panels, queries[0]),
        len(drawn.rows),
        lambda point: _card(panels, queries, drawn, point),
    )


def _card(
    panels: Sequence[Panel], queries: Sequence[Query | None], drawn: Drawn, point: int
) -> HoverCard:
    lines, row = [], int(drawn.rows[point])
    for panel, query in zip(panels, queries, strict=True):
        distance = tile_card.distance(panel.searcher, query, int(panel.order[row]))
        if distance:
            lines.append(f"{panel.title}: {distance}" if len(panels) > 1 else distance)
    return replace(tile_card.card(panels[0].searcher, row, lines), row=point)


def _missing(home: Home, run_id: str) -> None:
    """Submits a job for a missing projection; a failed one is only retried on request."""
    key = f"map-{run_id}"
    job = _job(home, key)
    if job is not None and not job.active:
        message = job.error or "The projection was computed before, but its file is missing."
        st.error(words.plain(message), icon=":material/error:")
        st.button("Try again", key=f"{key}.again", on_click=_submit, args=(home, run_id, key))
        return
    if job is None:
        _submit(home, run_id, key)
    _watch(home, key)


def _submit(home: Home, run_id: str, key: str) -> None:
    jobs.submit_once(home, Project(run=run_id), key=key)


def _job(home: Home, key: str) -> jobs.Job | None:
    return next((job for job in jobs.list_jobs(home) if job.key == key), None)


@st.fragment(run_every=1.0)
def _watch(home: Home, key: str) -> None:
    job = _job(home, key)
    if job is None or not job.active:
        st.rerun(scope="app")
    st.progress(min(job.done / max(job.total, 1), 1.0), text=f"{job.stage} (once per run)")
