"""Every setting of a run, once: the command line, the forms and the documents are made from it.

A configuration is a frozen dataclass of frozen groups. Each field carries its label, help, unit and
range, so whoever shows or reads a setting needs nothing but the field.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mirs_core.errors import ConfigError

SCHEMA = 1


def setting(
    default: Any,
    label: str,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
    log: bool = False,
) -> Any:
    """A dataclass field that explains itself: what forms, helps and checks are made from."""
    meta = {"label": label, "help": help, "unit": unit, "low": low, "high": high}
    return field(default=default, metadata={**meta, "choices": choices, "log": log})


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Which frozen network turns a tile into features."""

    name: str = setting(
        "efficientnet-lite0", "Encoder", "Frozen network whose pooled features are hashed."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveConfig:
    """How the archive is split off and compared."""

    distance: str = setting(
        "hamming",
        "Distance",
        "Hamming compares hash codes; Euclidean and cosine compare the encoder's features.",
        choices=("hamming", "euclidean", "cosine"),
    )
    by_strip: bool = setting(
        False,
        "Split by strip",
        "Keep all tiles of one image strip (observation) on one side of the halving.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadConfig:
    """The hashing network: features, 512, 256, bits."""

    bits: int = setting(
        128, "Hash bits", "Length of a hash code.", unit="bit", choices=(32, 64, 128, 256)
    )
    inputs: str = setting(
        "scaled",
        "Input scaling",
        "Without whitening, what the head sees: raw features; centred on the training tiles; also"
        " divided by their spread (scaled: one number, standardised: one a channel).",
        choices=("raw", "centred", "scaled", "standardised"),
    )
    dropout: float = setting(
        0.5, "Dropout", "Share of the input features left out at each step.", low=0.0, high=0.9
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """The loss: metric + push_weight * push + balance_weight * balance (+ entropy)."""

    metric: str = setting(
        "triplet",
        "Metric loss",
        "Triplets compare tiles with each other; OrthoHash draws each class to a centre of its own,"
        " the centres being orthogonal codes.",
        choices=("triplet", "orthohash"),
    )
    mining: str = setting(
        "semi-hard",
        "Triplet mining",
        "Semi-hard takes negatives farther than the positive but within the margin; violating also"
        " the nearer ones.",
        choices=("semi-hard", "violating"),
    )
    scale: float = setting(
        8.0,
        "Cosine scale",
        "OrthoHash multiplies cosines by it before its softmax.",
        low=0.1,
        high=100.0,
        log=True,
    )
    margin: float = setting(
        0.2,
        "Margin",
        "Margin of the triplets, on unit vectors, or of OrthoHash, on cosines.",
        low=0.01,
        high=1.5,
    )
    push_weight: float = setting(
        1e-3,
        "Push weight (lambda1)",
        "Drives soft codes to 0 or 1.",
        low=0.0,
        high=100.0,
        log=True,
    )
    balance_weight: float = setting(
        1.0,
        "Balance weight (lambda2)",
        "As many ones as zeros.",
        low=0.0,
        high=100.0,
        log=True,
    )
    balance_form: str = setting(
        "sample",
        "Balance form",
        "Per sample: half of the bits of each code are ones. Per bit: half of the codes have a one"
        " in each bit, which also sees total collapse.",
        choices=("sample", "bit"),
    )
    entropy_weight: float = setting(
        0.0,
        "Entropy weight",
        "Makes the soft codes of the unlabelled archive decided (Bernoulli entropy, nats).",
        low=0.0,
        high=10.0,
        log=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteningConfig:
    """Domain whitening (DWT): one transform for training tiles, one for the archive's domain."""

    enabled: bool = setting(False, "Domain whitening", "Whiten features per domain before hashing.")
    group_size: int = setting(
        32, "Group size", "Channels whitened together.", unit="channels", low=1, high=4096
    )
    eps: float = setting(
        1e-3,
        "Shrinkage",
        "Share of the identity mixed into each covariance: 0 trusts the sample, 1 only scales.",
        low=1e-6,
        high=1.0,
        log=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """The optimiser and how long it runs."""

    epochs: int = setting(100, "Epochs", "Passes over the training half.", low=1, high=2000)
    batch_size: int = setting(256, "Batch size", "Tiles a step.", unit="tiles", low=2, high=8192)
    learning_rate: float = setting(
        1e-3, "Learning rate", "Step size of Adam.", low=1e-6, high=1.0, log=True
    )
    averaging: float = setting(
        0.95,
        "Weight averaging",
        "Decay of the moving average of the weights that is evaluated and kept; 0 keeps the last.",
        low=0.0,
        high=0.9999,
    )
    views: int = setting(
        8,
        "Views",
        "Quarter turns and mirror images of each training tile; each one is encoded once.",
        choices=(1, 2, 4, 8),
    )
    weight_decay: float = setting(
        1e-4, "Weight decay", "L2 penalty inside Adam.", low=0.0, high=1.0, log=True
    )
    beta1: float = setting(0.9, "Adam beta 1", "Memory of the gradient.", low=0.0, high=0.9999)
    beta2: float = setting(0.999, "Adam beta 2", "Memory of its square.", low=0.0, high=0.99999)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """All that defines a run: on one machine, equal configurations give equal models."""

    preset: str = "mirs"
    data: str = ""
    seed: int = 0
    encoder: EncoderConfig = EncoderConfig()
    archive: ArchiveConfig = ArchiveConfig()
    head: HeadConfig = HeadConfig()
    loss: LossConfig = LossConfig()
    whitening: WhiteningConfig = WhiteningConfig()
    training: TrainingConfig = TrainingConfig()

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed is {self.seed}; give a whole number from 0 to {2**32 - 1}.")
        for group, item in settings():
            check(group, item, getattr(getattr(self, group), item.name))
        if self.whitening.enabled and not self.hashes:
            raise ConfigError(
                "whitening.enabled needs archive.distance=hamming: the baselines have no head."
            )

    @property
    def hashes(self) -> bool:
        """Whether this run trains a hash head (else it is a baseline on float features)."""
        return self.archive.distance == "hamming"

    def to_json(self) -> dict[str, Any]:
        """The configuration as plain JSON values, with the schema's version."""
        return {"schema": SCHEMA, **dataclasses.asdict(self)}


GROUPS: dict[str, type[Any]] = {
    "encoder": EncoderConfig,
    "archive": ArchiveConfig,
    "head": HeadConfig,
    "loss": LossConfig,
    "whitening": WhiteningConfig,
    "training": TrainingConfig,
}


def settings() -> Iterable[tuple[str, "dataclasses.Field[Any]"]]:
    """Every setting as (group, field), in the order in which they are shown."""
    for group, kind in GROUPS.items():
        for item in dataclasses.fields(kind):
            yield group, item


def check(group: str, item: "dataclasses.Field[Any]", value: Any) -> None:
    """Raises ConfigError where ``value`` is of another type than the field's or out of range."""
    name, meta = f"{group}.{item.name}", item.metadata
    wanted = cast(type, item.type)
    if type(value) is not wanted:
        raise ConfigError(f"{name} is {value!r}; give a value of type {wanted.__name__}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name} is {value}; give a finite number.")
    if meta["choices"] and value not in meta["choices"]:
        known = ", ".join(str(choice) for choice in meta["choices"])
        raise ConfigError(f"{name} is {value!r}; choose one of {known}.")
    low, high = meta["low"], meta["high"]
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{name} is {value}; give a value from {low:g} to {high:g}.")


PRESETS: dict[str, dict[str, Any]] = {
    "baseline": {"archive.distance": "euclidean"},
    "baseline-centred": {"archive.distance": "cosine"},
    "mirs": {},
    "mirs-dwt": {"whitening.enabled": True, "whitening.eps": 0.9, "loss.entropy_weight": 0.1},
}
"""Preset name to the settings in which it differs from the defaults above."""


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


def parse_change(
    change: str, known: Mapping[str, "dataclasses.Field[Any]"], form: str
) -> tuple[str, Any]:
    """Name and value of one ``--set`` word; ``form`` says how such a word looks.

    Raises:
        ConfigError: no setting of ``known``, or a value of another type.
    """
    name, separator, text = change.partition("=")
    if not separator or name not in known:
        raise ConfigError(f"--set {change!r} is no {form}; the fields are {', '.join(known)}.")
    wanted = cast(type, known[name].type)
    try:
        if wanted is bool:
            return name, {"true": True, "false": False}[text.lower()]
        return name, wanted(text)
    except (ValueError, KeyError):
        raise ConfigError(f"--set {change!r}: {name} takes a {wanted.__name__}.") from None


def from_json(value: Any) -> RunConfig:
    """The configuration that ``RunConfig.to_json`` wrote.

    Settings that an older version did not know take their defaults, which are what it did.

    Raises:
        ConfigError: another schema, unknown keys, missing groups, wrong types, values out of
            range.
    """
    if not isinstance(value, Mapping) or value.get("schema") != SCHEMA:
        found = value.get("schema") if isinstance(value, Mapping) else None
        raise ConfigError(
            f"config.json has schema {found}, this version reads {SCHEMA}. Train again."
        )
    top = {item.name for item in dataclasses.fields(RunConfig)} | {"schema"}
    if set(value) != top:
        raise ConfigError(f"config.json has unknown or missing keys: {sorted(set(value) ^ top)}.")
    if not (isinstance(value["preset"], str) and isinstance(value["data"], str)):
        raise ConfigError("config.json: preset and data are texts.")
    if type(value["seed"]) is not int:
        raise ConfigError("config.json: seed is a whole number.")
    built = {}
    for group, kind in GROUPS.items():
        names = {item.name for item in dataclasses.fields(kind)}
        if not isinstance(value[group], Mapping) or not set(value[group]) <= names:
            raise ConfigError(f"config.json: group {group} has unknown keys.")
        built[group] = kind(**value[group])
    return RunConfig(preset=value["preset"], data=value["data"], seed=value["seed"], **built)
