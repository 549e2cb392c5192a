"""Data sets on this computer, and the files that published ones offer for download."""

import streamlit as st

from mirs_core.datasets import download
from mirs_core.datasets.registry import KnownDataSet, known_data_sets
from mirs_core.workspace.home import Home


def known_sets(home: Home, counted: bool = False) -> list[KnownDataSet]:
    """The data sets on this computer; the answer may be a few seconds old."""
    places = (home.data, home.runs, home.data_set_list)
    changed = tuple(p.stat().st_mtime_ns if p.exists() else 0 for p in places)
    return _known_sets(home, changed, counted)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _known_sets(home: Home, changed: tuple[int, ...], counted: bool) -> list[KnownDataSet]:
    return known_data_sets(home, counted)


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
