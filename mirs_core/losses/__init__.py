"""The terms of the loss, one file each: pure functions of tensors to one number."""

from mirs_core.losses.balance import balance_per_bit, balance_per_sample
from mirs_core.losses.entropy import bernoulli_entropy
from mirs_core.losses.push import push
from mirs_core.losses.triplet import triplet

__all__ = ["balance_per_bit", "balance_per_sample", "bernoulli_entropy", "push", "triplet"]
