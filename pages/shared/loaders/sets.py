"""Data sets on this computer, and the files that published ones offer for download."""

from pathlib import Path

import numpy as np
import streamlit as st

from mirs_core.datasets import download
from mirs_core.datasets.first_look import MOST_LOOKED_AT, look_into
from mirs_core.datasets.registry import KnownDataSet, known_data_sets
from mirs_core.datasets.walk import find_images
from mirs_core.errors import MirsError
from mirs_core.workspace.home import Home
from pages.shared.loaders.pictures import samples
from pages.shared.loaders.runs import searcher


def known_sets(home: Home, counted: bool = False) -> list[KnownDataSet]:
    """The data sets on this computer; the answer may be a few seconds old.

    Folders with too many files to count while a page is drawn have the counts of their archives.
    """
    places = (home.data, home.runs, home.data_set_list, home.data_set_titles, home.labels)
    changed = tuple(p.stat().st_mtime_ns if p.exists() else 0 for p in places)
    return _known_sets(home, changed, counted)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _known_sets(home: Home, changed: tuple[int, ...], counted: bool) -> list[KnownDataSet]:
    return known_data_sets(home, counted, MOST_LOOKED_AT)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def is_large(root: Path) -> bool:
    """Whether a folder has too many files to go through them while a page is drawn."""
    return not look_into(root).complete


def sample_tiles(data_set: KnownDataSet, count: int) -> list[str]:
    """Thumbnails of some tiles of a data set; empty if its folder is missing."""
    if not data_set.root.is_dir():
        return []
    if not data_set.is_large:
        return _sample_tiles(data_set.root, count)
    if not data_set.models:
        return samples(data_set.root, look_into(data_set.root).paths, count)
    try:
        ids = searcher(data_set.models[0]).items.ids
    except MirsError:
        return []
    rows = np.linspace(0, len(ids), min(count, len(ids)), endpoint=False).astype(np.int64)
    return samples(data_set.root, ids.values_at(rows), count)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _sample_tiles(root: Path, count: int) -> list[str]:
    return samples(root, find_images(root).tiles, count)


@st.cache_data(ttl=30, max_entries=8, show_spinner="Looking at the folder")
def images_in(root: Path) -> tuple[str, ...]:
    """Paths of the images of a folder and its sub-folders; may be half a minute old.

    Raises:
        DataError: the folder cannot be read.
    """
    return tuple(sorted(find_images(root).tiles))


def remote_file(source: download.PublishedDataSet) -> download.RemoteFile:
    """The file of a published data set; its record is read again after ten minutes.

    Raises:
        DataError: the record cannot be read.
    """
    return _remote_file(source.record, source)


# A user waits for the dialog, so there is one attempt and no pause.
@st.cache_data(ttl=600, max_entries=8, show_spinner=False)
def _remote_file(record: str, _source: download.PublishedDataSet) -> download.RemoteFile:
    return download.remote_file(_source, pause=lambda seconds: None)
