"""The bin: runs to bring back, or to remove for good."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.workspace import bin
from mirs_core.workspace.bin import Discarded
from mirs_core.workspace.home import Home
from pages.parts import notice

_TABLE = "mirs.r.bin"
_MEGA = 1e6


def draw(found: Sequence[Discarded]) -> None:
    """Draws the runs in the bin."""
    if not found:
        st.info("The bin is empty.", icon=":material/delete:")
        return
    event = st.dataframe(
        {
            "Name": [one.name for one in found],
            "Id": [one.id for one in found],
            "Preset": [one.preset for one in found],
            "Data": [one.data_title for one in found],
            "Deleted": [one.discarded.replace("T", " ")[:16] for one in found],
            "MB": [round(one.bytes / _MEGA, 1) for one in found],
        },
        key=_TABLE,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Runs in the bin",
    )
    rows = event["selection"]["rows"]
    picked = [found[row].id for row in rows if row < len(found)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Bring back",
            icon=":material/undo:",
            type="primary",
            disabled=not picked,
            on_click=_restore,
            args=(picked,),
        )
        label = "Remove the ticked" if picked else "Empty the bin"
        if st.button(label, icon=":material/delete_forever:"):
            _ask(picked or [one.id for one in found])


def _restore(picked: Sequence[str]) -> None:
    def work() -> None:
        for run_id in picked:
            bin.restore(Home.current(), run_id)

    notice.act(f"{_counted(picked)} brought back.", work)
    st.session_state.pop(_TABLE, None)


@st.dialog("Remove for good?")
def _ask(picked: Sequence[str]) -> None:
    st.markdown(f"{_counted(picked)} with model and archive: there is no way back.")
    if st.button(
        "Remove for good",
        type="primary",
        icon=":material/delete_forever:",
        on_click=_remove,
        args=(picked,),
    ):
        st.rerun()


def _remove(picked: Sequence[str]) -> None:
    def work() -> None:
        for run_id in picked:
            bin.empty(Home.current(), run_id)

    notice.act(f"{_counted(picked)} removed.", work)
    st.session_state.pop(_TABLE, None)


def _counted(picked: Sequence[str]) -> str:
    return "One run" if len(picked) == 1 else f"{len(picked)} runs"
