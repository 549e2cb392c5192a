"""The comparison: the results of several models for one query, side by side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from mirs_core.retrieval.hits import Hit, QueryScore
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.ties import MOST_TIED
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.parts import export_files, model_results
from pages.parts.model_results import ModelResults
from pages.search import tile_details
from pages.shared import lineup, loaders, state, words

_SCORE_HELP = (
    "Average precision at 64 of this query: the sum of the precision at each rank holding a tile"
    " of the same landform class, divided by min(R, 64), where R = {r} is the number of such tiles"
    " in the evaluation archive. Always computed on that archive, regardless of the list below."
    " Normalised by the hits among the top 64 instead, as in 2021, it is {hits:.2f}."
)
_METHOD_HELP = {
    True: "Each tile has a hash code of {bits} bits. The distance between two tiles is the Hamming"
    " distance, the number of bits that differ. Encoder: {encoder}.",
    False: "Float features of the encoder, with no training or hashing; {distance} distance."
    " Encoder: {encoder}.",
}
_WHITENED = (
    " Features are whitened per domain (DWT) before hashing; the target-domain statistics come from"
    " the unlabelled archive tiles of the data set that the model was trained on."
)
# Codes of unrelated tiles differ in about half of their bits; a quarter is already distant.
_FAR = 0.25


def draw(models: Sequence[str], source: state.QuerySource) -> None:
    """Draws one column per model, and an error message for each model that failed."""
    outcomes = model_results.search_all(models, source)
    for outcome in outcomes:
        if isinstance(outcome, str):
            st.error(words.plain(outcome), icon=":material/error:")
    results = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    if not results:
        return
    _flag_archives([result.searcher for result in results])
    shared = Counter(hit.id for result in results for hit in result.hits)
    first = {hit.id: hit.rank for hit in results[0].hits}
    columns = [
        _column(result, shared, len(results), first if place else None)
        for place, result in enumerate(results)
    ]
    images = loaders.thumbnails(results[0].searcher, [*shared])
    tile_grid(
        "mirs.results",
        columns,
        images,
        state.choose_tile,
        subject=results[0].query.content,
        on_open=tile_details.request,
        on_mark=state.mark,
    )
    tile_details.draw(results, source)
    export_files.draw(results, source)


def legend(searcher: Searcher, source: state.QuerySource, models: int) -> None:
    """Draws the key to the marks on the tiles."""
    tile = source.tile_id
    label = searcher.items.labels[searcher.items.row(tile)] if tile else None
    same = f"<span><i></i>same class ({escape(words.class_name(label))})</span>" if label else ""
    name, value = "distance", "distance to the query"
    if state.has_examples(searcher.items):
        name, value = "score", "score, lower is more similar"
    kind = "<span>synthetic, not real imagery</span>" if searcher.card.synthetic else ""
    lists = "<span><b>×2</b>retrieved by 2 models</span>" if models > 1 else ""
    moved = "<span><b>↑3</b>rank change from the first model</span>" if models > 1 else ""
    st.html(
        f'<div class="mirs-legend">{kind}{same}<span><b>12</b>{value}</span>'
        f"<span><u></u>{name} increases here</span>{lists}{moved}</div>",
        width="content",
    )


def _flag_archives(searchers: Sequence[Searcher]) -> None:
    if len({searcher.summary.archive_id for searcher in searchers}) > 1:
        st.warning(
            "These models were evaluated on different archives (different seed or split), so their"
            " scores are not comparable.",
            icon=":material/balance:",
        )


def _column(
    result: ModelResults, shared: Counter[str], models: int, first: dict[str, int] | None
) -> Column:
    searcher, score, hits = result.searcher, result.score, result.hits
    spread, located = _spread(result), words.locations(searcher, [hit.id for hit in hits])
    before = [None, *(hit.distance for hit in hits)]
    return Column(
        title=result.title,
        about=_method(result),
        about_help=_method_help(result),
        note=_note(result),
        score=f"{score.min_r_k:.2f}" if score else "",
        score_name="AP@64" if score else "",
        score_help=_help(score),
        caution=(score.caution or "") if score else "",
        tiles=[
            _entry(
                result,
                hit,
                located[hit.id],
                shared[hit.id],
                models,
                shift=_shift(hit, first),
                far=hit.distance / spread if spread else 0.0,
                # Float distances are hardly ever equal: there would be a line before every tile.
                step=bool(searcher.summary.bits)
                and previous is not None
                and hit.distance > previous,
            )
            for hit, previous in zip(hits, before, strict=False)
        ],
        empty="" if hits else _nothing(result),
        end=_end(result),
    )


def _spread(result: ModelResults) -> float:
    """The distance of a full-length bar: half of the bits, or that of the farthest result."""
    bits = result.searcher.summary.bits
    farthest = max((hit.distance for hit in result.hits), default=0.0)
    return max(bits / 2, farthest) if bits else farthest


def _shift(hit: Hit, first: dict[str, int] | None) -> str:
    """The change in rank from the first column: up, down, or new."""
    if first is None:
        return ""
    if hit.id not in first:
        return "new"
    moved = first[hit.id] - hit.rank
    return f"↑{moved}" if moved > 0 else f"↓{-moved}" if moved < 0 else ""


def _nothing(result: ModelResults) -> str:
    filters = replace(result.filters, within=None)
    if result.filters.within is not None and filters.rows(result.searcher.items).size:
        text = f"No tile within {result.filters.within:.0f} bits of the query"
        nearest = result.searcher.search(result.query, 1, filters)
        if nearest and not result.query.refined:
            return f"{text}; the nearest is at {nearest[0].distance:.0f}."
        return f"{text}."
    return f"No tile passes the filters: {filters.description()}."


def _end(result: ModelResults) -> str:
    """The line below the last result: whether the list ends in a tie or at a distance limit."""
    hits, within = result.hits, result.filters.within
    if not hits:
        return ""
    if result.tied:
        many = f"{MOST_TIED} or more" if result.tied >= MOST_TIED else str(result.tied)
        value = "score" if result.query.refined else "distance"
        return f"{many} more tied at the {value} of the last result."
    if within is not None and len(hits) < st.session_state[state.K]:
        return f"No further tiles within {within:.0f} bits."
    return ""


def _help(score: QueryScore | None) -> str:
    if score is None:
        return ""
    return _SCORE_HELP.format(r=score.relevant_in_archive, hits=score.hits)


def _method(result: ModelResults) -> str:
    run, ranked = result.searcher.summary, result.ranked_by
    kind = f"{run.bits}-bit codes" if run.bits else "Float features"
    name = "Score" if ranked.is_score else ranked.distance.split()[0].capitalize()
    if lineup.own_name(run):
        kind = f"{lineup.method_of(run)} · {kind}"
    return f"{kind} · {name} · {1000 * result.seconds:.1f} ms"


def _method_help(result: ModelResults) -> str:
    run, ranked = result.searcher.summary, result.ranked_by
    text = _METHOD_HELP[bool(run.bits)].format(
        bits=run.bits, distance=run.distance, encoder=run.encoder
    )
    measured = ""
    if run.map_at_64 is not None:
        measured = f" mAP@64 over all test queries: {run.map_at_64:.3f}."
    seed = f" Seed {run.seed}, run {run.id}."
    order = f" Ranked by {ranked.order}." if ranked.is_score else ""
    return text + order + (_WHITENED if run.whitened else "") + measured + seed


def _note(result: ModelResults) -> str:
    """A summary of the list: precision for the query's class, and the range of distances."""
    hits, query = result.hits, result.query
    if not hits:
        return ""
    parts, bits = [], result.searcher.summary.bits
    judged = [hit for hit in hits if hit.relevant is not None]
    if judged:
        same = sum(bool(hit.relevant) for hit in judged)
        share = same / len(hits)
        parts.append(
            f"{same} of {len(hits)} {words.class_name(query.label)}, P@{len(hits)} {share:.2f}"
        )
    elif len(hits) < st.session_state[state.K]:
        parts.append(f"all {len(hits)} tiles")
    first, span = hits[0].distance, [result.ranked_by.short(hit.distance) for hit in hits]
    if query.refined:
        parts.append(f"score {span[0]} to {span[-1]}")
    elif bits and first > _FAR * bits:
        parts.append(f"no close match: nearest at {first:.0f} of {bits} bits")
    else:
        parts.append(f"distance {span[0]} to {span[-1]}" + (" bits" if bits else ""))
    return " · ".join(parts)


def _entry(
    result: ModelResults,
    hit: Hit,
    location: words.Location,
    lists: int,
    models: int,
    *,
    shift: str,
    far: float,
    step: bool,
) -> TileEntry:
    name, ranked = words.class_name(hit.label), result.ranked_by
    lines = [
        name,
        ranked.long(hit.distance),
        words.strip_line(result.searcher, hit.strip),
        *([f"{location.name}: {location.text}"] if location.text else []),
        f"Split: {words.SPLITS[hit.role].lower()}",
        *([f"Retrieved by {lists} of {models} models"] if models > 1 else []),
        words.file_name(hit.id),
    ]
    verdict = {True: ", same class", False: ", different class", None: ""}[hit.relevant]
    return TileEntry(
        id=hit.id,
        name=words.short_name(hit.label) if hit.label else words.file_name(hit.id),
        colour=words.colour(hit.label),
        label=f"Rank {hit.rank}: {name}{verdict}, {lines[1]}. Search with this tile.",
        lines=tuple(lines),
        value=ranked.short(hit.distance),
        rank=str(hit.rank),
        shared=f"×{lists}" if lists > 1 else "",
        relevant=bool(hit.relevant),
        shift=shift,
        far=min(max(far, 0.0), 1.0),
        step=step,
    )
