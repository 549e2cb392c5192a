"""Data sets: those on this computer, published ones, and import of folders and image strips."""

import streamlit as st

from mirs_core import jobs
from mirs_core.workspace.home import Home
from pages.data import data_sets, folder, published_sets, strip
from pages.parts import notice, queue, sections
from pages.shared import access, link, navigation, state, theme

HERE, PUBLISHED, FOLDER, STRIP = "here", "published", "folder", "strip"
_PARTS = {
    HERE: "On this computer",
    PUBLISHED: "Published data sets",
    FOLDER: "Folder of tiles",
    STRIP: "Image strip",
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
        "<p>Download published data sets, or import your own tiles and image strips; nothing is"
        " uploaded</p></div>"
    )
    part = sections.part(_PARTS, state.SECTION)
    notice.draw()
    queue.draw(kind=jobs.DATA)
    if part == HERE:
        data_sets.draw(home)
    elif not access.is_private():
        access.explain_disabled("Adding data")
    elif part == PUBLISHED:
        published_sets.draw(home)
    elif part == FOLDER:
        folder.draw(home)
    else:
        strip.draw(home)
    link.write_link(link.data_link())


main()
