"""The landform estimate drawn over an image strip."""

import streamlit as st

from mirs_core.datasets.strips.strip_list import Strip
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.strip_picture import FILE_TYPE
from mirs_core.files import slug
from mirs_core.landform_map import LandformMap
from mirs_core.retrieval.search import Searcher
from pages.parts import export_files
from pages.shared import loaders, words

# A strip that is taller than wide is drawn narrower than the column: it would fill many screens.
_ENOUGH, _HIGH, _LEAST = 0.9, 1000, 240


def strips_of(searcher: Searcher, estimate: LandformMap) -> list[Strip]:
    """The strips that hold tiles without a label."""
    unlabelled = searcher.items.strips.counts(estimate.unlabelled)
    try:
        return [strip for strip in loaders.strips(searcher.root) if strip.name in unlabelled]
    except MirsError:
        return []


def draw(searcher: Searcher, estimate: LandformMap, strips: list[Strip]) -> None:
    """Draws one of the strips and a download button."""
    names = {strip.name: strip for strip in strips}
    name = next(iter(names))
    if len(names) > 1:
        name = str(st.selectbox("Strip", list(names), key="mirs.landforms.strip", width=360))
    strip = names[name]
    wide = strip.width / strip.height
    image = loaders.landform_picture(searcher, estimate, strip)
    st.image(
        image,
        caption=f"{words.plain(name)}: estimated landforms. Full colour: confident; pale: close"
        " call; no colour: unlike any labelled tile.",
        width="stretch" if wide >= _ENOUGH else max(_LEAST, round(_HIGH * wide)),
    )
    stem = f"mirs-landform-estimate-{slug(name)}"
    export_files.download(FILE_TYPE, lambda: image, stem, "landforms")
