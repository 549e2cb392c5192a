"""Many queries as rows that one can walk: each query with its nearest tiles, a page at a time."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from mirs_core.errors import DataError, MirsError
from mirs_core.landform_map.verdict import Verdict
from mirs_core.retrieval.batch import BatchSearch, HitBlock, QueryBlock
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.ranked_by import ranked_by
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.components.tile_picture import TilePicture
from pages.parts import filter_panel
from pages.shared import loaders, state, words

ROWS = 8
"""Queries on a page."""
HITS = 10
"""Results of each query that are drawn; the table has all of them."""


def draw(searcher: Searcher, sources: Sequence[state.QuerySource], place: str) -> None:
    """Draws a page of queries with their nearest tiles under the filters of the session.

    A click on a query, or on one of its results, makes it the query of the app.

    Args:
        sources: all queries; only those of the page are encoded.
        place: tells lists of queries apart; part of keys.
    """
    pages = -(-len(sources) // ROWS)
    key = f"mirs.many.page.{place}.{len(sources)}"
    number = st.pagination(pages, key=key) if pages > 1 else 1
    first = (number - 1) * ROWS
    on_page = [sources[index] for index in range(first, min(first + ROWS, len(sources)))]
    if pages > 1:
        st.caption(f"Queries {first + 1:,} to {first + len(on_page):,} of {len(sources):,}")
    queries = _queries(searcher, on_page)
    block = _block([query for query in queries if isinstance(query, Query)], searcher)
    hits = BatchSearch(searcher, HITS, filter_panel.selected(searcher)).search(block)
    usable = 0
    for number, (source, query) in enumerate(zip(on_page, queries, strict=True), first):
        with st.container(key=f"mirs-many-{number}", border=True):
            if isinstance(query, str):
                st.error(words.plain(query), icon=":material/broken_image:")
                continue
            left, right = st.columns([1, 7], gap="medium")
            with left:
                _query(searcher, source, query, number)
            with right:
                _hits(searcher, query, hits, usable, number)
            usable += 1


def _queries(searcher: Searcher, sources: Sequence[state.QuerySource]) -> list[Query | str]:
    """The query of each source, or why there is none."""
    queries: list[Query | str] = []
    for source in sources:
        try:
            queries.append(query_of(searcher, source))
        except MirsError as error:
            queries.append(str(error))
    return queries


def query_of(searcher: Searcher, source: state.QuerySource) -> Query:
    """The query of one of many sources.

    Raises:
        DataError: an image that is no tile: nobody has chosen a square of it.
        MirsError: it cannot be searched with.
    """
    if source.image is not None:
        reason = loaders.why_no_tile(searcher, source.image, source.name)
        if reason is not None:
            raise DataError(f"{reason} Choose a square of it under {state.OWN}.")
    return source.query(searcher)


def _block(queries: list[Query], searcher: Searcher) -> QueryBlock:
    empty = searcher.retriever.codes[:0]
    tiles = [query.tile_id or "" for query in queries]
    return QueryBlock(
        names=[query.name for query in queries],
        codes=np.concatenate([empty, *(query.code for query in queries)]),
        contents=[query.content for query in queries],
        rows=searcher.items.rows_of(tiles),
    )


def _query(searcher: Searcher, source: state.QuerySource, query: Query, number: int) -> None:
    verdict = _verdict(searcher, query)
    name, file = words.class_name(query.label), words.file_name(source.name)
    colour = words.colour(query.label)
    lines: tuple[str, ...] = (name, file)
    if verdict is not None:
        name, colour = f"{verdict.name}?", words.colour(verdict.label)
        lines = (f"Most likely {verdict.name}", _votes(verdict), "An estimate", file)
    entry = TileEntry(
        id=source.name,
        name=name,
        colour=colour,
        label=f"Query {number + 1}: {', '.join(lines)}. Search with this one.",
        lines=lines,
    )
    images = {source.name: _picture(searcher, source)}
    tile_grid(
        f"mirs.many.query.{number}",
        [Column([entry])],
        images,
        lambda _: state.search_with(source),
        tile="6rem",
    )
    below = [file] if verdict is None else [file, _votes(verdict)]
    st.html("".join(f'<p class="mirs-row-name">{escape(line)}</p>' for line in below))


def _picture(searcher: Searcher, source: state.QuerySource) -> TilePicture:
    if source.image is None:
        return loaders.thumbnails(searcher, [source.name])[source.name]
    return TilePicture(loaders.own_image(source.image, source.name)[0])


def _verdict(searcher: Searcher, query: Query) -> Verdict | None:
    try:
        panel = loaders.panel(searcher)
    except MirsError:
        return None
    return None if panel is None else panel.verdict(query)


def _votes(verdict: Verdict) -> str:
    return f"{verdict.votes:.3g} of {verdict.k} neighbours, {verdict.state}"


def _hits(searcher: Searcher, query: Query, hits: HitBlock, place: int, number: int) -> None:
    part = hits.of(place)
    rows, distances = hits.rows[part], hits.distances[part]
    items, named = searcher.items, ranked_by(searcher.unit, query)
    tiles, labels = items.ids.values_at(rows), items.labels.values_at(rows)
    entries = [
        TileEntry(
            id=tile,
            name=words.short_name(label) if label else words.file_name(tile),
            colour=words.colour(label),
            label=f"Rank {rank}: {words.class_name(label)}, {named.long(distance)}. Search"
            " with this tile.",
            lines=(words.class_name(label), named.long(distance), words.file_name(tile)),
            value=named.short(distance),
            rank=str(rank),
            relevant=query.label is not None and label == query.label,
        )
        for rank, (tile, label, distance) in enumerate(
            zip(tiles, labels, distances.tolist(), strict=True), 1
        )
    ]
    column = Column(
        entries,
        note=_note(labels),
        empty="" if entries else "No tile passes the filters in the sidebar.",
    )
    images = loaders.thumbnails(searcher, tiles)
    key = f"mirs.many.hits.{number}"
    tile_grid(key, [column], images, state.choose_tile, tile="4.6rem")


def _note(labels: Sequence[str | None]) -> str:
    """How many of the results have which class, the most frequent ones first."""
    counts = Counter(labels).most_common(3)
    return " · ".join(f"{count} {words.class_name(label)}" for label, count in counts)
