"""The list of runs to sort, filter and pick from."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from mirs_core.workspace import runs
from pages.shared import state

_TABLE, _SHOWN = "mirs.r.table", "mirs.r.shown"
_ROW, _HEAD, _MOST_ROWS = 35, 38, 12
_COLUMNS = {
    "Name": st.column_config.TextColumn(width=200),
    "State": st.column_config.TextColumn(width=65),
    "mAP@64": st.column_config.ProgressColumn(
        min_value=0,
        max_value=1,
        format="%.3f",
        width=120,
        help="Test queries, divided by min(R, 64)",
    ),
    "Tags": st.column_config.ListColumn(width=130),
    "Preset": st.column_config.TextColumn(width=95),
    "Data": st.column_config.TextColumn(width=140),
    "Encoder": st.column_config.TextColumn(width=130),
    "Bits": st.column_config.NumberColumn(
        width=60, help="Length of a code; none for the baselines, which compare floats"
    ),
    "Created": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
}


def titles(found: Sequence[runs.RunSummary]) -> dict[str, str]:
    """What each run is called here; where two have one name, the end of the id tells them apart."""
    names = [run.name for run in found]
    return {
        run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id[-6:]})"
        for run in found
    }


def matching(found: Sequence[runs.RunSummary], text: str) -> list[runs.RunSummary]:
    """The runs that hold every word of ``text`` in one of their columns."""
    words = text.casefold().split()
    return [run for run in found if all(word in _text_of(run) for word in words)]


def _text_of(run: runs.RunSummary) -> str:
    seed = f"seed {run.seed}"
    columns = (run.id, run.name, _state(run), run.preset, run.data, run.data_title, run.encoder)
    return "\n".join((*columns, seed, *run.tags)).casefold()


def draw(found: Sequence[runs.RunSummary]) -> None:
    """Draws the table; a pick goes into the session, in the order in which runs were picked."""
    ids = [run.id for run in found]
    picked = st.session_state.get(state.RUNS) or []
    rows = [row for row, run_id in enumerate(ids) if run_id in picked]
    st.session_state[_SHOWN] = ids
    st.session_state[_TABLE] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.dataframe(
        _columns(found),
        key=_TABLE,
        hide_index=True,
        column_config=_COLUMNS,
        row_height=_ROW,
        height=_HEAD + _ROW * min(len(found), _MOST_ROWS),
        on_select=_pick,
        selection_mode="multi-row",
        placeholder="",
        alt="Runs with their state, score, preset, data set, encoder, bits, date and tags",
    )


def _pick() -> None:
    """Takes over the ticks: runs that the filter hides stay picked, new ones come last."""
    shown = st.session_state.get(_SHOWN, [])
    rows = st.session_state[_TABLE]["selection"]["rows"]
    ticked = [shown[row] for row in rows if row < len(shown)]
    before = st.session_state.get(state.RUNS) or []
    kept = [run_id for run_id in before if run_id in ticked or run_id not in shown]
    st.session_state[state.RUNS] = [*kept, *(one for one in ticked if one not in kept)]


def _columns(found: Sequence[runs.RunSummary]) -> dict[str, list[object]]:
    return {
        "Name": [run.name for run in found],
        "State": [_state(run) for run in found],
        "mAP@64": [run.map_at_64 for run in found],
        "Tags": [list(run.tags) for run in found],
        "Preset": [run.preset for run in found],
        "Data": [run.data_title for run in found],
        "Encoder": [run.encoder for run in found],
        "Bits": [run.bits for run in found],
        "Created": [_time(run.created) for run in found],
    }


def _state(run: runs.RunSummary) -> str:
    return "served" if run.served else run.state


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
