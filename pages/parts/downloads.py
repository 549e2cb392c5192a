"""Download buttons for the data behind tables and figures."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from mirs_core.exchange.exports import spreadsheet


def rows(name: str, table: Sequence[Mapping[str, Any]]) -> None:
    """Draws a button that downloads rows with the same keys as CSV, safe in spreadsheets."""
    if not table:
        return
    _button(f"{name}.csv", spreadsheet.table(table), "text/csv")


def values(name: str, make: Callable[[], Mapping[str, Any]]) -> None:
    """Draws a button that downloads a value as JSON, made when it is clicked."""
    _button(f"{name}.json", lambda: json.dumps(make(), allow_nan=False), "application/json")


def _button(name: str, data: Any, kind: str) -> None:
    st.download_button(
        name,
        data,
        f"mirs-{name}",
        kind,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"mirs.e.download.{name}",
    )
