"""Styles beyond the configuration of Streamlit, and the brand."""

import base64
from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).resolve().parents[2] / "assets"
_CSS = (Path(__file__).parent / "theme.css").read_text(encoding="utf-8")
_SIDEBAR_WIDTH = 272


def set_up() -> None:
    """Applies page settings and styles; must be called first in every run."""
    st.set_page_config(
        page_title="MIRS Explorer",
        page_icon=str(ASSETS / "mark.svg"),
        layout="wide",
        initial_sidebar_state=_SIDEBAR_WIDTH,
        menu_items={"Get help": None, "Report a bug": None, "About": None},
    )
    # Dialogs and menus lie outside of the element that Streamlit gives the scheme of its theme.
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    st.html(
        f"<style>:root {{ color-scheme: {scheme}; }} {_CSS}</style>"
        '<h1 class="mirs-hidden">MIRS Explorer</h1>'
        f'<div class="mirs-topbrand">{mark()}<span>MIRS Explorer</span></div>'
    )


def mark() -> str:
    """The brand mark as HTML; decorative, so without alternative text."""
    svg = base64.b64encode((ASSETS / "mark.svg").read_bytes()).decode()
    return f'<img alt="" src="data:image/svg+xml;base64,{svg}">'


def brand() -> None:
    """Draws the mark and the name at the top of the sidebar."""
    st.html(
        f'<div class="mirs-brand">{mark()}'
        "<div><b>MIRS Explorer</b><span>Similar landforms on Mars</span></div></div>"
    )
