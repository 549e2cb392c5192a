"""The form that cuts an image strip into tiles with coordinates, and archives them."""

from dataclasses import replace
from html import escape
from pathlib import Path

import streamlit as st

from mirs_core.datasets.strips import CutSettings, grid
from mirs_core.datasets.strips.cutting import SIDE, USUAL_METRES, has_usual_size
from mirs_core.errors import ImageError, MirsError
from mirs_core.jobs.kinds.data_tile import Tile
from mirs_core.mars.crs_labels import LATITUDES
from mirs_core.workspace.home import Home
from pages.data import import_form, job_line
from pages.shared import loaders, words

_WIDTH = 900
_MIN_PIXELS, _MAX_PIXELS = 64, 2048
_METRES, _PIXELS = "metres", "pixels"


def draw(home: Home) -> None:
    """Draws the form, which queues the cutting as a job."""
    st.html(
        '<p class="mirs-lead">A map-projected CTX, HiRISE or HRSC product, or any GeoTIFF,'
        " JPEG 2000, ISIS, PDS or VICAR file with a coordinate reference system of Mars."
        " It may have any size. Each tile gets the coordinates of its centre.</p>"
    )
    with st.container(width=_WIDTH):
        path = import_form.path_field(
            "Raster on this computer", "/home/me/strip.tif", "mirs.strip.path", Path.is_file,
            "No such file on this computer.",
        )  # fmt: skip
        if path is None:
            return
        try:
            facts = loaders.strip_facts(path)
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/broken_image:")
            return
        left, right = st.columns([3, 2], gap="large")
        with right:
            _overview(path, facts)
        with left:
            _form(home, path, facts)


def _overview(path: Path, facts: loaders.StripFacts) -> None:
    try:
        image = loaders.large_image(path, path.name)
        st.image(image.preview, caption=words.plain(path.name), width="stretch")
    except ImageError as error:
        st.caption(words.plain(str(error)))
    width, height = (side * facts.metres_per_pixel / 1000 for side in (facts.width, facts.height))
    st.html(
        f'<dl class="mirs-facts">'
        f"<div><dt>Size</dt><dd>{facts.width:,} x {facts.height:,} px</dd></div>"
        f"<div><dt>On the ground</dt><dd>{width:,.1f} x {height:,.1f} km,"
        f" {facts.metres_per_pixel:.3g} m/px</dd></div>"
        f"<div><dt>CRS</dt><dd>{escape(facts.crs)}</dd></div>"
        f"<div><dt>No data</dt><dd>{escape(facts.nodata)}</dd></div></dl>"
    )


def _form(home: Home, path: Path, strip: loaders.StripFacts) -> None:
    for note in strip.notes:
        st.info(words.plain(note), icon=":material/public:")
    latitude, ignore_name = _latitude(strip.latitude), _name_is_ignored(strip)
    unit, side = _side(strip.metres_per_pixel)
    overlap = st.select_slider(
        "Overlap of adjacent tiles",
        [0, 25, 50],
        key="mirs.strip.overlap",
        format_func="{} %".format,
    )
    pixels = round(side / strip.metres_per_pixel) if unit == _METRES else round(side)
    stride = grid.stride_of(pixels, overlap / 100)
    count = grid.tile_count(strip.width, strip.height, pixels, stride)
    ground = pixels * strip.metres_per_pixel
    st.html(
        f'<p class="mirs-note">{count:,} tiles of {pixels} px, {ground:,.0f} m across, less those'
        " with too much missing data or too little contrast</p>"
    )
    if count == 0:
        st.error("The strip is smaller than one tile.", icon=":material/crop:")
        return
    if not has_usual_size(ground):
        st.caption(
            "Models trained on CTX tiles know squares of about 1,200 m; results for much larger or"
            " smaller tiles may be unreliable."
        )
    facts = _facts(path)
    name = facts.name or path.stem
    into = import_form.default_folder(home, name)
    then = import_form.afterwards(home, "strip", trains=False)
    is_virtual = st.checkbox(
        "Keep tiles in the raster (no image files)",
        key="mirs.strip.virtual",
        help="Only the places of the tiles are saved; their pictures are read from the raster"
        " whenever they are shown, so it must stay where it is.",
    )
    what = "list of tiles" if is_virtual else "tiles"
    st.caption(words.plain(f"The {what} will be saved in {into}."))
    spec = replace(
        facts,
        out=into,
        metres=side if unit == _METRES else None,
        size=None if unit == _METRES else round(side),
        stride=stride,
        archive=then.archive,
        latitude=latitude,
        ignore_name=ignore_name,
        virtual=is_virtual,
    )
    st.button(
        "Cut into tiles",
        type="primary",
        icon=":material/grid_on:",
        on_click=_start,
        args=(home, spec),
        disabled=strip.contradiction is not None and not ignore_name,
    )
    job_line.draw("strip")


def _latitude(assumed: str) -> str | None:
    """Draws the choice of what latitudes on an ellipsoid are; None if they are as assumed."""
    if not assumed:
        return None
    chosen = st.segmented_control(
        "Latitudes of the raster", LATITUDES, default=assumed, required=True,
        key="mirs.strip.latitude", format_func=str.capitalize,
    )  # fmt: skip
    return None if chosen == assumed else str(chosen)


def _name_is_ignored(strip: loaders.StripFacts) -> bool:
    """Draws how a raster contradicts its product's name; whether it is to be cut all the same."""
    if strip.contradiction is None:
        return False
    st.warning(
        words.plain(f"The raster {strip.contradiction}. Its label is wrong, or it was renamed."),
        icon=":material/wrong_location:",
    )
    return st.checkbox("Cut it all the same", key="mirs.strip.ignore_name")


def _side(metres_per_pixel: float) -> tuple[str, float]:
    """Draws the choice of the side of a tile; returns unit and side, by default 1,200 m.

    Tiles of DoMars16k have this size.
    """
    fits = _MIN_PIXELS <= USUAL_METRES / metres_per_pixel <= 4 * SIDE
    unit = st.segmented_control(
        "Tile size in", [_METRES, _PIXELS], default=_METRES if fits else _PIXELS,
        required=True, key="mirs.strip.unit",
    )  # fmt: skip
    if unit == _METRES:
        low, high = _MIN_PIXELS * metres_per_pixel, _MAX_PIXELS * metres_per_pixel
        first = USUAL_METRES if fits else SIDE * metres_per_pixel
        side = st.number_input("Metres", low, high, first, key="mirs.strip.metres")
    else:
        side = float(
            st.number_input("Pixels", _MIN_PIXELS, _MAX_PIXELS, SIDE, key="mirs.strip.pixels")
        )
    return str(unit), side


def _facts(path: Path) -> Tile:
    """Draws the fields that describe the strip; returns a spec with what was entered."""
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", placeholder=path.stem, key="mirs.strip.name")
        licence = st.text_input("Licence", placeholder="unknown", key="mirs.strip.licence")
    with right:
        credit = st.text_input("Credit", placeholder="NASA/JPL/MSSS", key="mirs.strip.credit")
        source = st.text_input("Source", placeholder="URL or DOI", key="mirs.strip.source")
    default = CutSettings()
    with st.expander("Tiles to leave out"):
        missing = st.slider(
            "Maximum share of missing data", 0.0, 0.99, default.max_nodata, key="mirs.strip.nodata"
        )
        contrast = st.number_input(
            "Minimum contrast (standard deviation of grey levels)",
            0.0,
            100.0,
            default.min_contrast,
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
    title = f"Cut {spec.raster.name} into tiles"
    job_line.submit(home, "strip", spec, title, import_form.job_key(spec))
