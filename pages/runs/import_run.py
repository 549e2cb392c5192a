"""Taking in a run that was exported, here or elsewhere."""

from typing import BinaryIO

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.exchange import run_files as transfer
from mirs_core.workspace.home import Home
from pages.shared import state, words

_COUNT = "mirs.r.imported"


def draw() -> None:
    """Draws the button that opens the form."""
    # A new name for each run that came in: the form closes and forgets its file.
    key = f"mirs.r.import.{st.session_state.get(_COUNT, 0)}"
    with (
        st.popover("Import a run", icon=":material/unarchive:", width="content", key=key),
        st.form(f"{key}.form", border=False, enter_to_submit=False),
    ):
        file = st.file_uploader(
            "A file that was exported", type=["zip"], help=f"Its name ends in {transfer.SUFFIX}"
        )
        run_id = st.text_input("Another id here", placeholder="optional")
        sent = st.form_submit_button("Import", type="primary", width="stretch")
        if not sent:
            return
        if file is None:
            st.error("Choose a file first.", icon=":material/upload_file:")
            return
        if made := _import(file, run_id.strip() or None):
            st.session_state[state.RUNS] = [made]
            st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
            st.rerun()


def _import(file: BinaryIO, run_id: str | None) -> str | None:
    """The id of the new run; None, and the reason on the page, where it is not taken in."""
    try:
        return transfer.import_run(Home.current(), file, run_id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
