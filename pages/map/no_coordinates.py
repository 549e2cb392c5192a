"""The message of the map page when no tile has coordinates."""

import numpy as np
import streamlit as st

from mirs_core.retrieval.search import Searcher
from pages.shared import words


def is_wanted(searcher: Searcher) -> bool:
    """Whether no tile has both a latitude and a longitude."""
    items = searcher.items
    pairs = zip(items.latitudes.pieces(), items.longitudes.pieces(), strict=True)
    return not any(np.isfinite(north + east).any() for north, east in pairs)


def draw(searcher: Searcher) -> None:
    """Explains why, and how to add coordinates."""
    items = searcher.items
    latitudes = int(np.count_nonzero(items.latitudes.present()))
    st.info(
        f"None of the {len(items):,} tiles of {words.plain(searcher.card.title)} has coordinates,"
        " so there is nothing to show on the map.",
        icon=":material/location_off:",
    )
    reason = (
        f"For {latitudes:,} tiles the latitude is known but not the longitude: HiRISE product names"
        " (ESP_012345_1234) only contain the orbit angle."
        if latitudes
        else "Coordinates are read from CTX product names such as"
        " P03_002287_2005_XI_20N072W_CX6543_CY12329.jpg. These files are named differently."
    )
    st.markdown(
        f"{reason}\n\n"
        "To add coordinates:\n"
        "- Put a `tiles.csv` next to the tiles with the columns `path`, `latitude` and `longitude`"
        " (degrees north and east), then archive the folder again.\n"
        "- Cut map-projected strips into georeferenced tiles on the Data sets page.\n"
        "- Use the files under their original product names, if you have them."
    )
