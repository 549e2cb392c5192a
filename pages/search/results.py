"""The comparison: what each model finds for one query, beside each other."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.retrieval.search import Hit, QueryScore, Searcher
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import answers, takeaway
from pages.search import closer
from pages.shared import loaders, state, words

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
    found = answers.ask(models, upload)
    for answer in found:
        if isinstance(answer, str):
            st.error(words.plain(answer), icon=":material/error:")
    good = [answer for answer in found if not isinstance(answer, str)]
    if not good:
        return
    _flag_archives([answer.searcher for answer in good])
    shared = Counter(hit.id for answer in good for hit in answer.hits)
    first = {hit.id: hit.rank for hit in good[0].hits}
    columns = [
        _column(answer, shared, len(good), first if place else None)
        for place, answer in enumerate(good)
    ]
    images = loaders.thumbnails(good[0].searcher, [*shared])
    tile_grid(
        "mirs.results",
        columns,
        images,
        state.choose_tile,
        subject=good[0].query.content,
        on_open=closer.ask_for,
        on_mark=state.mark,
    )
    closer.draw(good, upload)
    takeaway.draw(good, upload)


def legend(searcher: Searcher, upload: state.Upload | None, models: int) -> None:
    """Draws what the marks on the tiles mean."""
    tile = None if upload else state.tile()
    label = searcher.items.labels[searcher.items.row(tile)] if tile else None
    same = f"<span><i></i>also {escape(words.class_name(label))}</span>" if label else ""
    kind = "<span>synthetic, not real imagery</span>" if searcher.card.synthetic else ""
    lists = "<span><b>×2</b>in the lists of 2 models</span>" if models > 1 else ""
    moved = "<span><b>↑3</b>ranks gained on the first model</span>" if models > 1 else ""
    st.html(
        f'<div class="mirs-legend">{kind}{same}<span><b>12</b>distance to the query</span>'
        f"<span><u></u>more bits away from here on</span>{lists}{moved}</div>",
        width="content",
    )


def _flag_archives(searchers: Sequence[Searcher]) -> None:
    if len({searcher.summary.archive_id for searcher in searchers}) > 1:
        st.warning(
            "These models were measured on different archives (another seed or split):"
            " their scores do not compare.",
            icon=":material/balance:",
        )


def _column(
    answer: answers.Answer, shared: Counter[str], models: int, first: dict[str, int] | None
) -> Column:
    searcher, score, hits = answer.searcher, answer.score, answer.hits
    spread = _spread(answer)
    before = [None, *(hit.distance for hit in hits)]
    return Column(
        title=answer.title,
        about=_method(answer),
        about_help=_method_help(searcher),
        note=_note(answer),
        score=f"{score.min_r_k:.2f}" if score else "",
        score_name="AP@64" if score else "",
        score_help=_help(score),
        caution=(score.caution or "") if score else "",
        tiles=[
            _entry(
                searcher,
                hit,
                shared[hit.id],
                models,
                shift=_shift(hit, first),
                far=hit.distance / spread if spread else 0.0,
                # Of floats hardly two are equal: a line before each tile would say nothing.
                step=bool(searcher.summary.bits)
                and previous is not None
                and hit.distance > previous,
            )
            for hit, previous in zip(hits, before, strict=False)
        ],
        empty="" if hits else _nothing(answer),
        end=_end(answer),
    )


def _spread(answer: answers.Answer) -> float:
    """The distance at which a tile's bar is full: half of the bits, or the farthest result."""
    bits = answer.searcher.summary.bits
    farthest = max((hit.distance for hit in answer.hits), default=0.0)
    return max(bits / 2, farthest) if bits else farthest


def _shift(hit: Hit, first: dict[str, int] | None) -> str:
    """How much earlier (up) or later (down) a tile stands than in the first column."""
    if first is None:
        return ""
    if hit.id not in first:
        return "new"
    moved = first[hit.id] - hit.rank
    return f"↑{moved}" if moved > 0 else f"↓{-moved}" if moved < 0 else ""


def _nothing(answer: answers.Answer) -> str:
    if answer.filters.within is not None:
        return f"Nothing within {answer.filters.within:.0f} bits of the query."
    return "No tile passes the filters in the sidebar."


def _end(answer: answers.Answer) -> str:
    """What stands behind the last result: how the list was cut."""
    hits, within = answer.hits, answer.filters.within
    if not hits:
        return ""
    if answer.tied:
        many = "64 or more" if answer.tied >= answers.MOST_TIED else str(answer.tied)
        return f"Cut inside a tie: {many} more are as far away as the last one."
    if within is not None and len(hits) < st.session_state[state.K]:
        return f"Nothing else within {within:.0f} bits."
    return ""


def _help(score: QueryScore | None) -> str:
    if score is None:
        return ""
    return _SCORE_HELP.format(r=score.relevant_in_archive, hits=score.hits)


def _method(answer: answers.Answer) -> str:
    run = answer.searcher.summary
    took = f"{1000 * answer.seconds:.1f} ms"
    if run.bits:
        return f"{run.bits}-bit codes · Hamming · {took}"
    return f"Float features · {run.distance.capitalize()} · {took}"


def _method_help(searcher: Searcher) -> str:
    run = searcher.summary
    text = _METHOD_HELP[bool(run.bits)].format(
        bits=run.bits, distance=run.distance, encoder=run.encoder
    )
    measured = ""
    if run.map_at_64 is not None:
        measured = f" mAP@64 over all test queries: {run.map_at_64:.3f}."
    seed = f" Seed {run.seed}, run {run.id}."
    return text + (_WHITENED if run.whitened else "") + measured + seed


def _note(answer: answers.Answer) -> str:
    """What a list amounts to: its share of the query's class, and the distances it spans."""
    hits, query = answer.hits, answer.query
    if not hits:
        return ""
    parts, bits = [], answer.searcher.summary.bits
    judged = [hit for hit in hits if hit.relevant is not None]
    if judged:
        same = sum(bool(hit.relevant) for hit in judged)
        share = same / len(hits)
        parts.append(
            f"{same} of {len(hits)} {words.class_name(query.label)}, P@{len(hits)} {share:.2f}"
        )
    elif len(hits) < st.session_state[state.K]:
        parts.append(f"all {len(hits)} tiles")
    first, last = hits[0].distance, hits[-1].distance
    if query.refined:
        parts.append(f"scores {first:.1f} to {last:.1f}")
    elif bits and first > _FAR * bits:
        parts.append(f"nothing close: nearest {first:.0f} of {bits} bits")
    elif bits:
        parts.append(f"{first:.0f} to {last:.0f} bits away")
    else:
        parts.append(f"{first:.2f} to {last:.2f} away")
    return " · ".join(parts)


def _entry(
    searcher: Searcher, hit: Hit, lists: int, models: int, *, shift: str, far: float, step: bool
) -> TileEntry:
    name, place = words.class_name(hit.label), words.place(searcher, hit.id)
    lines = [
        name,
        words.long_distance(searcher, hit),
        f"Strip {hit.strip}" if hit.strip else "Strip not known",
        *([f"{words.place_name(searcher, hit.id)}: {place}"] if place else []),
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
        value=words.distance(searcher, hit),
        rank=str(hit.rank),
        shared=f"×{lists}" if lists > 1 else "",
        relevant=bool(hit.relevant),
        shift=shift,
        far=min(max(far, 0.0), 1.0),
        step=step,
    )
