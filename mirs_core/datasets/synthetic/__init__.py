"""Synthetic Mars: procedural tiles of the 15 landforms, with no real pixel in them."""

from mirs_core.datasets.synthetic.painting import render
from mirs_core.datasets.synthetic.writing import generate

__all__ = ["generate", "render"]
