"""The dialogs that rename a data set and that take it off the list."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.datasets import removal
from mirs_core.datasets.registry import KnownDataSet
from mirs_core.workspace import runs
from mirs_core.workspace.data_set_titles import TITLE_LENGTH
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import words


@st.dialog("Rename data set")
def rename(home: Home, data_set: KnownDataSet) -> None:
    """Draws the dialog that gives a data set another title."""
    title = st.text_input("Title", data_set.title, max_chars=TITLE_LENGTH, key="mirs.sets.title")
    st.caption(
        "Used in all lists here. The folder and its files stay as they are, and exports keep the"
        " title by which the data set can be cited."
    )
    if st.button(
        "Rename", type="primary", key="mirs.sets.rename.go", disabled=not title.strip(),
        on_click=_rename, args=(home, data_set),
    ):  # fmt: skip
        st.rerun()


@st.dialog("Remove data set")
def remove(home: Home, data_set: KnownDataSet, models: Sequence[runs.RunSummary]) -> None:
    """Draws the dialog that takes a data set off the list."""
    is_copy = data_set.root.parent == home.data.resolve()
    st.markdown(f"**{words.plain(data_set.title)}** will no longer be listed.")
    lines = [
        "Its folder in the home folder is moved aside, not deleted."
        if is_copy
        else f"Its images stay where they are: {data_set.root}"
    ]
    if models:
        lines.append(f"Its {len(models)} models are moved to the bin.")
    if any(run.served for run in models):
        lines.append("They include the default model; another one takes over, if there is any.")
    st.markdown("\n".join(f"- {words.plain(line)}" for line in lines))
    if st.button(
        "Remove", type="primary", key="mirs.sets.remove.go", icon=":material/playlist_remove:",
        on_click=_remove, args=(home, data_set),
    ):  # fmt: skip
        st.rerun()


def restorable(home: Home) -> None:
    """Draws the data sets that were removed, which can be restored."""
    removed = removal.removed_data_sets(home)
    if not removed:
        return
    with st.expander(f"Removed data sets ({len(removed)})"):
        for entry in reversed(removed):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(words.plain(f"{entry.title} · {entry.root} · {entry.at[:10]}"))
                st.button(
                    "Restore",
                    type="tertiary",
                    icon=":material/restore:",
                    key=f"mirs.sets.restore.{entry.root}.{entry.at}",
                    on_click=_restore,
                    args=(home, entry.root),
                )


def _rename(home: Home, data_set: KnownDataSet) -> None:
    title = str(st.session_state.get("mirs.sets.title", ""))
    notice.run("Renamed.", lambda: removal.rename(home, data_set.root, title))


def _remove(home: Home, data_set: KnownDataSet) -> None:
    notice.run(f"{data_set.title} is off the list.", lambda: removal.remove(home, data_set.root))


def _restore(home: Home, root: str) -> None:
    notice.run("Restored.", lambda: removal.restore(home, root))
