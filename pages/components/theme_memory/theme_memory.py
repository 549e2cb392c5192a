"""A theme that is chosen on one page and remembered for all."""

from collections.abc import Sequence

import streamlit as st

from pages.components import source_of

_MEMORY = st.components.v2.component(
    "mirs.theme_memory", html="<span></span>", js=source_of("theme_memory/theme_memory.js")
)


def theme_memory(paths: Sequence[str]) -> None:
    """Keeps the theme that is chosen in the menu for the pages at ``paths``, such as "/runs"."""
    _MEMORY(key="mirs.theme.memory", data={"paths": list(paths)}, height=1)
