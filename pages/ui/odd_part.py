"""What is odd about a hash space, as lists whose rows open the tiles."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from mirs_core import neighbourhoods
from mirs_core.search import Searcher
from pages.ui import loaders, space_part, words

_SUSPECTS, _HUBS, _SHARED = "Suspected labels", "Hubs", "Shared codes"


def draw(run_id: str, searcher: Searcher) -> None:
    """Draws the lists of one run."""
    kind = st.segmented_control(
        "What to look for", [_SUSPECTS, _HUBS, _SHARED], default=_SUSPECTS, required=True,
        key="mirs.space.odd",
    )  # fmt: skip
    near, found = loaders.neighbourhoods(run_id), searcher.retriever
    if kind == _SUSPECTS:
        suspects = neighbourhoods.suspects(found, near)
        st.caption("Tiles whose ten neighbours nearly all say otherwise, the surest first.")
        _table(
            {
                "Tile": [_name(searcher, one.row) for one in suspects],
                "Label": [words.class_name(one.label) for one in suspects],
                "Neighbours say": [words.class_name(one.says) for one in suspects],
                "Of ten": [one.agree for one in suspects],
                "Mean distance": [one.away for one in suspects],
            },
            lambda place: [suspects[place].row, *_near(near, suspects[place].row)],
        )
    elif kind == _HUBS:
        hubs = neighbourhoods.hubs(near)
        st.caption("Tiles that stand among the ten nearest of many others.")
        _table(
            {
                "Tile": [_name(searcher, one.row) for one in hubs],
                "Landform": [words.class_name(searcher.items.labels[one.row]) for one in hubs],
                "In the lists of": [one.count for one in hubs],
            },
            lambda place: [hubs[place].row, *_near(near, hubs[place].row)],
        )
    else:
        shared = neighbourhoods.shared_codes(found)
        st.caption("Codes that several tiles have: the model cannot tell these apart.")
        _table(
            {
                "Tiles": [len(one.rows) for one in shared],
                "Mostly": [words.class_name(one.label) for one in shared],
                "Of them": [one.same for one in shared],
            },
            lambda place: list(shared[place].rows),
        )


def _near(near: neighbourhoods.Neighbourhoods, row: int) -> list[int]:
    return [int(other) for other in near.rows[row] if other >= 0]


def _name(searcher: Searcher, row: int) -> str:
    return words.file_name(searcher.items.ids[row])


def _table(columns: dict[str, Sequence[Any]], rows_of: Callable[[int], list[int]]) -> None:
    if not next(iter(columns.values())):
        st.info("Nothing of this kind is found.", icon=":material/check:")
        return

    def picked() -> None:
        chosen = st.session_state["mirs.space.table"]["selection"]["rows"]
        if chosen:
            st.session_state[space_part.ROWS] = rows_of(int(chosen[0]))

    st.dataframe(
        columns, hide_index=True, on_select=picked, selection_mode="single-row",
        key="mirs.space.table", width="stretch",
    )  # fmt: skip
