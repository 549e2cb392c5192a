"""The form that imports an exported run from a file."""

from typing import BinaryIO

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.exchange import exported_runs
from mirs_core.workspace.home import Home
from pages.shared import state, words

_COUNT = "mirs.r.imported"


def draw() -> None:
    """Draws the button that opens the form."""
    # A new key after each import closes the form and clears its file.
    key = f"mirs.r.import.{st.session_state.get(_COUNT, 0)}"
    with (
        st.popover("Import a run", icon=":material/unarchive:", width="content", key=key),
        st.form(f"{key}.form", border=False, enter_to_submit=False),
    ):
        file = st.file_uploader(
            "Exported run", type=["zip"], help=f"A file whose name ends in {exported_runs.SUFFIX}"
        )
        new_id = st.text_input("New id", placeholder="optional")
        submitted = st.form_submit_button("Import", type="primary", width="stretch")
        if not submitted:
            return
        if file is None:
            st.error("Choose a file first.", icon=":material/upload_file:")
            return
        if run_id := _import(file, new_id.strip() or None):
            st.session_state[state.RUNS] = [run_id]
            st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
            st.rerun()


def _import(file: BinaryIO, run_id: str | None) -> str | None:
    """Imports the run; returns its id, or shows the error and returns None."""
    try:
        return exported_runs.load_run(Home.current(), file, run_id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
