"""The settings of the form that differ from those of the default model."""

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
"""Number of settings that are not folded away, so that the preview below stays visible."""


def draw(config: RunConfig) -> None:
    """Draws the table, or a caption where there is no difference."""
    home = Home.current()
    try:
        default = runs.folder(home, runs.served_run(home) or "").config()
    except MirsError:
        st.caption("There is no default model to compare these settings with.")
        return
    changed = [
        setting
        for setting in differences([default, config])
        if not (idle(config, setting.name) and idle(default, setting.name))
    ]
    if not changed:
        st.caption("These are the settings of the default model.")
        return
    count = f"{len(changed)} setting{'s' if len(changed) > 1 else ''}"
    more = changed[_OPEN:]
    folded = f"<details><summary>and {len(more)} more</summary>{_table(more)}</details>"
    st.html(
        f'<div class="mirs-differs"><p>Differs from the default model in {count}</p>'
        f"{_table(changed[:_OPEN], headed=True)}{folded if more else ''}</div>"
    )


def _table(changed: Sequence[Difference], headed: bool = False) -> str:
    head = "<thead><tr><th>Setting</th><th>Default model</th><th>This form</th></tr></thead>"
    rows = "".join(
        f"<tr><th>{escape(setting.label)}</th><td>{_text(setting.values[0])}</td>"
        f"<td>{_text(setting.values[1])}</td></tr>"
        for setting in changed
    )
    return f'<table class="mirs-terms">{head if headed else ""}<tbody>{rows}</tbody></table>'


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return escape(str(value)) or "none"
