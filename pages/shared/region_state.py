"""The region filter and the region drawn on the map, in the session."""

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.mars.geography import Region
from mirs_core.mars.regions import AnyRegion, CircleRegion, PolygonRegion

REGION, BOX = "mirs.region", "mirs.map.box"


def region() -> AnyRegion | None:
    """The region filter; None for the whole planet."""
    return _region_at(REGION)


def search_in(region: AnyRegion | None) -> None:
    """Sets the region filter, or removes it."""
    st.session_state[REGION] = _stored(region)


def drawn() -> AnyRegion | None:
    """The region drawn on the map; None if there is none."""
    return _region_at(BOX)


def keep_drawn(region: AnyRegion | None) -> None:
    """Keeps the region drawn on the map, or forgets it."""
    if region is None:
        st.session_state.pop(BOX, None)
    else:
        st.session_state[BOX] = _stored(region)


def _region_at(key: str) -> AnyRegion | None:
    """A box is kept as its four edges, other regions as they are."""
    value = st.session_state.get(key)
    if isinstance(value, CircleRegion | PolygonRegion):
        return value
    try:
        return Region(*value) if value else None
    except MirsError:
        return None


def _stored(region: AnyRegion | None) -> object:
    return region.values() if isinstance(region, Region) else region
