"""Draws the page again soon after a file has changed whose picture is on it."""

import streamlit as st

from pages.shared import loaders

_DRAWN, _FRESH = "mirs.files.drawn", "mirs.files.fresh"


def draw() -> None:
    """Watches the files whose pictures this session has shown; call it once, after the page."""
    st.session_state[_DRAWN], st.session_state[_FRESH] = loaders.files_turn(), True
    _watch()


@st.fragment(run_every=3.0)
def _watch() -> None:
    """Compares the size and times of each file with what was shown."""
    if st.session_state.pop(_FRESH, False):  # the page itself has just looked
        return
    if loaders.look_at_shown_files() != st.session_state.get(_DRAWN):
        st.rerun(scope="app")
