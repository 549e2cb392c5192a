"""Map-projected image strips: cut into tiles with true coordinates, and queried by rectangles."""

from mirs_core.datasets.strips.cutting import Cut, Outcome, Words, cut_strip

__all__ = ["Cut", "Outcome", "Words", "cut_strip"]
