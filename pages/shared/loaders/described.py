"""Tiles and queries of descriptions, rendered and encoded once."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.descriptions import Description
from mirs_core.encoders.base import Encoder
from mirs_core.retrieval.query import Query
from pages.shared.loaders.runs import searcher


def rendered(description: Description) -> bytes:
    """The tile of a description as a PNG file."""
    return _rendered(str(description), description)


@st.cache_data(max_entries=64, show_spinner=False)
def _rendered(text: str, _description: Description) -> bytes:
    from mirs_core.retrieval.described import png

    return png(_description.render())


def described_query(run_id: str, description: Description) -> Query:
    """The query of a description in one run.

    Raises:
        MirsError: the run is gone, or its encoder cannot be loaded.
    """
    from mirs_core.retrieval.described import query_of_features

    opened = searcher(run_id)
    encoder = opened.encoder()
    features = _features(encoder.fingerprint, str(description), encoder, description)
    return query_of_features(opened, description, features)


@st.cache_data(max_entries=64, show_spinner=False)
def _features(
    fingerprint: str, text: str, _encoder: Encoder, _description: Description
) -> NDArray[np.float32]:
    # Models with one encoder share the tiles, which take most of the time.
    from mirs_core.retrieval.described import features_of

    return features_of(_encoder, _description)
