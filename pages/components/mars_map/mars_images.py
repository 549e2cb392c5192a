"""The pixels of image strips in the part of the map that is in view."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from mirs_core.errors import DataError
from mirs_core.landform_map.strip_pixels import MapWindow
from pages.components import source_of

_LINE = st.components.v2.component(
    "mirs.mars_images", html="<span></span>", js=source_of("mars_map/mars_images_line.js")
)
_QUALITY = 80

Picture = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def images(key: str, subject: str, look: Callable[[MapWindow], Picture]) -> None:
    """Answers the map's requests for pixels of strips; call it in its own fragment.

    Args:
        subject: identifies the strips, as in the map's content.
        look: the pixels (H, W, 3) in a window, and which of them are valid (H, W).
    """

    def requested() -> None:
        st.session_state[f"{key}.part"] = st.session_state[key].get("asked")

    part = st.session_state.pop(f"{key}.part", None)
    window = window_of(part)
    answer = None if window is None else {"window": part, "picture": webp(*look(window))}
    _LINE(key=key, data={"subject": subject, "answer": answer}, on_asked_change=requested)


def window_of(value: Any) -> MapWindow | None:
    """The window sent by the browser; None if it is invalid."""
    if not isinstance(value, dict):
        return None
    edges, size = value.get("edges"), value.get("size")
    if not isinstance(edges, list) or not isinstance(size, list):
        return None
    if len(edges) != 4 or not all(type(edge) in (int, float) for edge in edges):
        return None
    if len(size) != 2 or not all(type(side) is int for side in size):
        return None
    try:
        left, top, right, bottom = map(float, edges)
        return MapWindow(str(value.get("view")), left, top, right, bottom, size[0], size[1])
    except (DataError, OverflowError):
        return None


def webp(picture: NDArray[np.uint8], visible: NDArray[np.bool_]) -> str:
    """The picture as an address, transparent where it is not valid; empty if it is nowhere."""
    if not visible.any():
        return ""
    alpha = np.where(visible, 255, 0).astype(np.uint8)
    out = io.BytesIO()
    image = Image.fromarray(np.dstack([picture, alpha]), "RGBA")
    image.save(out, "WEBP", quality=_QUALITY, method=0)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
