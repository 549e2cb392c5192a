"""The estimate as a picture: a strip whose tiles have the colours of their landforms."""

import streamlit as st

from mirs_core.datasets.strips.strip_list import Strip
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.strip_picture import FILE_TYPE
from mirs_core.files import slug
from mirs_core.landform_map import LandformMap
from mirs_core.retrieval.search import Searcher
from pages.parts import takeaway
from pages.shared import loaders, words

# A strip that is higher than wide is not drawn over the whole column: it would take many screens.
_ENOUGH, _HIGH, _LEAST = 0.9, 1000, 240


def strips_of(searcher: Searcher, found: LandformMap) -> list[Strip]:
    """The strips in which there are tiles without a label."""
    unlabelled = {searcher.items.strips[row] for row in found.rows}
    try:
        return [one for one in loaders.strips(searcher.root) if one.name in unlabelled]
    except MirsError:
        return []


def draw(searcher: Searcher, found: LandformMap, strips: list[Strip]) -> None:
    """Draws one of the strips, and the file to take away."""
    names = {one.name: one for one in strips}
    chosen = next(iter(names))
    if len(names) > 1:
        chosen = str(st.selectbox("Strip", list(names), key="mirs.landforms.strip", width=360))
    strip = names[chosen]
    wide = strip.width / strip.height
    drawn = loaders.landform_picture(searcher, found, strip)
    st.image(
        drawn,
        caption=f"{words.plain(chosen)}: estimated landforms. Full colour: sure; faint: a close"
        " call; none: unlike every labelled tile.",
        width="stretch" if wide >= _ENOUGH else max(_LEAST, round(_HIGH * wide)),
    )
    stem = f"mirs-landform-estimate-{slug(chosen)}"
    takeaway.download(FILE_TYPE, lambda: drawn, stem, "landforms")
