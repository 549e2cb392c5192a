"""Tiles and queries of descriptions, rendered and encoded once."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.datasets.descriptions import Description
from mirs_core.datasets.images import Pixels
from mirs_core.encoders.base import Encoder
from mirs_core.files import sha256
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.shared.loaders.runs import searcher

if TYPE_CHECKING:
    # They load scipy, which nothing else in the app needs.
    from mirs_core.retrieval.describing import Bank, Nearest


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


def nearest_description(run_id: str, name: str, pixels: Pixels) -> "Nearest":
    """The description whose tile comes nearest to an image, by the codes of one run.

    Raises:
        MirsError: the run is gone, or its encoder cannot be loaded.
    """
    opened = searcher(run_id)
    return _nearest(
        run_id, opened.summary.created, f"{name} {sha256(pixels.tobytes())}", opened, pixels
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _nearest(run_id: str, created: str, key: str, _opened: Searcher, _pixels: Pixels) -> "Nearest":
    from mirs_core.retrieval.describing import describe_tile

    encoder = _opened.encoder()
    return describe_tile(_opened, _pixels, _bank(encoder.fingerprint, encoder))


@st.cache_resource(max_entries=2, show_spinner=False)
def _bank(fingerprint: str, _encoder: Encoder) -> "Bank":
    from mirs_core.retrieval.describing import bank_of

    return bank_of(_encoder)


@st.cache_data(max_entries=64, show_spinner=False)
def _features(
    fingerprint: str, text: str, _encoder: Encoder, _description: Description
) -> NDArray[np.float32]:
    # Models with one encoder share the tiles, which take most of the time.
    from mirs_core.retrieval.described import features_of

    return features_of(_encoder, _description)
