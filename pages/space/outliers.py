"""Outliers of a hash space: suspected labels, clusters, hubs, saturated codes and overlaps."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.errors import MirsError
from mirs_core.hash_space import code_clusters, neighbourhoods
from mirs_core.hash_space.samples import Sample
from mirs_core.retrieval.search import Searcher
from pages.parts import downloads
from pages.shared import loaders, state, words

_LEAST, _TYPICAL, _ALL = "Least typical 24", "Most typical 24", "All"
_FEW = 24
_STRIP_SHARE = "From its main strip"


def draw(run_id: str, searcher: Searcher) -> None:
    """Draws the lists of one run; selecting a row shows its tiles."""
    kind = st.pills(
        "List", list(_LISTS), default=next(iter(_LISTS)), required=True,
        key="mirs.space.outliers",
    )  # fmt: skip
    _LISTS[str(kind)](run_id, searcher)


def _suspects(run_id: str, searcher: Searcher) -> None:
    near, sample = loaders.neighbourhoods(run_id), loaders.sample(run_id)
    suspects, items = neighbourhoods.suspects(sample.retriever, near), sample.retriever.items
    st.caption(
        "Tiles whose label disagrees with nearly all of their 10 nearest neighbours, strongest"
        f" disagreement first.{_within(sample)}"
    )
    _table(
        items,
        {
            "Neighbours' label": [
                words.class_name(suspect.neighbour_label) for suspect in suspects
            ],
            "Neighbours": [suspect.neighbour_count for suspect in suspects],
            "Label": [words.class_name(suspect.label) for suspect in suspects],
            "Mean distance": [suspect.mean_distance for suspect in suspects],
            "Tile": [_name(items, suspect.row) for suspect in suspects],
        },
        lambda place: [suspects[place].row, *_near(near, suspects[place].row)],
    )


def _hubs(run_id: str, searcher: Searcher) -> None:
    near, sample = loaders.neighbourhoods(run_id), loaders.sample(run_id)
    hubs, items = neighbourhoods.hubs(near), sample.retriever.items
    st.caption(f"Tiles that are among the 10 nearest neighbours of many others.{_within(sample)}")
    _table(
        items,
        {
            "Tile": [_name(items, hub.row) for hub in hubs],
            "Landform": [words.class_name(items.labels[hub.row]) for hub in hubs],
            "Neighbour of": [hub.count for hub in hubs],
        },
        lambda place: [hubs[place].row, *_near(near, hubs[place].row)],
    )


def _shared(run_id: str, searcher: Searcher) -> None:
    shared = loaders.shared_codes(run_id)
    st.caption("Hash codes that several tiles share, so the model cannot distinguish these.")
    _table(
        searcher.items,
        {
            "Tiles": [len(group.rows) for group in shared],
            "Majority class": [words.class_name(group.label) for group in shared],
            "Tiles of it": [group.same for group in shared],
        },
        lambda place: shared[place].rows,
    )


def _clusters(run_id: str, searcher: Searcher) -> None:
    usual = code_clusters.default_count(searcher.retriever)
    most = min(code_clusters.MOST, len(searcher.items))
    if most <= code_clusters.LEAST:
        st.info("Too few tiles to cluster.", icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.slider(
            "Clusters", code_clusters.LEAST, most, min(usual, most),
            key=f"mirs.space.clusters.{run_id}",
        )  # fmt: skip
        opens = st.segmented_control(
            "Show on selection", [_LEAST, _TYPICAL, _ALL], default=_LEAST,
            required=True, key="mirs.space.clusters.open",
        )  # fmt: skip
    try:
        clusters = loaders.clustering(run_id, count).clusters
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    st.caption(
        "k-means clusters of the codes, largest first. Purity: fraction of the labelled tiles in"
        " the majority class. Spread: mean distance between its tiles (float"
        " models: to its centre)." + _fitted(len(searcher.items))
    )

    def rows_of(place: int) -> NDArray[np.int64]:
        rows = clusters[place].rows
        if opens == _ALL:
            return rows
        return rows[:_FEW] if opens == _LEAST else rows[::-1][:_FEW]

    columns: dict[str, Sequence[Any]] = {
        "Tiles": [len(cluster.rows) for cluster in clusters],
        "Majority class": [words.class_name(cluster.label) for cluster in clusters],
        "Purity": [cluster.purity for cluster in clusters],
        "Spread": [cluster.spread for cluster in clusters],
    }
    if any(cluster.strip for cluster in clusters):
        columns[_STRIP_SHARE] = [cluster.of_strip / len(cluster.rows) for cluster in clusters]
        columns["Main strip"] = [cluster.strip or "" for cluster in clusters]
    _table(searcher.items, columns, rows_of, shares=("Purity", _STRIP_SHARE))


def _overlaps(run_id: str, searcher: Searcher) -> None:
    try:
        pairs = loaders.overlapping_tiles(run_id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    sample = loaders.sample(run_id)
    items = sample.retriever.items
    st.caption(
        "Pairs of tiles with overlapping footprints, found by comparing pixels. Pairs across"
        f" splits leak training data into the evaluation.{_within(sample)}"
    )
    _table(
        items,
        {
            "Tile": [_name(items, pair.rows[0]) for pair in pairs],
            "Overlaps": [_name(items, pair.rows[1]) for pair in pairs],
            "Overlap": [pair.share for pair in pairs],
            "Correlation": [pair.likeness for pair in pairs],
            "Splits": [
                " and ".join(words.SPLITS[items.roles[row]].lower() for row in pair.rows)
                for pair in pairs
            ],
            "Label": [
                words.class_name(items.labels[pair.rows[0]])
                if items.labels[pair.rows[0]] == items.labels[pair.rows[1]]
                else " / ".join(words.class_name(items.labels[row]) for row in pair.rows)
                for pair in pairs
            ],
        },
        lambda place: list(pairs[place].rows),
        shares=("Overlap",),
    )


_LISTS: dict[str, Callable[[str, Searcher], None]] = {
    "Suspected labels": _suspects,
    "Clusters": _clusters,
    "Hubs": _hubs,
    "Saturated codes": _shared,
    "Overlapping footprints": _overlaps,
}


def _near(near: neighbourhoods.Neighbourhoods, row: int) -> list[int]:
    return [int(neighbour) for neighbour in near.rows[row] if neighbour >= 0]


def _within(sample: Sample) -> str:
    """What the list of a large run is of."""
    sampled = words.sampled(len(sample.rows), sample.of)
    return f"{sampled} Neighbours are those in the sample." if sampled else ""


def _fitted(count: int) -> str:
    if count <= code_clusters.FITTED:
        return ""
    return f" Centres fitted to a random sample: {code_clusters.FITTED:,} of {count:,} tiles."


def _name(items: Items, row: int) -> str:
    return words.file_name(items.ids[row])


def _table(
    items: Items,
    columns: dict[str, Sequence[Any]],
    rows_of: Callable[[int], Sequence[int] | NDArray[np.int64]],
    shares: Sequence[str] = (),
) -> None:
    """Draws a list; a selected row selects its tiles.

    Args:
        items: of the rows that ``rows_of`` returns for a place in the list.
    """
    if not next(iter(columns.values())):
        st.info("None found.", icon=":material/check:")
        return

    def open_row() -> None:
        selected = st.session_state["mirs.space.table"]["selection"]["rows"]
        if selected:
            rows = np.asarray(rows_of(int(selected[0])), dtype=np.int64)
            st.session_state[state.CHOSEN] = items.ids.take(rows).tolist()

    st.dataframe(
        columns, hide_index=True, on_select=open_row, selection_mode="single-row",
        key="mirs.space.table", width="stretch",
        column_config={name: st.column_config.NumberColumn(format="percent") for name in shares},
    )  # fmt: skip
    names = list(columns)
    rows = [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    downloads.rows("outliers", rows)
