"""The voters of a run for verdicts on single queries, and where uploaded images lie."""

from pathlib import Path

import streamlit as st

from mirs_core.landform_map.verdict import Panel, open_panel
from mirs_core.retrieval import whole_images
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.whole_images import ImagePlace, place_of, tile_metres
from mirs_core.workspace.home import Home
from pages.shared.loaders.pictures import cache_key
from pages.shared.loaders.runs import changed_at


def panel(searcher: Searcher) -> Panel | None:
    """The voters for queries of a run, opened once; None if no labelled tile may vote.

    Raises:
        MirsError: the run is gone or damaged.
    """
    home, run = Home.current(), searcher.summary.id
    return _panel(str(home), run, changed_at(home, run), searcher)


@st.cache_resource(max_entries=8, show_spinner=False)
def _panel(home: str, run: str, changed: int, _searcher: Searcher) -> Panel | None:
    return open_panel(_searcher)


def image_place(source: bytes | Path, name: str) -> ImagePlace | None:
    """Where a georeferenced image lies; None for one without coordinates of Mars."""
    return _image_place(cache_key(source), name, source)


@st.cache_data(max_entries=64, show_spinner=False)
def _image_place(key: str, name: str, _source: bytes | Path) -> ImagePlace | None:
    return place_of(_source, name)


def why_no_tile(searcher: Searcher, data: bytes, name: str) -> str | None:
    """Why an image should not be searched with as a whole; None if it may be.

    Raises:
        ImageError: it cannot be read.
    """
    home, run = Home.current(), searcher.summary.id
    key = f"{home} {run} {changed_at(home, run)} {cache_key(data)}"
    return _why_no_tile(key, name, data, searcher)


@st.cache_data(max_entries=1000, show_spinner=False)
def _why_no_tile(key: str, name: str, _data: bytes, _searcher: Searcher) -> str | None:
    place = image_place(_data, name)
    return whole_images.why_no_tile(_searcher, _data, name, place, usual_width(_searcher))


def usual_width(searcher: Searcher) -> float:
    """About how wide the archive's tiles are, in metres."""
    home, run = Home.current(), searcher.summary.id
    return _usual_width(str(home), run, changed_at(home, run), searcher)


@st.cache_data(max_entries=32, show_spinner=False)
def _usual_width(home: str, run: str, changed: int, _searcher: Searcher) -> float:
    return tile_metres(_searcher)
