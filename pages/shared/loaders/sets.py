"""Data sets: those that are here, and what is offered of published ones."""

import streamlit as st

from mirs_core.datasets import download as fetching
from mirs_core.datasets.registry import KnownDataSet, known_data_sets
from mirs_core.workspace.home import Home


def known_sets(home: Home, counted: bool = False) -> list[KnownDataSet]:
    """The data sets on this computer; what is said of them is a few seconds old at most."""
    places = (home.data, home.runs, home.data_set_list)
    changed = tuple(p.stat().st_mtime_ns if p.exists() else 0 for p in places)
    return _known_sets(home, changed, counted)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _known_sets(home: Home, changed: tuple[int, ...], counted: bool) -> list[KnownDataSet]:
    return known_data_sets(home, counted)


def offered(source: fetching.PublishedDataSet) -> fetching.RemoteFile:
    """What a published data set's record offers; asked again after ten minutes.

    Raises:
        DataError: the record cannot be had or used.
    """
    return _offered(source.record, source)


# Somebody waits in front of a dialog: one try, no pause.
@st.cache_data(ttl=600, max_entries=8, show_spinner=False)
def _offered(record: str, _source: fetching.PublishedDataSet) -> fetching.RemoteFile:
    return fetching.remote_file(_source, pause=lambda seconds: None)
