"""What differs between the form and the run that is shown first."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from mirs_core.config.differences import Difference, differences
from mirs_core.config.relevance import idle
from mirs_core.config.settings import RunConfig
from mirs_core.errors import MirsError
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_OPEN = 6
"""So many settings stand open at once, so that the preview below stays in sight."""


def draw(config: RunConfig) -> None:
    """Draws the settings that are not those of the served run."""
    home = Home.current()
    try:
        served = runs.folder(home, runs.served_run(home) or "")
        theirs = served.config()
    except MirsError:
        st.caption("No run is shown first, so there is nothing to compare these settings with.")
        return
    found = [
        one
        for one in differences([theirs, config])
        if not (idle(config, one.name) and idle(theirs, one.name))
    ]
    if not found:
        st.caption("The settings are those of the run that is shown first.")
        return
    count = f"{len(found)} setting{'s' if len(found) > 1 else ''}"
    more = found[_OPEN:]
    folded = f"<details><summary>and {len(more)} more</summary>{_table(more)}</details>"
    st.html(
        f'<div class="mirs-differs"><p>Differs in {count} from the run that is shown first</p>'
        f"{_table(found[:_OPEN], headed=True)}{folded if more else ''}</div>"
    )


def _table(found: Sequence[Difference], headed: bool = False) -> str:
    head = "<thead><tr><th>Setting</th><th>Shown first</th><th>Here</th></tr></thead>"
    rows = "".join(
        f"<tr><th>{escape(one.label)}</th><td>{_said(one.values[0])}</td>"
        f"<td>{_said(one.values[1])}</td></tr>"
        for one in found
    )
    return f'<table class="mirs-terms">{head if headed else ""}<tbody>{rows}</tbody></table>'


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return escape(str(value)) or "none"
