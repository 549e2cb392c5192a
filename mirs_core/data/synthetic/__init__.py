"""Synthetic Mars: procedural tiles of the 15 landforms, with no real pixel in them."""

from mirs_core.data.synthetic.generate import generate
from mirs_core.data.synthetic.render import render

__all__ = ["generate", "render"]
