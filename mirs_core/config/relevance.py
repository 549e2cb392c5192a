"""Which settings have an effect in a configuration, and what the others would need.

Forms show only settings that have an effect; a change without effect is refused with its reason.
"""

from collections.abc import Callable, Iterable

from mirs_core.config.settings import RunConfig
from mirs_core.errors import ConfigError

_HEAD = "a hash head (archive.distance=hamming)"
_NETWORK = "a trained network (archive.distance=hamming, head.kind=network)"
_LABELS = "a metric loss that uses labels (loss.metric=triplet or orthohash)"
_WHITENED = "whitening.enabled=true"
_MOVING = "whitening.enabled=true and whitening.estimator=moving"
_GROUPED = "loss.interclass_weight above 0"

_Rule = tuple[Callable[[RunConfig], bool], str]
"""Whether a setting has an effect, and what it needs."""


def _moving(config: RunConfig) -> bool:
    return config.whitening.enabled and config.whitening.estimator == "moving"


def _interclass(config: RunConfig) -> bool:
    return config.loss.interclass_weight > 0


_GROUP_RULES: dict[str, _Rule] = {
    "head": (lambda config: config.hashes, _HEAD),
    "loss": (lambda config: config.trains, _NETWORK),
    "whitening": (lambda config: config.trains, _NETWORK),
    "training": (lambda config: config.trains, _NETWORK),
    "quirks": (lambda config: config.trains, _NETWORK),
    "features": (lambda config: config.trains, _NETWORK),
    "codes": (lambda config: config.hashes, _HEAD),
}

_SETTING_RULES: dict[str, _Rule] = {
    "head.inputs": (
        lambda config: config.trains and not config.whitening.enabled,
        "a trained network and whitening.enabled=false",
    ),
    "head.dropout": (lambda config: config.trains, _NETWORK),
    "loss.mining": (lambda config: config.loss.metric == "triplet", "loss.metric=triplet"),
    "loss.scale": (lambda config: config.loss.metric == "orthohash", "loss.metric=orthohash"),
    "loss.temperature": (lambda config: config.loss.metric == "nt-xent", "loss.metric=nt-xent"),
    "loss.projection": (lambda config: config.loss.metric == "nt-xent", "loss.metric=nt-xent"),
    "loss.margin": (
        lambda config: not config.contrastive or config.quirks.slope_is_margin,
        _LABELS,
    ),
    "loss.balance_form": (
        lambda config: config.loss.balance_weight > 0,
        "loss.balance_weight above 0",
    ),
    "loss.entropy_form": (
        lambda config: config.loss.entropy_weight > 0,
        "loss.entropy_weight above 0",
    ),
    "loss.interclass_weight": (lambda config: not config.contrastive, _LABELS),
    "loss.order_weight": (lambda config: not config.contrastive, _LABELS),
    "loss.groups": (_interclass, _GROUPED),
    "whitening.group_size": (lambda config: config.whitening.enabled, _WHITENED),
    "whitening.eps": (lambda config: config.whitening.enabled, _WHITENED),
    "whitening.shrinkage": (lambda config: config.whitening.enabled, _WHITENED),
    "whitening.estimator": (lambda config: config.whitening.enabled, _WHITENED),
    "whitening.target": (lambda config: config.whitening.enabled, _WHITENED),
    "whitening.momentum": (_moving, _MOVING),
    "training.tiles": (lambda config: config.contrastive, "loss.metric=nt-xent"),
    "quirks.faint_push": (lambda config: config.loss.push_weight > 0, "loss.push_weight above 0"),
    "quirks.raw_groups": (_interclass, _GROUPED),
    "quirks.two_classes": (_interclass, _GROUPED),
    "quirks.leaky_statistics": (_moving, _MOVING),
    "quirks.late_statistics": (_moving, _MOVING),
}


def idle(config: RunConfig, name: str) -> str:
    """What ``group.field`` needs to have an effect in ``config``; empty if it has one."""
    for rule in (_GROUP_RULES.get(name.partition(".")[0]), _SETTING_RULES.get(name)):
        if rule is not None and not rule[0](config):
            return rule[1]
    return ""


def refuse_idle(config: RunConfig, changes: Iterable[str]) -> None:
    """Refuses changes (``group.field=value``) that have no effect in ``config``.

    Raises:
        ConfigError: one of them has none.
    """
    for name in (change.partition("=")[0] for change in changes):
        if needs := idle(config, name):
            raise ConfigError(
                f"{name} has no effect with preset {config.preset}: it needs {needs}."
            )
