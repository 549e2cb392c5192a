"""The region filter in the sidebar: what it is, from a file, to a file, and off again."""

import streamlit as st

from mirs_core.mars.region_files import geojson_bytes, region_of_geojson
from mirs_core.mars.regions import AnyRegion, PolygonRegion
from pages.parts import notice
from pages.shared import link_values, state, words

_FILE = "mirs.region.file"
_FILE_HELP = (
    "Polygons drawn in JMARS or QGIS, saved as GeoJSON in planetocentric degrees; longitudes 0 to"
    " 360 or -180 to 180. Sides are straight in longitude and latitude. Draw boxes, circles and"
    " polygons on the map of Mars."
)


def draw() -> None:
    """Draws the region, if there is one, and the field for a file."""
    region = state.region()
    if region is not None:
        _present(region)
    st.file_uploader(
        "Region from a file (GeoJSON)",
        type=["geojson", "json"],
        key=_FILE,
        help=_FILE_HELP,
        on_change=_read,
    )


def _present(region: AnyRegion) -> None:
    text = region.written(as_west=state.west())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Region: {text}", width="stretch")
        st.button(
            "Whole planet", icon=":material/close:", type="tertiary", key="mirs.region.clear",
            on_click=state.search_in, args=(None,), help="Remove the region filter",
        )  # fmt: skip
        download(region, "mirs.region.save")
    if isinstance(region, PolygonRegion):
        for note in region.notes:
            st.caption(words.plain(note))
    if not link_values.region_text(region):
        st.caption(
            "This region has too many corners for a link. Save it, and hand on the file with the"
            " link."
        )


def download(region: AnyRegion, key: str) -> None:
    """Draws the button that saves a region as GeoJSON."""
    st.download_button(
        "Save region",
        lambda: geojson_bytes(region),
        "mirs-region.geojson",
        "application/geo+json",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=key,
        help="GeoJSON on Mars (IAU_2015:49900), longitude east 0 to 360; circles have 360 corners",
    )


def _read() -> None:
    file = st.session_state.get(_FILE)
    if file is not None:
        data, name = file.getvalue(), file.name
        notice.run(
            "Results are restricted to this region.",
            lambda: state.search_in(region_of_geojson(data, name)),
        )
