"""The look that configuration alone cannot give, and the brand."""

import base64
from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).resolve().parents[2] / "assets"
_CSS = (Path(__file__).parent / "theme.css").read_text(encoding="utf-8")


def set_up() -> None:
    """Page settings and styles; the first call of every run."""
    st.set_page_config(
        page_title="MIRS Explorer",
        page_icon=str(ASSETS / "mark.svg"),
        layout="wide",
        menu_items={"Get help": None, "Report a bug": None, "About": None},
    )
    st.html(f"<style>{_CSS}</style>")


def brand() -> None:
    """The mark and the name, on top of the sidebar."""
    mark = base64.b64encode((ASSETS / "mark.svg").read_bytes()).decode()
    st.html(
        f'<div class="mirs-brand"><img alt="" src="data:image/svg+xml;base64,{mark}">'
        "<div><b>MIRS Explorer</b><span>similar landforms on Mars</span></div></div>"
    )
