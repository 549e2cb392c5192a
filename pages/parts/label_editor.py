"""The button that corrects labels of tiles, and what was corrected before."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.datasets import label_corrections
from mirs_core.datasets.label_corrections import Correction
from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from mirs_core.system.visible_text import visible
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import access, words

_NONE, _NEW = "No label", "Another label"
_PERSON = "mirs.label.person"


def draw(searcher: Searcher, tiles: Sequence[str], place: str) -> None:
    """Draws a button that corrects the label of ``tiles``; nothing for visitors.

    Args:
        place: identifies the widgets on the page.
    """
    if not access.is_private() or not tiles:
        return
    key = f"mirs.label.{place}"
    with st.popover("Correct label", icon=":material/edit:", key=f"{key}.popover"):
        count = f"{len(tiles):,} tiles" if len(tiles) != 1 else "1 tile"
        names = sorted(name for name in searcher.items.labels.names if name)
        label = st.selectbox(
            f"Label of {count}",
            [*names, _NONE, _NEW],
            index=_place_of(searcher, tiles, names),
            format_func=lambda name: name if name in (_NONE, _NEW) else words.class_name(name),
            key=f"{key}.label",
        )
        stated: str | None = str(label)
        if label == _NEW:
            stated = st.text_input("New label", key=f"{key}.new", max_chars=80).strip()
        elif label == _NONE:
            stated = None
        note = st.text_input("Reason", placeholder="optional", key=f"{key}.note", max_chars=500)
        person = st.text_input("Your name", value=this_person(), key=f"{key}.person")
        st.button(
            "Save",
            type="primary",
            key=f"{key}.save",
            disabled=stated == "" or not person.strip(),
            on_click=_save,
            args=(searcher, list(tiles), stated, note, person),
        )
        st.caption(
            "The images stay as they are. New trainings and archives read the corrected label;"
            " this archive keeps the one that it was made with."
        )


def history(searcher: Searcher, tile: str, place: str) -> None:
    """Draws what somebody has corrected of a tile's label, and a button that undoes it."""
    try:
        correction = label_corrections.current(Home.current(), searcher.root).get(tile)
    except MirsError as error:
        st.caption(words.plain(str(error)))
        return
    if correction is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="mirs-note">{_sentence(correction)}</p>')
        if access.is_private():
            st.button(
                "Undo",
                type="tertiary",
                icon=":material/undo:",
                key=f"mirs.label.undo.{place}",
                on_click=undo,
                args=(searcher, correction.id),
            )


def this_person() -> str:
    """Who corrects labels in this session: the last name that was entered, or the user's."""
    return str(st.session_state.get(_PERSON) or label_corrections.this_person())


def _sentence(correction: Correction) -> str:
    label = escape(visible(words.class_name(correction.label)))
    verb = "Label confirmed:" if correction.confirms else "Label corrected to"
    reason = f" ({escape(visible(correction.note))})" if correction.note else ""
    who = f"{escape(visible(correction.by))}, {correction.at[:10]}"
    return f"{verb} <b>{label}</b>{reason}, {who}"


def _place_of(searcher: Searcher, tiles: Sequence[str], names: Sequence[str]) -> int:
    """The place of the label that all tiles have, or the first."""
    rows = searcher.items.rows_of(list(tiles[:1]))
    label = searcher.items.labels[int(rows[0])] if len(rows) and rows[0] >= 0 else None
    return names.index(label) if label in names else 0


def _save(searcher: Searcher, tiles: list[str], label: str | None, note: str, person: str) -> None:
    st.session_state[_PERSON] = person
    stated = dict.fromkeys(tiles, label)
    count = f"{len(tiles):,} labels" if len(tiles) != 1 else "1 label"
    notice.run(
        f"{count} saved; undo under Data sets → Labels.",
        lambda: label_corrections.correct(
            Home.current(), searcher.root, searcher.items, stated, by=person, note=note
        ),
    )


def undo(searcher: Searcher, correction: str) -> None:
    """Undoes a correction, or a batch of them."""
    notice.run(
        "Correction undone.",
        lambda: label_corrections.undo(
            Home.current(), searcher.root, [correction], by=this_person()
        ),
    )
