"""Baseline, centred: cosine distance of centred features."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="baseline-centred",
    title="Baseline, centred",
    order=20,
    help="Cosine distance after subtracting the archive's mean feature, a stronger baseline.",
    changes={"archive.distance": "cosine"},
    colour=3,
)
