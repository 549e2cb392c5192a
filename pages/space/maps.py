"""The projections of the page: points, colours, hover cards, query and selection."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.hash_space import projection
from mirs_core.hash_space.space_maps import SpaceMap
from mirs_core.jobs.kinds.project import Project
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.components.space_map.space_map import (
    Codes,
    Colouring,
    HoverCard,
    Label,
    Side,
    SpaceContent,
    hover_cards,
    space_map,
)
from pages.parts import filter_panel, model_results, selection, tile_card
from pages.shared import loaders, state, words
from pages.space import space_colours

_KEY, _CARDS = "mirs.space.map", "mirs.space.peek"
_OWN = "Your image"
_INK = "#d3542b"
_PLACED_BY = 5  # nearest tiles that position the user's image


@dataclass(frozen=True, slots=True)
class Panel:
    """A model with its projection.

    Attributes:
        order: (N,) row in this model of each tile of the first model, -1 where it lacks the tile.
    """

    run: str
    title: str
    searcher: Searcher
    map: SpaceMap
    order: NDArray[np.int64]


def draw(home: Home, models: Sequence[tuple[str, str, Searcher]], mode: str) -> None:
    """Draws the projections of one or two models, or the progress of computing them.

    Args:
        models: run, title and searcher of each; the points are the tiles of the first.
        mode: what the colours of the points show, see ``space_colours``.
    """
    space_maps = {run: loaders.space_map(run) for run, _, _ in models}
    if missing := [run for run, space in space_maps.items() if space is None]:
        for run in missing:
            _missing(home, run)
        return
    items = models[0][2].items
    panels = [
        Panel(run, title, searcher, space, searcher.items.rows_of(items.ids))
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
    sides = _sides(panels, queries, colouring, codes)
    if query is not None and query == len(items):
        colouring, sides = _with_own_image(panels, queries, colouring, sides)
    passing = _passing(panels[0].searcher, len(sides[0].points))
    space_map(
        _KEY,
        SpaceContent(
            sides=sides,
            colouring=colouring,
            subject=_subject(panels, queries[0]),
            query=query,
            passing=passing,
            chosen=selection.rows(panels[0].searcher),
        ),
        on_pick=lambda row: state.choose_tile(items.ids[row]) if row < len(items) else None,
        on_choose=lambda rows: _select(panels[0].searcher, rows),
    )
    _cards(panels, queries)


def _select(searcher: Searcher, rows: NDArray[np.int64]) -> None:
    archived = rows[rows < len(searcher.items)]
    if len(archived) == 1:
        state.choose_tile(searcher.items.ids[archived[0]])
    st.session_state[state.CHOSEN] = [searcher.items.ids[row] for row in archived]


def _query(searcher: Searcher) -> Query | None:
    """The query of this session; None if this archive lacks it or it cannot be encoded."""
    upload = state.upload()
    try:
        if upload is None and not searcher.items.has(state.tile() or ""):
            return None
        return model_results.session_query(searcher, upload)
    except MirsError:
        return None


def _row_of(query: Query | None, searcher: Searcher) -> int | None:
    """The row of the query; one past the last for the user's image."""
    if query is None:
        return None
    return len(searcher.items) if query.tile_id is None else searcher.items.row(query.tile_id)


def _sides(
    panels: Sequence[Panel],
    queries: Sequence[Query | None],
    colouring: Colouring,
    codes: Sequence[Codes],
) -> list[Side]:
    sides: list[Side] = []
    for panel, query, numbers in zip(panels, queries, codes, strict=True):
        present = panel.order >= 0
        points = np.where(present[:, None], panel.map.points[panel.order], np.float32(np.nan))
        if sides:
            both = present & np.isfinite(sides[0].points).all(axis=1)
            points[present] = projection.turned(
                points[present], points[both], sides[0].points[both]
            )
        point_of = {int(row): point for point, row in enumerate(panel.order) if row >= 0}
        hits = () if query is None else tuple(_hits(panel.searcher, query))
        fidelity = panel.map.fidelity
        sides.append(
            Side(
                id=f"{panel.run} {panel.map.seed} {len(points)}",
                title=panel.title,
                points=points.astype(np.float32),
                codes=numbers,
                note=f"Trustworthiness {fidelity.trustworthiness:.2f} ·"
                f" {fidelity.preservation:.0%} of 10 nearest neighbours preserved · seed"
                f" {panel.map.seed}",
                about=f"Projection of {len(points):,} tiles in the hash space of {panel.title}",
                hits=tuple(point_of[row] for row in hits if row in point_of),
                labels=_labels(points, colouring, numbers),
            )
        )
    return sides


def _hits(searcher: Searcher, query: Query) -> list[int]:
    hits = searcher.search(query, st.session_state[state.K], filter_panel.selected(searcher))
    return [searcher.items.row(hit.id) for hit in hits]


def _labels(points: NDArray[np.float32], colouring: Colouring, codes: Codes) -> tuple[Label, ...]:
    """The name of each group at the point nearest to its median, the largest group first."""
    if not 1 < len(colouring.names) <= 24:
        return ()
    rows = projection.central_rows(points, codes, len(colouring.names))
    return tuple(
        Label(row, name) for row, name in zip(rows, colouring.names, strict=True) if row is not None
    )


def _with_own_image(
    panels: Sequence[Panel],
    queries: Sequence[Query | None],
    colouring: Colouring,
    sides: Sequence[Side],
) -> tuple[Colouring, list[Side]]:
    """The projections with one more point: the user's image, among its nearest tiles."""
    extended = []
    for panel, query, side in zip(panels, queries, sides, strict=True):
        position = np.full((1, 2), np.nan, dtype=np.float32)
        if query is not None:
            nearest = panel.searcher.search(query, _PLACED_BY)
            rows = [panel.searcher.items.row(hit.id) for hit in nearest]
            point_of = {int(row): point for point, row in enumerate(panel.order)}
            anchors = [
                (point_of[row], hit.distance)
                for row, hit in zip(rows, nearest, strict=True)
                if row in point_of
            ]
            if anchors:
                points, distances = (np.array(column) for column in zip(*anchors, strict=True))
                position = projection.placed(side.points[points], distances)[None]
        extended.append(
            Side(
                id=f"{side.id} own",
                title=side.title,
                points=np.concatenate([side.points, position]),
                codes=np.append(side.codes, np.uint16(len(colouring.palette))),
                note=f"{side.note} · your image placed by its {_PLACED_BY} nearest tiles",
                about=side.about,
                hits=side.hits,
                labels=side.labels,
            )
        )
    grouped = bool(colouring.names)
    legend = Colouring(
        id=f"{colouring.id} own",
        palette=(*colouring.palette, _INK),
        names=(*colouring.names, _OWN) if grouped else (),
        counts=(*colouring.counts, 1) if grouped else (),
        low=colouring.low,
        high=colouring.high,
        title=colouring.title,
    )
    return legend, extended


def _passing(searcher: Searcher, count: int) -> NDArray[np.bool_] | None:
    if not state.is_filtered():
        return None
    passing = np.zeros(count, dtype=bool)
    passing[filter_panel.selected(searcher).rows(searcher.items)] = True
    passing[len(searcher.items) :] = True
    return passing


def _subject(panels: Sequence[Panel], query: Query | None) -> str:
    turn = str(loaders.files_turn())
    return " ".join([*(panel.run for panel in panels), query.content if query else "none", turn])


@st.fragment
def _cards(panels: Sequence[Panel], queries: Sequence[Query | None]) -> None:
    """Answers requests for hover cards in a fragment, without rerunning the page."""
    hover_cards(
        _CARDS,
        _subject(panels, queries[0]),
        len(panels[0].searcher.items),
        lambda row: _card(panels, queries, row),
    )


def _card(panels: Sequence[Panel], queries: Sequence[Query | None], row: int) -> HoverCard:
    lines = []
    for panel, query in zip(panels, queries, strict=True):
        distance = tile_card.distance(panel.searcher, query, int(panel.order[row]))
        if distance:
            lines.append(f"{panel.title}: {distance}" if len(panels) > 1 else distance)
    return tile_card.card(panels[0].searcher, row, lines)


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
