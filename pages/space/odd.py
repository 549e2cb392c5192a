"""What is odd about a hash space, as lists whose rows open the tiles."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.hash_space import clusters as code_clusters
from mirs_core.hash_space import neighbourhoods
from mirs_core.retrieval.search import Searcher
from pages.shared import loaders, state, words

_LEAST, _TYPICAL, _ALL = "Least typical 24", "Most typical 24", "All"
_FEW = 24


def draw(run_id: str, searcher: Searcher) -> None:
    """Draws the lists of one run."""
    kind = st.pills(
        "What to look for", list(_LISTS), default=next(iter(_LISTS)), required=True,
        key="mirs.space.odd",
    )  # fmt: skip
    _LISTS[str(kind)](run_id, searcher)


def _suspects(run_id: str, searcher: Searcher) -> None:
    near = loaders.neighbourhoods(run_id)
    suspects = neighbourhoods.suspects(searcher.retriever, near)
    st.caption("Tiles whose ten neighbours nearly all say otherwise, the surest first.")
    _table(
        searcher,
        {
            "Tile": [_name(searcher, one.row) for one in suspects],
            "Label": [words.class_name(one.label) for one in suspects],
            "Neighbours say": [words.class_name(one.says) for one in suspects],
            "Of ten": [one.agree for one in suspects],
            "Mean distance": [one.away for one in suspects],
        },
        lambda place: [suspects[place].row, *_near(near, suspects[place].row)],
    )


def _hubs(run_id: str, searcher: Searcher) -> None:
    near = loaders.neighbourhoods(run_id)
    hubs = neighbourhoods.hubs(near)
    st.caption("Tiles that stand among the ten nearest of many others.")
    _table(
        searcher,
        {
            "Tile": [_name(searcher, one.row) for one in hubs],
            "Landform": [words.class_name(searcher.items.labels[one.row]) for one in hubs],
            "In the lists of": [one.count for one in hubs],
        },
        lambda place: [hubs[place].row, *_near(near, hubs[place].row)],
    )


def _shared(run_id: str, searcher: Searcher) -> None:
    shared = neighbourhoods.shared_codes(searcher.retriever)
    st.caption("Codes that several tiles have: the model cannot tell these apart.")
    _table(
        searcher,
        {
            "Tiles": [len(one.rows) for one in shared],
            "Mostly": [words.class_name(one.label) for one in shared],
            "Of them": [one.same for one in shared],
        },
        lambda place: list(shared[place].rows),
    )


def _clusters(run_id: str, searcher: Searcher) -> None:
    usual = code_clusters.usual_count(searcher.retriever)
    most = min(code_clusters.MOST, len(searcher.items))
    if most <= code_clusters.LEAST:
        st.info("There are too few tiles for clusters.", icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.slider(
            "Clusters", code_clusters.LEAST, most, min(usual, most),
            key=f"mirs.space.clusters.{run_id}",
        )  # fmt: skip
        opens = st.segmented_control(
            "A row opens", [_LEAST, _TYPICAL, _ALL], default=_LEAST,
            required=True, key="mirs.space.clusters.open",
        )  # fmt: skip
    try:
        clusters = loaders.clustering(run_id, count).clusters
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    st.caption(
        "k-means in the space of the codes, the largest first. Purity: share of its labelled tiles"
        " with the label that most of them have. Spread: mean distance of its tiles."
    )

    def rows_of(place: int) -> list[int]:
        rows = list(clusters[place].rows)
        if opens == _ALL:
            return rows
        return rows[:_FEW] if opens == _LEAST else rows[::-1][:_FEW]

    columns: dict[str, Sequence[Any]] = {
        "Tiles": [len(one.rows) for one in clusters],
        "Mostly": [words.class_name(one.label) for one in clusters],
        "Purity": [one.purity for one in clusters],
        "Spread": [one.spread for one in clusters],
    }
    if any(one.strip for one in clusters):
        columns["From its main strip"] = [one.of_strip / len(one.rows) for one in clusters]
        columns["Main strip"] = [one.strip or "" for one in clusters]
    _table(searcher, columns, rows_of, shares=("Purity", "From its main strip"))


def _overlaps(run_id: str, searcher: Searcher) -> None:
    try:
        pairs = loaders.same_ground(run_id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    items = searcher.items
    st.caption(
        "Tiles that show in part the same ground, told by their pixels. Pairs across the splits let"
        " a model be tested on what it has learnt."
    )
    _table(
        searcher,
        {
            "Tile": [_name(searcher, one.rows[0]) for one in pairs],
            "And": [_name(searcher, one.rows[1]) for one in pairs],
            "In common": [one.share for one in pairs],
            "Likeness": [one.likeness for one in pairs],
            "Roles": [
                " and ".join(words.ROLES[items.roles[row]].lower() for row in one.rows)
                for one in pairs
            ],
            "Label": [
                words.class_name(items.labels[one.rows[0]])
                if items.labels[one.rows[0]] == items.labels[one.rows[1]]
                else " / ".join(words.class_name(items.labels[row]) for row in one.rows)
                for one in pairs
            ],
        },
        lambda place: list(pairs[place].rows),
        shares=("In common",),
    )


_LISTS: dict[str, Callable[[str, Searcher], None]] = {
    "Suspected labels": _suspects,
    "Clusters": _clusters,
    "Hubs": _hubs,
    "Shared codes": _shared,
    "Same ground": _overlaps,
}


def _near(near: neighbourhoods.Neighbourhoods, row: int) -> list[int]:
    return [int(other) for other in near.rows[row] if other >= 0]


def _name(searcher: Searcher, row: int) -> str:
    return words.file_name(searcher.items.ids[row])


def _table(
    searcher: Searcher,
    columns: dict[str, Sequence[Any]],
    rows_of: Callable[[int], list[int]],
    shares: Sequence[str] = (),
) -> None:
    if not next(iter(columns.values())):
        st.info("Nothing of this kind is found.", icon=":material/check:")
        return

    def picked() -> None:
        chosen = st.session_state["mirs.space.table"]["selection"]["rows"]
        if chosen:
            rows = rows_of(int(chosen[0]))
            st.session_state[state.CHOSEN] = [searcher.items.ids[row] for row in rows]

    st.dataframe(
        columns, hide_index=True, on_select=picked, selection_mode="single-row",
        key="mirs.space.table", width="stretch",
        column_config={name: st.column_config.NumberColumn(format="percent") for name in shares},
    )  # fmt: skip
