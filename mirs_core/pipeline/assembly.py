"""From a configuration to the pieces of a training: the objective, the transforms, the groups."""

import torch

from mirs_core.config import settings as configs
from mirs_core.hashing.objective import (
    Objective,
    Projection,
    Term,
    balance_term,
    entropy_term,
    faint_push_term,
    interclass_term,
    nt_xent_term,
    order_term,
    orthohash_term,
    push_term,
    similarity_term,
    triplet_term,
)
from mirs_core.hashing.whitening import MovingStatistics


def objective_of(config: configs.RunConfig, classes: int) -> Objective:
    """The loss of a run: its metric loss, push and balance, and the terms that have a weight.

    Args:
        classes: how many there are, for losses that keep a centre a class.
    """
    loss, quirks = config.loss, config.quirks
    layers = torch.nn.ModuleList()
    if config.contrastive:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            projection = Projection(config.head.bits, loss.projection)
        layers.append(projection)
        metric = nt_xent_term(projection, loss.temperature)
    elif loss.metric == "orthohash":
        metric = orthohash_term(classes, config.head.bits, loss.scale, loss.margin, config.seed)
    else:
        metric = triplet_term(loss.margin, loss.mining)
    terms: dict[str, tuple[float, Term]] = {
        loss.metric: (1.0, metric),
        "push": (loss.push_weight, faint_push_term if quirks.faint_push else push_term),
        "balance": (loss.balance_weight, balance_term(loss.balance_form)),
    }
    optional: dict[str, tuple[float, Term]] = {
        "interclass": (
            loss.interclass_weight,
            interclass_term(loss.margin, third_class=not quirks.two_classes),
        ),
        "entropy": (loss.entropy_weight, entropy_term(loss.entropy_form)),
        "order": (loss.order_weight, order_term),
        "similarity": (loss.similarity_weight, similarity_term),
    }
    terms.update({name: pair for name, pair in optional.items() if pair[0] > 0})
    return Objective(
        terms,
        needs_target="entropy" in terms,
        needs_pairs=config.contrastive,
        layers=layers,
    )


def moving_statistics(config: configs.RunConfig) -> MovingStatistics | None:
    """The moving-average estimator of the whitening, where the configuration asks for it."""
    white = config.whitening
    if not white.enabled or white.estimator != "moving":
        return None
    return MovingStatistics(
        white.group_size,
        white.eps,
        white.shrinkage,
        white.momentum,
        reads_validation=config.quirks.leaky_statistics,
        kept_late=config.quirks.late_statistics,
    )
