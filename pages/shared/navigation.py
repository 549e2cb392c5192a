"""The pages of the app and the links between them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.theme_memory.theme_memory import theme_memory
from pages.shared import keys, link


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its script, its name, its icon, and the parameters of a link to its state."""

    script: str
    title: str
    icon: str
    link: Callable[[], dict[str, str]]


PAGES = {
    "Explore": (
        Page(
            "pages/search/search.py",
            "Search and compare",
            ":material/travel_explore:",
            link.search_link,
        ),
        Page(
            "pages/space/space.py",
            "Hash space",
            ":material/bubble_chart:",
            link.space_link,
        ),
        Page("pages/map/map.py", "Map of Mars", ":material/public:", link.map_link),
    ),
    "Models": (
        Page("pages/evaluate/evaluate.py", "Evaluate", ":material/finance:", link.evaluation_link),
        Page("pages/train/train.py", "Train", ":material/tune:", dict),
        Page("pages/review/review.py", "Review labels", ":material/fact_check:", link.search_link),
        Page("pages/runs/runs.py", "Runs", ":material/list_alt:", link.runs_link),
    ),
    "Data": (Page("pages/data/data.py", "Data sets", ":material/database:", link.data_link),),
}


def run() -> None:
    """Runs the page of the requested address; the first page is the start page."""
    first = next(iter(PAGES.values()))[0]
    pages = {
        group: [
            st.Page(page.script, title=page.title, icon=page.icon, default=page is first)
            for page in group_pages
        ]
        for group, group_pages in PAGES.items()
    }
    st.navigation(pages, position="hidden").run()


def draw() -> None:
    """Draws the links to all pages; each restores the state in which the page was left.

    They stand above what may change the state, such as a new image: ``link.write_link`` draws them
    again then.
    """
    with st.container(key="mirs-nav", gap=None):
        place = st.empty()
        drawn = _links()
        _draw_links(place, drawn)
        keys.draw()
        theme_memory([_path(page) for group in PAGES.values() for page in group])

    def redraw() -> None:
        if (links := _links()) != drawn:
            _draw_links(place, links)

    st.session_state[link.REDRAW] = redraw


def _links() -> dict[str, dict[str, str]]:
    """The parameters of the link to each page, by its script."""
    return {page.script: page.link() for pages in PAGES.values() for page in pages}


def _draw_links(place: DeltaGenerator, links: dict[str, dict[str, str]]) -> None:
    with place.container(gap=None):
        for group, group_pages in PAGES.items():
            st.html(f"<p>{group}</p>")
            for page in group_pages:
                st.page_link(
                    page.script,
                    label=page.title,
                    icon=page.icon,
                    query_params=links[page.script],
                    width="stretch",
                )


def _path(page: Page) -> str:
    """The path of a page in the address: its script's name, nothing for the first page."""
    first = next(iter(PAGES.values()))[0]
    return "/" if page is first else f"/{Path(page.script).stem}"
