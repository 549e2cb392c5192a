"""The bin: deleted runs, to restore or to delete permanently."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.workspace import bin
from mirs_core.workspace.bin import BinnedRun
from mirs_core.workspace.home import Home
from pages.parts import notice

_TABLE = "mirs.r.bin"
_MEGA = 1e6


def draw(runs: Sequence[BinnedRun]) -> None:
    """Draws the table of the runs in the bin, and the buttons for them."""
    if not runs:
        st.info("The bin is empty.", icon=":material/delete:")
        return
    event = st.dataframe(
        {
            "Name": [run.name for run in runs],
            "Id": [run.id for run in runs],
            "Preset": [run.preset for run in runs],
            "Data": [run.data_title for run in runs],
            "Deleted": [run.discarded.replace("T", " ")[:16] for run in runs],
            "Size (MB)": [round(run.bytes / _MEGA, 1) for run in runs],
        },
        key=_TABLE,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Runs in the bin",
    )
    rows = event["selection"]["rows"]
    selected = [runs[row].id for row in rows if row < len(runs)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Restore",
            icon=":material/undo:",
            type="primary",
            disabled=not selected,
            on_click=_restore,
            args=(selected,),
        )
        label = "Delete selected" if selected else "Empty the bin"
        if st.button(label, icon=":material/delete_forever:"):
            _confirm(selected or [run.id for run in runs])


def _restore(ids: Sequence[str]) -> None:
    def restore() -> None:
        for run_id in ids:
            bin.restore(Home.current(), run_id)

    notice.run(f"{_count(ids)} restored.", restore)
    st.session_state.pop(_TABLE, None)


@st.dialog("Delete permanently?")
def _confirm(ids: Sequence[str]) -> None:
    st.markdown(f"{_count(ids)} with model and archive. This cannot be undone.")
    if st.button(
        "Delete permanently",
        type="primary",
        icon=":material/delete_forever:",
        on_click=_delete,
        args=(ids,),
    ):
        st.rerun()


def _delete(ids: Sequence[str]) -> None:
    def delete() -> None:
        for run_id in ids:
            bin.empty(Home.current(), run_id)

    notice.run(f"{_count(ids)} deleted.", delete)
    st.session_state.pop(_TABLE, None)


def _count(ids: Sequence[str]) -> str:
    return "1 run" if len(ids) == 1 else f"{len(ids)} runs"
