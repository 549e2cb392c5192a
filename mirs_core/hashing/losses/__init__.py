"""The terms of the loss, one file each: pure functions of tensors to one number."""

from mirs_core.hashing.losses.balance import balance_per_bit, balance_per_sample
from mirs_core.hashing.losses.entropy import bernoulli_entropy, softmax_entropy
from mirs_core.hashing.losses.nt_xent import nt_xent
from mirs_core.hashing.losses.orthohash import orthogonal_centres, orthohash
from mirs_core.hashing.losses.push import push
from mirs_core.hashing.losses.similarity import class_order, similarity
from mirs_core.hashing.losses.triplet import interclass_triplet, triplet

__all__ = [
    "balance_per_bit",
    "balance_per_sample",
    "bernoulli_entropy",
    "class_order",
    "interclass_triplet",
    "nt_xent",
    "orthogonal_centres",
    "orthohash",
    "push",
    "similarity",
    "softmax_entropy",
    "triplet",
]
