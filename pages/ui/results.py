"""The comparison: what each model finds for one query, beside each other."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core import lineup
from mirs_core.errors import MirsError
from mirs_core.search import Hit, Query, QueryScore, Searcher
from pages.ui import loaders, sidebar, state, words
from pages.ui.tile_grid import Column, TileEntry, tile_grid

_SCORE_HELP = (
    "Average precision of this query at 64: the precision at each rank that holds the same"
    " landform, summed and divided by min(R, 64), with R = {r} such tiles in the evaluation"
    " archive. It counts that archive alone, whatever this list shows. Divided by the hits among"
    " the 64 instead, as in 2021, it is {hits:.2f}."
)
_METHOD_HELP = {
    True: "Each tile is a hash code of {bits} bits; the distance of two tiles is the number of"
    " bits that differ. Encoder: {encoder}.",
    False: "The encoder's floating-point features, without hashing or training; {distance}"
    " distance. Encoder: {encoder}.",
}
_WHITENED = (
    " Features are whitened per domain before hashing; the statistics of the target domain come"
    " from the archive tiles, unlabelled, of the data set that the model was trained on."
)
# Codes of unrelated tiles differ in about half of their bits; a quarter is already far.
_FAR = 0.25


def draw(models: Sequence[str], upload: state.Upload | None) -> None:
    """Draws one column a model; a model that fails says why in its column."""
    found = [_ask(run_id, upload) for run_id in models]
    for answer in found:
        if isinstance(answer, str):
            st.error(words.plain(answer), icon=":material/error:")
    good = [answer for answer in found if not isinstance(answer, str)]
    if not good:
        return
    _flag_archives([searcher for searcher, _, _ in good])
    shared = Counter(hit.id for _, _, hits in good for hit in hits)
    columns = [_column(*answer, shared, len(good)) for answer in good]
    images = loaders.thumbnails(good[0][0], [*shared])
    subject = good[0][1].content
    tile_grid("mirs.results", columns, images, state.choose_tile, subject=subject)


def legend(searcher: Searcher, upload: state.Upload | None, models: int) -> None:
    """Draws what the marks on the tiles mean."""
    tile = None if upload else state.tile()
    label = searcher.items.labels[searcher.items.row(tile)] if tile else None
    same = f"<span><i></i>also {escape(words.class_name(label))}</span>" if label else ""
    kind = "<span>synthetic, not real imagery</span>" if searcher.card.synthetic else ""
    lists = "<span><b>×2</b>in the lists of 2 models</span>" if models > 1 else ""
    st.html(
        f'<div class="mirs-legend">{kind}{same}<span><b>12</b>distance to the query</span>'
        f"{lists}</div>",
        width="content",
    )


def _ask(run_id: str, upload: state.Upload | None) -> tuple[Searcher, Query, list[Hit]] | str:
    try:
        searcher = loaders.searcher(run_id)
        if upload is not None:
            query = loaders.image_query(run_id, upload.data, upload.name)
        else:
            query = searcher.query_by_id(state.tile() or "")
        hits = searcher.search(query, st.session_state[state.K], sidebar.wanted(searcher))
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
        about=_method(searcher),
        about_help=_method_help(searcher),
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


def _method(searcher: Searcher) -> str:
    run = searcher.summary
    if run.bits:
        return f"{run.bits}-bit codes · Hamming"
    return f"Float features · {run.distance.capitalize()}"


def _method_help(searcher: Searcher) -> str:
    run = searcher.summary
    text = _METHOD_HELP[bool(run.bits)].format(
        bits=run.bits, distance=run.distance, encoder=run.encoder
    )
    return text + (_WHITENED if run.preset.endswith("-dwt") else "")


def _note(searcher: Searcher, query: Query, hits: list[Hit]) -> str:
    """What a list amounts to: its share of the query's class, and the distances it spans."""
    if not hits:
        return ""
    parts, bits = [], searcher.summary.bits
    judged = [hit for hit in hits if hit.relevant is not None]
    if judged:
        same = sum(bool(hit.relevant) for hit in judged)
        parts.append(f"{same} of {len(hits)} {words.class_name(query.label)}")
    elif len(hits) < st.session_state[state.K]:
        parts.append(f"all {len(hits)} tiles")
    first, last = hits[0].distance, hits[-1].distance
    if bits and first > _FAR * bits:
        parts.append(f"nothing close: nearest {first:.0f} of {bits} bits")
    elif bits:
        parts.append(f"{first:.0f} to {last:.0f} bits away")
    else:
        parts.append(f"{first:.2f} to {last:.2f} away")
    return " · ".join(parts)


def _entry(searcher: Searcher, hit: Hit, lists: int, models: int) -> TileEntry:
    name, place = words.class_name(hit.label), words.place(hit.id)
    lines = [
        name,
        words.long_distance(searcher, hit),
        f"Strip {hit.strip}" if hit.strip else "Strip not known",
        *([f"{words.place_name(searcher)}: {place}"] if place else []),
        f"Role: {words.ROLES[hit.role].lower()}",
        *([f"In {lists} of {models} lists"] if models > 1 else []),
        words.file_name(hit.id),
    ]
    verdict = {True: ", same class", False: ", other class", None: ""}[hit.relevant]
    return TileEntry(
        id=hit.id,
        name=words.short_name(hit.label) if hit.label else words.file_name(hit.id),
        colour=words.colour(hit.label),
        label=f"Rank {hit.rank}: {name}{verdict}, {lines[1]}. Search for tiles like this one.",
        lines=tuple(lines),
        value=f"{hit.distance:.0f}" if searcher.unit == "bits" else f"{hit.distance:.2f}",
        rank=str(hit.rank),
        shared=f"×{lists}" if lists > 1 else "",
        relevant=bool(hit.relevant),
    )
