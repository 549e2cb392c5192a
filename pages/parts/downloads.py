"""The data behind the figures, to take away."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


def rows(name: str, found: Sequence[Mapping[str, Any]]) -> None:
    """A button that downloads rows of one shape as CSV."""
    if not found:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found[0]))
    writer.writeheader()
    writer.writerows(found)
    _button(f"{name}.csv", text.getvalue(), "text/csv")


def values(name: str, found: Mapping[str, Any]) -> None:
    """A button that downloads figures as JSON, written when it is pressed."""
    _button(f"{name}.json", lambda: json.dumps(found, allow_nan=False), "application/json")


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
