"""The pixels of image strips on the map, where it is zoomed in."""

import hashlib

import streamlit as st

from mirs_core.retrieval.search import Searcher
from pages.components.mars_map.mars_images import images
from pages.shared import loaders

_KEY = "mirs.mars.images"


def subject(searcher: Searcher) -> str:
    """Identifies the strips whose pixels can be drawn; empty if there are none."""
    rings = loaders.outlines(searcher)
    if not rings:
        return ""
    names = "\n".join([str(searcher.root), *sorted(rings)])
    return hashlib.blake2b(names.encode(), digest_size=9).hexdigest()


@st.fragment
def answer(searcher: Searcher) -> None:
    """Answers requests for pixels in a fragment, without rerunning the page."""
    images(_KEY, subject(searcher), lambda window: loaders.strip_pixels(searcher, window))
