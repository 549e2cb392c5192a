"""The comparison: what each model finds for one query, beside each other."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from mirs_core import lineup
from mirs_core.errors import MirsError
from mirs_core.search import Hit, Query, QueryScore, Searcher
from pages.ui import loaders, state, words
from pages.ui.tile_grid import Column, TileEntry, tile_grid

_SCORE_HELP = (
    "Average precision of this query at 64: the precision at each rank that holds the same class,"
    " summed and divided by min(R, 64). R = {r} relevant tiles in the evaluation archive. It is"
    " measured against that archive alone, whatever the filters of this list. With the divisor of"
    " 2021 (hits in the top 64) it is {hits:.2f}."
)
# Codes of unrelated tiles differ in about half of their bits; a quarter is already far.
_FAR = 0.25


def draw(models: Sequence[str], upload: state.Upload | None) -> None:
    """Draws one column a model; a model that fails says why in its column."""
    found = [_ask(run_id, upload) for run_id in models]
    for answer in found:
        if isinstance(answer, str):
            st.error(answer, icon=":material/error:")
    good = [answer for answer in found if not isinstance(answer, str)]
    if not good:
        return
    _flag_archives([searcher for searcher, _, _ in good])
    shared = Counter(hit.id for _, _, hits in good for hit in hits)
    columns = [_column(*answer, shared, len(good)) for answer in good]
    images = loaders.thumbnails(good[0][0], [*shared])
    tile_grid("mirs.results", columns, images, state.choose_tile)


def _ask(run_id: str, upload: state.Upload | None) -> tuple[Searcher, Query, list[Hit]] | str:
    try:
        searcher = loaders.searcher(run_id)
        if upload is not None:
            query = loaders.image_query(run_id, upload.data, upload.name)
        else:
            query = searcher.query_by_id(state.tile() or "")
        hits = searcher.search(
            query,
            st.session_state[state.K],
            roles=st.session_state[state.ROLES] or None,
            labels=st.session_state[state.CLASSES] or None,
            exclude_strip=st.session_state[state.STRIP],
        )
        return searcher, query, hits
    except MirsError as error:
        return str(error)


def _flag_archives(searchers: Sequence[Searcher]) -> None:
    if len({searcher.summary.archive_id for searcher in searchers}) > 1:
        st.warning(
            "These models were measured on different archives (another seed or split):"
            " their scores do not compare.",
            icon=":material/balance:",
        )


def _column(
    searcher: Searcher, query: Query, hits: list[Hit], shared: Counter[str], models: int
) -> Column:
    score = searcher.average_precision(query, exclude_strip=st.session_state[state.STRIP])
    run = searcher.summary
    return Column(
        title=lineup.title_of(run),
        note=_note(searcher, query, hits),
        score=f"{score.min_r_k:.2f}" if score else "",
        score_name="AP@64" if score else "",
        score_help=_help(score),
        caution=(score.caution or "") if score else "",
        tiles=[_entry(searcher, hit, shared[hit.id], models) for hit in hits],
        empty="" if hits else "No tile passes the filters in the sidebar.",
    )


def _help(score: QueryScore | None) -> str:
    if score is None:
        return ""
    return _SCORE_HELP.format(r=score.relevant_in_archive, hits=score.hits)


def _note(searcher: Searcher, query: Query, hits: list[Hit]) -> str:
    judged = [hit for hit in hits if hit.relevant is not None]
    parts = []
    if judged:
        same = sum(bool(hit.relevant) for hit in judged)
        parts.append(f"{same} of {len(hits)} are {words.class_name(query.label)}")
    bits = searcher.summary.bits
    if hits and bits and hits[0].distance > _FAR * bits:
        parts.append(f"nothing close: the nearest differs in {hits[0].distance:.0f} of {bits} bits")
    elif hits:
        far = words.distance(searcher, hits[-1].distance)
        parts.append(f"nearest {words.distance(searcher, hits[0].distance)}, last {far}")
    return " · ".join(parts)


def _entry(searcher: Searcher, hit: Hit, lists: int, models: int) -> TileEntry:
    name, place = words.class_name(hit.label), words.place(hit.id)
    lines = [
        name,
        words.long_distance(searcher, hit),
        f"Strip {hit.strip}" if hit.strip else "Strip not known",
        *([f"Strip centre {place}"] if place else []),
        f"Role: {words.ROLES[hit.role].lower()}",
        *([f"In {lists} of {models} lists"] if models > 1 else []),
        words.file_name(hit.id),
    ]
    verdict = {True: ", same class", False: ", other class", None: ""}[hit.relevant]
    return TileEntry(
        id=hit.id,
        name=name if hit.label else words.file_name(hit.id),
        colour=words.colour(hit.label),
        label=f"Rank {hit.rank}: {name}{verdict}, {lines[1]}. Search for tiles like this one.",
        lines=tuple(lines),
        value=f"{hit.distance:.0f}" if searcher.unit == "bits" else f"{hit.distance:.2f}",
        rank=str(hit.rank),
        shared=f"×{lists}" if lists > 1 else "",
        relevant=bool(hit.relevant),
    )
