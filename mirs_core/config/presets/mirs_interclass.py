"""MIRS with triplets across classes."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs-interclass",
    title="MIRS + inter-class",
    order=90,
    help="MIRS plus triplets across classes, so that codes also encode what classes share.",
    changes={"loss.interclass_weight": 1.0},
    citation="Milbich et al., Sharing Matters for Generalization in Deep Metric Learning, 2020",
    variant_of="mirs",
)
