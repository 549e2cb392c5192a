"""The maps of the page: which tiles, in which colours, and what was hovered, clicked or circled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.hash_space import projection
from mirs_core.hash_space.layout import SpaceMap
from mirs_core.retrieval.search import Query, Searcher
from mirs_core.workspace.home import Home
from pages.components.space_map.space_map import (
    Codes,
    Colouring,
    Label,
    Peek,
    Side,
    peek,
    space_map,
)
from pages.parts import answers, tile_card
from pages.parts import chosen as chosen_part
from pages.parts import filters as filters_part
from pages.shared import loaders, state, words
from pages.space import space_colours

_KEY, _PEEK = "mirs.space.map", "mirs.space.peek"
_OWN = "Your image"
_INK = "#d3542b"
_PLACED_BY = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A model whose map is on show.

    Attributes:
        order: (N,) the row here of each tile of the first model, -1 where there is no such tile.
    """

    run: str
    title: str
    searcher: Searcher
    map: SpaceMap
    order: NDArray[np.int64]


def draw(home: Home, models: Sequence[tuple[str, str, Searcher]], mode: str) -> None:
    """Draws the maps of one or two models, or the way to them.

    Args:
        models: run, title and searcher of each; the first one's tiles are the points.
        mode: what colours the points, see ``space_colours``.
    """
    found = [(run, title, one, loaders.space_map(run)) for run, title, one in models]
    if missing := [run for run, _, _, there in found if there is None]:
        for run in missing:
            _missing(home, run)
        return
    items = models[0][2].items
    shown = [
        Shown(run, title, one, there, _order(items.ids, one))
        for run, title, one, there in found
        if there is not None
    ]
    colouring, codes = space_colours.colouring(
        mode,
        [one.run for one in shown],
        [one.searcher for one in shown],
        [one.order for one in shown],
    )
    queries = [_query(one.searcher) for one in shown]
    query = _row_of(queries[0], shown[0].searcher)
    sides = _sides(shown, queries, colouring, codes)
    if query is not None and query == len(items):
        colouring, sides = _with_own_image(shown, queries, colouring, sides)
    passing = _passing(shown[0].searcher, len(sides[0].points))
    space_map(
        _KEY,
        sides,
        colouring,
        subject=_subject(shown, queries[0]),
        query=query,
        passing=passing,
        chosen=chosen_part.rows(shown[0].searcher),
        on_pick=lambda row: state.choose_tile(items.ids[row]) if row < len(items) else None,
        on_choose=lambda rows: _choose(shown[0].searcher, rows),
    )
    _cards(shown, queries)


def _choose(searcher: Searcher, rows: NDArray[np.int64]) -> None:
    inside = rows[rows < len(searcher.items)]
    if len(inside) == 1:
        state.choose_tile(searcher.items.ids[inside[0]])
    st.session_state[state.CHOSEN] = [searcher.items.ids[row] for row in inside]


def _order(ids: Sequence[str], searcher: Searcher) -> NDArray[np.int64]:
    items = searcher.items
    if items.ids == ids:
        return np.arange(len(ids), dtype=np.int64)
    return np.array([items.row(tile) if items.has(tile) else -1 for tile in ids], dtype=np.int64)


def _query(searcher: Searcher) -> Query | None:
    """The query of this session where this archive knows it."""
    upload = state.upload()
    try:
        if upload is None and not searcher.items.has(state.tile() or ""):
            return None
        return answers.query_of(searcher, upload)
    except MirsError:
        return None


def _row_of(query: Query | None, searcher: Searcher) -> int | None:
    """The row of the query; one behind the last for an image that is not in the archive."""
    if query is None:
        return None
    return len(searcher.items) if query.tile_id is None else searcher.items.row(query.tile_id)


def _sides(
    shown: Sequence[Shown],
    queries: Sequence[Query | None],
    colouring: Colouring,
    codes: Sequence[Codes],
) -> list[Side]:
    sides: list[Side] = []
    for one, query, numbers in zip(shown, queries, codes, strict=True):
        there = one.order >= 0
        points = np.where(there[:, None], one.map.points[one.order], np.float32(np.nan))
        if sides:
            both = there & np.isfinite(sides[0].points).all(axis=1)
            points[there] = projection.turned(points[there], points[both], sides[0].points[both])
        place = {int(row): at for at, row in enumerate(one.order) if row >= 0}
        hits = () if query is None else tuple(_hits(one.searcher, query))
        kept = one.map.fidelity
        sides.append(
            Side(
                id=f"{one.run} {one.map.seed} {len(points)}",
                title=one.title,
                points=points.astype(np.float32),
                codes=numbers,
                note=f"Trustworthiness {kept.trustworthiness:.2f} · {kept.preservation:.0%} of the"
                f" 10 nearest kept · seed {one.map.seed}",
                about=f"Map of {len(points):,} tiles as {one.title} sees them",
                hits=tuple(place[row] for row in hits if row in place),
                labels=_labels(points, colouring, numbers),
            )
        )
    return sides


def _hits(searcher: Searcher, query: Query) -> list[int]:
    found = searcher.search(query, st.session_state[state.K], filters_part.wanted(searcher))
    return [searcher.items.row(hit.id) for hit in found]


def _labels(points: NDArray[np.float32], colouring: Colouring, codes: Codes) -> tuple[Label, ...]:
    """The name of each group at the point that is nearest to its middle, the largest first."""
    if not 1 < len(colouring.names) <= 24:
        return ()
    labels = []
    for code, name in enumerate(colouring.names):
        rows = np.flatnonzero((codes == code) & np.isfinite(points).all(axis=1))
        if len(rows):
            away = np.linalg.norm(points[rows] - np.median(points[rows], axis=0), axis=1)
            labels.append(Label(int(rows[away.argmin()]), name))
    return tuple(labels)


def _with_own_image(
    shown: Sequence[Shown],
    queries: Sequence[Query | None],
    colouring: Colouring,
    sides: Sequence[Side],
) -> tuple[Colouring, list[Side]]:
    """The maps with one point more: an own image, among its nearest tiles."""
    made = []
    for one, query, side in zip(shown, queries, sides, strict=True):
        place = np.full((1, 2), np.nan, dtype=np.float32)
        if query is not None:
            near = one.searcher.search(query, _PLACED_BY)
            rows = [one.searcher.items.row(hit.id) for hit in near]
            at = {int(row): place for place, row in enumerate(one.order)}
            known = [
                (at[row], hit.distance) for row, hit in zip(rows, near, strict=True) if row in at
            ]
            if known:
                where, away = (np.array(column) for column in zip(*known, strict=True))
                place = projection.placed(side.points[where], away)[None]
        made.append(
            Side(
                id=f"{side.id} own",
                title=side.title,
                points=np.concatenate([side.points, place]),
                codes=np.append(side.codes, np.uint16(len(colouring.palette))),
                note=f"{side.note} · your image lies among its {_PLACED_BY} nearest",
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
    return legend, made


def _passing(searcher: Searcher, count: int) -> NDArray[np.bool_] | None:
    if not state.is_filtered():
        return None
    passing = np.zeros(count, dtype=bool)
    passing[filters_part.wanted(searcher).rows(searcher.items)] = True
    passing[len(searcher.items) :] = True
    return passing


def _subject(shown: Sequence[Shown], query: Query | None) -> str:
    return " ".join([*(one.run for one in shown), query.content if query else "none"])


@st.fragment
def _cards(shown: Sequence[Shown], queries: Sequence[Query | None]) -> None:
    """What the pointer asks for is answered in a run of its own, without the rest of the page."""
    peek(
        _PEEK,
        _subject(shown, queries[0]),
        len(shown[0].searcher.items),
        lambda row: _card(shown, queries, row),
    )


def _card(shown: Sequence[Shown], queries: Sequence[Query | None], row: int) -> Peek:
    away = []
    for one, query in zip(shown, queries, strict=True):
        said = tile_card.away(one.searcher, query, int(one.order[row]))
        if said:
            away.append(f"{one.title}: {said}" if len(shown) > 1 else said)
    return tile_card.card(shown[0].searcher, row, away)


def _missing(home: Home, run_id: str) -> None:
    """A map that is not there yet is computed by a job; one that failed is not tried by itself."""
    key = f"map-{run_id}"
    known = _job(home, key)
    if known is not None and not known.active:
        said = known.error or "The map was laid out once, and is not there any more."
        st.error(words.plain(said), icon=":material/error:")
        st.button("Try again", key=f"{key}.again", on_click=_submit, args=(home, run_id, key))
        return
    if known is None:
        _submit(home, run_id, key)
    _watch(home, key)


def _submit(home: Home, run_id: str, key: str) -> None:
    words_of = ["project", "--run", run_id]
    jobs.submit_once(home, key, words_of, f"Map of {run_id}", lane=jobs.PREVIEW)


def _job(home: Home, key: str) -> jobs.Job | None:
    return next((job for job in jobs.list_jobs(home) if job.key == key), None)


@st.fragment(run_every=1.0)
def _watch(home: Home, key: str) -> None:
    found = _job(home, key)
    if found is None or not found.active:
        st.rerun(scope="app")
    st.progress(min(found.done / max(found.total, 1), 1.0), text=f"{found.stage}, once a run")
