"""Synthetic Mars: procedural tiles of the 15 landforms, with no real pixel in them."""

from mirs_core.data.synthetic.painting import render
from mirs_core.data.synthetic.writing import generate

__all__ = ["generate", "render"]
