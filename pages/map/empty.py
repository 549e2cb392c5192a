"""What the page of the map says where no tile has a place on Mars."""

import numpy as np
import streamlit as st

from mirs_core.landform_map import spread
from mirs_core.retrieval.search import Searcher
from pages.shared import words


def is_wanted(searcher: Searcher) -> bool:
    """Whether no tile has both a latitude and a longitude."""
    return not np.isfinite(spread.places(searcher.items)[0]).any()


def draw(searcher: Searcher) -> None:
    """Says why, and what can be done."""
    items = searcher.items
    latitudes = sum(latitude is not None for latitude in items.latitudes)
    st.info(
        f"None of the {len(items):,} tiles of {words.plain(searcher.card.title)} has a place on"
        " Mars, so there is nothing to draw.",
        icon=":material/location_off:",
    )
    why = (
        f"Of {latitudes:,} tiles the latitude is known, but no longitude: names of HiRISE products"
        " (ESP_012345_1234) carry the orbit angle alone."
        if latitudes
        else "Places are read from the names of CTX products, as in"
        " P03_002287_2005_XI_20N072W_CX6543_CY12329.jpg. These files have other names, so theirs"
        " were lost on the way."
    )
    st.markdown(
        f"{why}\n\n"
        "What helps:\n"
        "- `tiles.csv` beside the tiles, with the columns `path`, `latitude` and `longitude`"
        " (degrees north and east). Index the folder again.\n"
        "- `python -m mirs_core data tile` cuts map-projected strips into tiles that know where"
        " they are.\n"
        "- the files under their product names, where you still have them."
    )
