"""Map-projected image strips: cut into tiles with coordinates, and searched by rectangles."""

from mirs_core.datasets.strips.cut_settings import CutResult, CutSettings, StripDetails
from mirs_core.datasets.strips.cutting import cut_strip

__all__ = ["CutResult", "CutSettings", "StripDetails", "cut_strip"]
