"""An image strip of one's own is cut into tiles with true places, and archived."""

from dataclasses import replace
from html import escape
from pathlib import Path

import streamlit as st

from mirs_core.datasets.strips import CutSettings
from mirs_core.errors import ImageError, MirsError
from mirs_core.jobs.kinds.data_tile import Tile
from mirs_core.workspace.home import Home
from pages.data import brought
from pages.shared import loaders, words

_WIDTH = 900
_SIDE, _GROUND = 224, 1200.0
_LEAST, _MOST = 64, 2048
_METRES, _PIXELS = "metres", "pixels"


def draw(home: Home) -> None:
    """Draws the form; the cutting itself is a job."""
    st.html(
        '<p class="mirs-lead">A map-projected CTX, HiRISE or HRSC product, or any GeoTIFF, COG or'
        " JPEG 2000 that carries a coordinate system of Mars. It is read in pieces, however large"
        " it is, and each tile knows the place of its centre.</p>"
    )
    with st.container(width=_WIDTH):
        path = brought.typed(
            "Raster on this computer", "/home/me/strip.tif", "mirs.strip.path", Path.is_file,
            "There is no such file on this computer.",
        )  # fmt: skip
        if path is None:
            return
        try:
            about = loaders.strip_facts(path)
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/broken_image:")
            return
        left, right = st.columns([3, 2], gap="large")
        with right:
            _look(path, about)
        with left:
            _form(home, path, about)


def _look(path: Path, about: loaders.StripFacts) -> None:
    try:
        image = loaders.large_image(path, path.name)
        st.image(image.preview, caption=words.plain(path.name), width="stretch")
    except ImageError as error:
        st.caption(words.plain(str(error)))
    wide, high = (side * about.metres_per_pixel / 1000 for side in (about.width, about.height))
    st.html(
        f'<dl class="mirs-facts">'
        f"<div><dt>Size</dt><dd>{about.width:,} x {about.height:,} px</dd></div>"
        f"<div><dt>Ground</dt><dd>{wide:,.1f} x {high:,.1f} km,"
        f" {about.metres_per_pixel:.3g} m/px</dd></div>"
        f"<div><dt>System</dt><dd>{escape(about.crs)}</dd></div>"
        f"<div><dt>Missing</dt><dd>{escape(about.nodata)}</dd></div></dl>"
    )


def _form(home: Home, path: Path, about: loaders.StripFacts) -> None:
    unit, side = _side(about.metres_per_pixel)
    overlap = st.select_slider(
        "Overlap of neighbours", [0, 25, 50], key="mirs.strip.overlap", format_func="{} %".format
    )
    pixels = round(side / about.metres_per_pixel) if unit == _METRES else round(side)
    stride = max(1, round(pixels * (1 - overlap / 100)))
    count = _along(about.width, pixels, stride) * _along(about.height, pixels, stride)
    wide = pixels * about.metres_per_pixel
    st.html(
        f'<p class="mirs-note">{count:,} places of {pixels} px, {wide:,.0f} m across; those that'
        " are mostly empty or flat are left out</p>"
    )
    if count == 0:
        st.error("A tile of that size does not fit in.", icon=":material/crop:")
        return
    if not 0.5 <= wide / _GROUND <= 2:
        st.caption(
            "The models of CTX tiles know squares of about 1,200 m; they may mistake what is"
            " much larger or smaller."
        )
    facts = _facts(path)
    name = facts.name or path.stem
    into = brought.folder_of(home, name)
    then = brought.afterwards(home, "strip", trains=False)
    st.caption(words.plain(f"The tiles go to {into}."))
    spec = replace(
        facts,
        out=into,
        metres=side if unit == _METRES else None,
        size=None if unit == _METRES else round(side),
        stride=stride,
        archive=then.archive,
    )
    st.button(
        "Cut it into tiles",
        type="primary",
        icon=":material/grid_on:",
        on_click=_start,
        args=(home, spec),
    )


def _side(metres_per_pixel: float) -> tuple[str, float]:
    """The unit and the side of a tile; 1,200 m at first, as the tiles of DoMars16k have."""
    fits = _LEAST <= _GROUND / metres_per_pixel <= 4 * _SIDE
    unit = st.segmented_control(
        "Side of a tile in", [_METRES, _PIXELS], default=_METRES if fits else _PIXELS,
        required=True, key="mirs.strip.unit",
    )  # fmt: skip
    if unit == _METRES:
        low, high = _LEAST * metres_per_pixel, _MOST * metres_per_pixel
        first = _GROUND if fits else _SIDE * metres_per_pixel
        side = st.number_input("Metres", low, high, first, key="mirs.strip.metres")
    else:
        side = float(st.number_input("Pixels", _LEAST, _MOST, _SIDE, key="mirs.strip.pixels"))
    return str(unit), side


def _along(length: int, side: int, stride: int) -> int:
    return (length - side) // stride + 1 if length >= side else 0


def _facts(path: Path) -> Tile:
    """Draws the fields that describe the strip; returns a spec with what was entered."""
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", placeholder=path.stem, key="mirs.strip.name")
        licence = st.text_input("Licence", placeholder="not known", key="mirs.strip.licence")
    with right:
        credit = st.text_input("Credit", placeholder="NASA/JPL/MSSS", key="mirs.strip.credit")
        source = st.text_input("Source", placeholder="address or doi", key="mirs.strip.source")
    usual = CutSettings()
    with st.expander("What is left out"):
        missing = st.slider(
            "At most this share missing", 0.0, 0.99, usual.max_nodata, key="mirs.strip.nodata"
        )
        contrast = st.number_input(
            "Least contrast (standard deviation of grey levels)",
            0.0,
            100.0,
            usual.min_contrast,
            key="mirs.strip.contrast",
        )
    return Tile(
        raster=path,
        out=path.parent,
        name=name.strip() or None,
        licence=licence.strip() or None,
        credit=credit.strip() or None,
        source=source.strip() or None,
        max_nodata=missing,
        min_contrast=contrast,
    )


def _start(home: Home, spec: Tile) -> None:
    brought.submit(home, spec, f"Cut {spec.raster.name} into tiles")
