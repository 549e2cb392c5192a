"""A key that presses a button of the page."""

import streamlit as st

from pages.components import source_of

_SHORTCUT = st.components.v2.component(
    "mirs.shortcut", html="<span></span>", js=source_of("shortcut/shortcut.js")
)


def shortcut(character: str, button: str) -> None:
    """Presses the button on a key, unless the user is typing or a dialog is open.

    Args:
        character: what the key types, such as "?": Streamlit's own shortcuts take letters and
            digits only.
        button: the CSS name of the button's key.
    """
    _SHORTCUT(key=f"mirs.shortcut.{button}", data={"key": character, "button": button}, height=1)
