"""Baseline: Euclidean distance of the encoder's features."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="baseline",
    title="Baseline",
    order=10,
    help="Euclidean distance between encoder features, the baseline of 2021.",
    changes={"archive.distance": "euclidean"},
    shown_first=True,
    colour=0,
)
