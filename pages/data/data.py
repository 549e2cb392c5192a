"""Data sets: what is here, what can be fetched, and how one's own folders and strips come in."""

import streamlit as st

from mirs_core import jobs
from mirs_core.workspace.home import Home
from pages.data import folder as folder_part
from pages.data import published_sets as published_sets_part
from pages.data import sets as sets_part
from pages.data import strip as strip_part
from pages.parts import notice, queue, sections
from pages.shared import access, link, navigation, state, theme

HERE, PUBLISHED, FOLDER, STRIP = "here", "published", "folder", "strip"
_PARTS = {
    HERE: "On this computer",
    PUBLISHED: "Published sets",
    FOLDER: "A folder of yours",
    STRIP: "An image strip",
}


def main() -> None:
    """Draws the page."""
    link.restore_data()
    home = Home.current()
    with st.sidebar:
        theme.brand()
        navigation.draw()
    st.html(
        '<div class="mirs-head"><h2>Data sets</h2>'
        "<p>Bring in published sets, your own tiles and image strips; nothing leaves this"
        " computer</p></div>"
    )
    part = sections.part(_PARTS, state.SECTION)
    notice.draw()
    queue.draw(kind=jobs.DATA)
    if part == HERE:
        sets_part.draw(home)
    elif not access.is_private():
        access.explain_disabled("Bringing data in")
    elif part == PUBLISHED:
        published_sets_part.draw(home)
    elif part == FOLDER:
        folder_part.draw(home)
    else:
        strip_part.draw(home)
    link.write_link(link.data_link())


main()
