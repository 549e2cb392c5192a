"""The terms of the loss, one file each: a function of tensors to a scalar, and its spec."""

from mirs_core.hashing.terms import LossTerm
from mirs_core.system.specs import specs_in

LOSS_TERMS = specs_in("mirs_core.hashing.losses", LossTerm)
"""Every term by name, in the order in which they are summed."""
