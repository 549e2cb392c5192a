"""The best recipe measured."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs-best",
    title="MIRS, best recipe",
    order=110,
    help="The best recipe measured: orthogonal class centres instead of triplets, and codes that"
    " keep the order by feature similarity within a class.",
    changes={"loss.metric": "orthohash", "loss.order_weight": 0.5},
    citation="Hoe et al., One Loss for All: Deep Hashing with a Single Cosine Similarity, 2021",
)
