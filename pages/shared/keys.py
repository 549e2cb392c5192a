"""The keys of the app, in a dialog that `?` opens on every page."""

from html import escape

import streamlit as st

from pages.components.shortcut.shortcut import shortcut

_KEYS = {
    "Everywhere": (
        ("?", "open this list"),
        ("Tab", "go to the next control; Shift + Tab goes back"),
        ("Esc", "close a dialog or undo a selection"),
    ),
    "Tiles": (
        ("Arrows", "move through the tiles, also to the next column"),
        ("Enter", "search with the tile"),
        ("+  -", "mark it as a positive or negative example"),
        ("I", "open its details"),
    ),
    "Map of Mars": (
        ("Arrows", "move the map under the crosshair"),
        ("+  -  0", "zoom in, zoom out, show everything"),
        ("Enter", "open the nearest tile"),
        ("B", "set one corner of a box, then the other"),
        ("C", "set the centre of a circle, then its rim"),
        ("P", "set each corner of a polygon; Enter closes it, Backspace takes one back"),
        ("Escape", "remove what is drawn"),
    ),
    "Review labels": (
        ("1 2 3 4 5", "set the label that stands beside the number"),
        ("S", "skip the tile"),
        ("U", "take the last verdict back"),
    ),
    "Cutting your own image": (
        ("Arrows", "move the square"),
        ("+  -", "make it larger or smaller"),
    ),
}


def draw() -> None:
    """Draws the button that opens the list."""
    if st.button("Keyboard", key="mirs-keys", icon=":material/keyboard:", type="tertiary"):
        _dialog()
    shortcut("?", "mirs-keys")


@st.dialog("Keyboard")
def _dialog() -> None:
    parts = []
    for title, keys in _KEYS.items():
        rows = "".join(
            f"<div><dt>{_caps(key)}</dt><dd>{escape(act)}</dd></div>" for key, act in keys
        )
        parts.append(f"<h3>{escape(title)}</h3><dl>{rows}</dl>")
    st.html(f'<div class="mirs-keys">{"".join(parts)}</div>')


def _caps(key: str) -> str:
    return " ".join(f"<kbd>{escape(cap)}</kbd>" for cap in key.split())
