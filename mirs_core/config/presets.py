"""The presets: named ways of training, each a few settings away from the defaults."""

from collections.abc import Iterable
from typing import Any

from mirs_core.config.differences import differences
from mirs_core.config.settings import GROUPS, RunConfig, parse_change, settings
from mirs_core.errors import ConfigError

_DWT = {
    "whitening.enabled": True,
    "whitening.eps": 0.9,
    "whitening.shrinkage": "common",
    "loss.entropy_weight": 0.1,
}
_BEST = {"loss.metric": "orthohash", "loss.order_weight": 0.5}
_UNSUPERVISED = {
    "loss.metric": "nt-xent",
    "loss.temperature": 1.0,
    "loss.push_weight": 0.05,
    "loss.balance_form": "bit",
    "training.batch_size": 128,
    "training.selection": "last",
    "training.tiles": "half+archive",
}
_DOCUMENTED_2021 = {
    "encoder.name": "densenet121-imagenet",
    "head.inputs": "raw",
    "head.dropout": 0.0,
    "training.learning_rate": 1e-4,
    "training.averaging": 0.0,
    "training.views": 1,
    "training.weight_decay": 0.0,
    "training.beta2": 0.99,
}
_AS_CODED_2021 = {
    **_DOCUMENTED_2021,
    "encoder.name": "densenet121-imagenet-pre-relu",
    "whitening.enabled": True,
    "whitening.shrinkage": "absolute",
    "whitening.estimator": "moving",
    "loss.entropy_weight": 1.0,
    "loss.entropy_form": "softmax",
    "loss.interclass_weight": 1.0,
    "training.selection": "loss",
    "quirks.faint_push": True,
    "quirks.slope_is_margin": True,
    "quirks.raw_groups": True,
    "quirks.two_classes": True,
    "quirks.leaky_statistics": True,
    "quirks.late_statistics": True,
}

PRESETS: dict[str, dict[str, Any]] = {
    "baseline": {"archive.distance": "euclidean"},
    "baseline-centred": {"archive.distance": "cosine"},
    "mirs": {},
    "mirs-dwt": _DWT,
    "mirs-interclass": {"loss.interclass_weight": 1.0},
    "mirs-best": _BEST,
    "mirs-unsupervised": _UNSUPERVISED,
    "mirs-unsupervised-dwt": {**_UNSUPERVISED, **_DWT},
    "pca-sign": {"head.kind": "pca-sign"},
    "mirs-2021": _DOCUMENTED_2021,
    "mirs-2021-as-coded": _AS_CODED_2021,
}
"""Preset name to the settings in which it differs from the defaults above."""


def changes_of(config: RunConfig) -> list[str]:
    """The changes (``group.field=value``) that make ``config`` from its preset.

    ``from_preset`` with them gives the same configuration.
    """
    plain = from_preset(config.preset, data=config.data, seed=config.seed)
    return [f"{one.name}={_word(one.values[1])}" for one in differences([plain, config])]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_preset(
    preset: str,
    *,
    data: str,
    seed: int = 0,
    encoder: str | None = None,
    changes: Iterable[str] = (),
) -> RunConfig:
    """The configuration of ``preset`` with ``changes`` (``group.field=value``) on top.

    Raises:
        ConfigError: unknown preset or setting, or a value that its field does not allow.
    """
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}; choose one of {', '.join(PRESETS)}.")
    values = dict(PRESETS[preset])
    if encoder is not None:
        values["encoder.name"] = encoder
    known = {f"{group}.{item.name}": item for group, item in settings()}
    values.update(parse_change(change, known, "group.field=value") for change in changes)
    groups: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, leaf = name.partition(".")
        groups.setdefault(group, {})[leaf] = value
    built = {group: GROUPS[group](**fields) for group, fields in groups.items()}
    return RunConfig(preset=preset, data=data, seed=seed, **built)
