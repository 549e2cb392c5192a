"""MIRS Explorer: find similar landforms on Mars. Start it with ``make app``."""

import os

# Idle OpenMP threads spin by default; with a busy neighbour that slows a query a hundred times.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import streamlit as st

from pages.ui import theme

theme.set_up()
st.navigation(
    [st.Page("pages/explore/search.py", title="Search and compare", default=True)],
    position="hidden",
).run()
