"""The best recipe measured."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs-best",
    title="MIRS, best recipe",
    order=110,
    help="The best recipe measured: orthogonal class centres instead of triplets, codes that keep"
    " the order by feature similarity within a class, features of an inner block, and bits decided"
    " by 8 turns and mirror images of a tile, so that archiving takes 8 times as long.",
    changes={
        "loss.metric": "orthohash",
        "loss.order_weight": 0.5,
        "features.layers": "inner",
        "codes.views": 8,
    },
    citation="Hoe et al., One Loss for All: Deep Hashing with a Single Cosine Similarity, 2021",
)
