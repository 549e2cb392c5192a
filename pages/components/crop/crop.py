"""Selecting a square of an image with pointer, wheel or keys."""

from typing import Any

import streamlit as st

from mirs_core.datasets.large_images import LEAST, MOST, LargeImage, Square
from pages.components import source_of

_CROP = st.components.v2.component(
    "mirs.crop",
    html='<div class="root"></div>',
    css=source_of("crop/crop.css"),
    js=source_of("crop/crop.js"),
)


def crop(
    key: str, image: LargeImage, uri: str, subject: str, start: Square, metres: float | None
) -> Square:
    """Draws the image and the square on it; returns the square, inside the image.

    Args:
        uri: the preview as data URI.
        subject: identifies the image; when it changes, the square returns to ``start``.
        metres: pixel scale in m/pixel; None if unknown.
    """
    data: dict[str, Any] = {
        "image": uri,
        "width": image.width,
        "height": image.height,
        "start": {"x": start.x, "y": start.y, "side": start.side},
        "least": LEAST,
        "most": MOST,
        "metres": metres,
        "subject": subject,
        "label": "Square to search with",
    }
    result = _CROP(key=key, data=data, on_square_change=lambda: None)
    return read(result.get("square")) or start


def read(value: Any) -> Square | None:
    """The square sent by the browser; None if invalid, since it cannot be trusted."""
    names = ("x", "y", "side")
    if not isinstance(value, dict) or not all(type(value.get(name)) is int for name in names):
        return None
    return Square(*(value[name] for name in names))
