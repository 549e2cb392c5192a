"""From a configuration to the pieces of a training: objective, optimiser plan, statistics."""

from typing import TYPE_CHECKING, Any

from mirs_core.config import settings as configs
from mirs_core.errors import ConfigError
from mirs_core.hashing.losses import LOSS_TERMS
from mirs_core.hashing.plan import TrainingPlan
from mirs_core.hashing.terms import LossTerm, Need, Term

if TYPE_CHECKING:
    # They load torch, which checking a configuration does not need.
    from mirs_core.hashing.objective import Objective
    from mirs_core.hashing.whitening import MovingStatistics


def weights_of(config: configs.RunConfig) -> dict[str, float]:
    """Weight by name of every term of a run's loss, in the order in which they are summed."""
    weights = {name: _weight(config, spec) for name, spec in LOSS_TERMS.items()}
    return {name: w for name, w in weights.items() if w > 0 or LOSS_TERMS[name].always}


def _weight(config: configs.RunConfig, spec: LossTerm) -> float:
    if spec.metric:
        return 1.0 if config.loss.metric == spec.name else 0.0
    if spec.weight:
        return float(config.value(spec.weight))
    return config.loss.further_weights().get(spec.name, 0.0)


def needs_of(config: configs.RunConfig) -> frozenset[Need]:
    """What the terms of a run's loss read beyond logits and soft codes."""
    return frozenset(need for name in weights_of(config) for need in LOSS_TERMS[name].needs)


def check_terms(config: configs.RunConfig) -> None:
    """Checks the terms that ``loss.further`` names.

    Raises:
        ConfigError: there is no such term, or it reads labels and the run must not.
    """
    further = [n for n, spec in LOSS_TERMS.items() if not spec.metric and not spec.weight]
    for name in config.loss.further_weights():
        if name not in further:
            choice = f"choose one of {', '.join(further)}" if further else "there is none"
            raise ConfigError(f"loss.further has no term {name!r}; {choice}.")
        if config.contrastive and LOSS_TERMS[name].needs & {"labels", "classes", "groups"}:
            raise ConfigError(
                f"loss.further: {name} needs class labels, and loss.metric=nt-xent reads none."
            )


def objective_of(config: configs.RunConfig, classes: int) -> "Objective":
    """The loss of a run: its metric loss, push and balance, and every other term with a weight.

    Args:
        classes: number of classes, for losses that have a centre for each.
    """
    from mirs_core.hashing.objective import Objective

    terms: dict[str, tuple[float, Term]] = {}
    for name, weight in weights_of(config).items():
        spec = LOSS_TERMS[name]
        arguments: dict[str, Any] = {a: config.value(s) for a, s in spec.settings.items()}
        if "classes" in spec.needs:
            arguments["classes"] = classes
        terms[name] = weight, spec.build(**arguments)
    return Objective(terms, needs_of(config))


def plan_of(config: configs.RunConfig) -> TrainingPlan:
    """The optimiser settings of a run."""
    training = config.training
    return TrainingPlan(
        epochs=training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        betas=(training.beta1, training.beta2),
        averaging=training.averaging,
        seed=config.seed,
    )


def moving_statistics(config: configs.RunConfig) -> "MovingStatistics | None":
    """The moving-average estimator of the whitening, if the configuration uses it."""
    from mirs_core.hashing.whitening import MovingStatistics

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
