"""The table of runs, to sort, filter and select from."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from mirs_core.workspace import runs
from pages.parts import downloads
from pages.shared import state

_TABLE, _ROW_IDS = "mirs.r.table", "mirs.r.shown"
_ROW_HEIGHT, _HEAD_HEIGHT, _MAX_ROWS = 35, 38, 12
# Names in pixels: a letter, the margins, and the limits of their column.
_LETTER, _MARGIN, _NARROWEST, _WIDEST = 7.3, 24, 120, 420
_COLUMNS = {
    "State": st.column_config.TextColumn(width=105),
    "mAP@64": st.column_config.ProgressColumn(
        min_value=0,
        max_value=1,
        format="%.3f",
        width=120,
        help="Over all test queries, normalised by min(R, 64)",
    ),
    "Tags": st.column_config.ListColumn(width=130),
    "Preset": st.column_config.TextColumn(width=95),
    "Data": st.column_config.TextColumn(width=140),
    "Encoder": st.column_config.TextColumn(width=130),
    "Bits": st.column_config.NumberColumn(
        width=60, help="Length of a code; baselines compare float features instead"
    ),
    "Created": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
}


def titles(all_runs: Sequence[runs.RunSummary]) -> dict[str, str]:
    """The name of each run by id, with the end of the id where several have the same name."""
    names = [run.name for run in all_runs]
    return {
        run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id[-6:]})"
        for run in all_runs
    }


def matching(all_runs: Sequence[runs.RunSummary], text: str) -> list[runs.RunSummary]:
    """The runs with every word of ``text`` in one of their columns."""
    words = text.casefold().split()
    return [run for run in all_runs if all(word in _text_of(run) for word in words)]


def _text_of(run: runs.RunSummary) -> str:
    seed = f"seed {run.seed}"
    columns = (run.id, run.name, _state(run), run.preset, run.data, run.data_title, run.encoder)
    return "\n".join((*columns, seed, *run.tags)).casefold()


def draw(rows: Sequence[runs.RunSummary]) -> None:
    """Draws the table; the session holds the selected runs in the order of selection."""
    ids = [run.id for run in rows]
    selected = st.session_state.get(state.RUNS) or []
    selected_rows = [row for row, run_id in enumerate(ids) if run_id in selected]
    st.session_state[_ROW_IDS] = ids
    st.session_state[_TABLE] = {"selection": {"rows": selected_rows, "columns": [], "cells": []}}
    st.dataframe(
        _columns(rows),
        key=_TABLE,
        hide_index=True,
        column_config={"Name": st.column_config.TextColumn(width=_name_width(rows)), **_COLUMNS},
        row_height=_ROW_HEIGHT,
        height=_HEAD_HEIGHT + _ROW_HEIGHT * min(len(rows), _MAX_ROWS),
        on_select=_select,
        selection_mode="multi-row",
        placeholder="",
        alt="Runs with their state, score, preset, data set, encoder, bits, date and tags",
    )
    downloads.rows("runs", [_row(run) for run in rows])


def _name_width(rows: Sequence[runs.RunSummary]) -> int:
    """The width of the column of names, in which the longest fits unless it is very long."""
    longest = max((len(run.name) for run in rows), default=0)
    return int(min(max(_LETTER * longest + _MARGIN, _NARROWEST), _WIDEST))


def _select() -> None:
    """Updates the selected runs: those that the filter hides stay selected, new ones come last."""
    visible = st.session_state.get(_ROW_IDS, [])
    rows = st.session_state[_TABLE]["selection"]["rows"]
    ticked = [visible[row] for row in rows if row < len(visible)]
    previous = st.session_state.get(state.RUNS) or []
    remaining = [run_id for run_id in previous if run_id in ticked or run_id not in visible]
    added = [run_id for run_id in ticked if run_id not in remaining]
    st.session_state[state.RUNS] = [*remaining, *added]


def _row(run: runs.RunSummary) -> dict[str, object]:
    """A run as a row of the table that is downloaded."""
    return {
        "run": run.id,
        "name": run.name,
        "state": _state(run),
        "map_at_64": run.map_at_64,
        "tags": ", ".join(run.tags),
        "preset": run.preset,
        "data": run.data_title,
        "encoder": run.encoder,
        "bits": run.bits,
        "seed": run.seed,
        "created": run.created,
    }


def _columns(rows: Sequence[runs.RunSummary]) -> dict[str, list[object]]:
    return {
        "Name": [run.name for run in rows],
        "State": [_state(run) for run in rows],
        "mAP@64": [run.map_at_64 for run in rows],
        "Tags": [list(run.tags) for run in rows],
        "Preset": [run.preset for run in rows],
        "Data": [run.data_title for run in rows],
        "Encoder": [run.encoder for run in rows],
        "Bits": [run.bits for run in rows],
        "Created": [_time(run.created) for run in rows],
    }


def _state(run: runs.RunSummary) -> str:
    return "default model" if run.served else run.state


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
