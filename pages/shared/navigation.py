"""The pages of the app and the way between them."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.shared import link


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its script, its name, its icon, and the parameters of a link to its state."""

    script: str
    title: str
    icon: str
    link: Callable[[], dict[str, str]]


PLACES = {
    "Explore": (
        Place(
            "pages/search/search.py",
            "Search and compare",
            ":material/travel_explore:",
            link.search_link,
        ),
        Place(
            "pages/space/space.py",
            "Hash space",
            ":material/bubble_chart:",
            link.space_link,
        ),
        Place("pages/map/map.py", "Map of Mars", ":material/public:", link.map_link),
    ),
    "Models": (
        Place("pages/evaluate/evaluate.py", "Evaluate", ":material/finance:", link.evaluation_link),
        Place("pages/train/train.py", "Train", ":material/tune:", dict),
        Place("pages/runs/runs.py", "Runs", ":material/list_alt:", link.runs_link),
    ),
    "Data": (Place("pages/data/data.py", "Data sets", ":material/database:", link.data_link),),
}


def run() -> None:
    """Runs the page that the address asks for; the first one is the start page."""
    first = next(iter(PLACES.values()))[0]
    pages = {
        group: [
            st.Page(place.script, title=place.title, icon=place.icon, default=place is first)
            for place in places
        ]
        for group, places in PLACES.items()
    }
    st.navigation(pages, position="hidden").run()


def draw() -> None:
    """Draws the links to all pages; each leads to its page as it was left."""
    with st.container(key="mirs-nav", gap=None):
        for group, places in PLACES.items():
            st.html(f"<p>{group}</p>")
            for place in places:
                st.page_link(
                    place.script,
                    label=place.title,
                    icon=place.icon,
                    query_params=place.link(),
                    width="stretch",
                )
