"""Download buttons for the data behind tables and figures."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


def rows(name: str, table: Sequence[Mapping[str, Any]]) -> None:
    """Draws a button that downloads rows with the same keys as CSV; nothing if there are none."""
    if not table:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    _button(f"{name}.csv", text.getvalue(), "text/csv")


def values(name: str, value: Mapping[str, Any]) -> None:
    """Draws a button that downloads a value as JSON, serialised when it is clicked."""
    _button(f"{name}.json", lambda: json.dumps(value, allow_nan=False), "application/json")


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
