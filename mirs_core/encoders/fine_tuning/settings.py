"""Every setting of a fine-tuning, once: the command line and the forms are made from it."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mirs_core.config.fields import check, parse_change, setting, split_by_strip
from mirs_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneConfig:
    """All that defines a fine-tuning besides its data set."""

    objective: str = setting(
        "classifier",
        "Objective",
        "Classifier and triplet learn from labels; SimCLR from two views of each tile, without.",
        choices=("classifier", "triplet", "simclr"),
    )
    encoder: str = setting(
        "efficientnet-lite0", "Start from", "The encoder whose weights are trained further."
    )
    seed: int = setting(
        0, "Seed", "Splits the data set and draws all chances.", low=0, high=2**32 - 1
    )
    by_strip: bool = split_by_strip()
    epochs: int = setting(8, "Epochs", "Passes over the training half.", low=1, high=2000)
    batch_size: int = setting(
        32, "Batch size", "Tiles a step, over all devices.", unit="tiles", low=2, high=4096
    )
    learning_rate: float = setting(
        3e-4, "Learning rate", "Step size of AdamW for the encoder.", low=1e-7, high=0.1, log=True
    )
    head_factor: float = setting(
        10.0,
        "Head factor",
        "How many times faster the new layers learn than the encoder.",
        low=0.1,
        high=1000.0,
        log=True,
    )
    weight_decay: float = setting(
        1e-2, "Weight decay", "Shrinks the weights at each step.", low=0.0, high=1.0, log=True
    )
    schedule: str = setting(
        "cosine",
        "Schedule",
        "Cosine: up in the first tenth of the steps, then down to zero. Constant: as it is.",
        choices=("cosine", "constant"),
    )
    freeze_statistics: bool = setting(
        True,
        "Freeze statistics",
        "Keep the batch norms' means and variances; small data sets estimate them badly.",
    )
    smoothing: float = setting(
        0.1, "Label smoothing", "Share of certainty the classifier gives up.", low=0.0, high=0.5
    )
    margin: float = setting(
        0.2, "Margin", "Margin of the semi-hard triplets, on unit vectors.", low=0.01, high=1.5
    )
    group: int = setting(
        4, "Tiles a class", "Tiles of one class that stand together in a triplet batch.",
        unit="tiles", low=2, high=64,
    )  # fmt: skip
    temperature: float = setting(
        0.1, "Temperature", "Divides the similarities of NT-Xent.", low=0.01, high=5.0, log=True
    )
    projection: int = setting(
        128, "Projection", "Width that SimCLR compares views in.", low=8, high=2048
    )
    crop: float = setting(
        0.3, "Smallest crop", "Least share of a tile's area in a view of SimCLR.", low=0.3, high=1.0
    )
    jitter: float = setting(
        0.2,
        "Jitter",
        "How far brightness and contrast wander, as a share; half of it with labels.",
        low=0.0,
        high=0.9,
    )
    noise: float = setting(
        5.0, "Noise", "Strongest noise in a view of SimCLR.", unit="grey levels", low=0.0, high=50.0
    )

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            check("train-encoder", item, getattr(self, item.name))

    @property
    def reads_labels(self) -> bool:
        """Whether the objective learns from labels."""
        return self.objective != "simclr"

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return dataclasses.asdict(self)


OBJECTIVES: dict[str, dict[str, Any]] = {
    "classifier": {},
    "triplet": {},
    "simclr": {"epochs": 4},
}
"""Objective to the settings in which it differs from the defaults above."""


def settings() -> Iterable["dataclasses.Field[Any]"]:
    """Every setting, in the order in which they are shown."""
    return dataclasses.fields(FineTuneConfig)


def configure(objective: str, **changes: Any) -> FineTuneConfig:
    """The settings of an objective with ``changes`` on top; a change to None is none.

    Raises:
        ConfigError: no such objective, or a value that its setting does not allow.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    return FineTuneConfig(objective=objective, **{**OBJECTIVES.get(objective, {}), **given})


def parse_changes(changes: Iterable[str]) -> dict[str, Any]:
    """Values by name of ``FIELD=VALUE`` words.

    Raises:
        ConfigError: no such setting, or a value of another type.
    """
    known = {item.name: item for item in settings()}
    return dict(parse_change(change, known, "FIELD=VALUE") for change in changes)


def from_json(value: Any) -> FineTuneConfig:
    """The settings that ``to_json`` wrote.

    Raises:
        ConfigError: unknown or missing keys, wrong types, values out of range.
    """
    names = {item.name for item in settings()}
    if not isinstance(value, Mapping) or set(value) != names:
        raise ConfigError("The settings of the fine-tuning are of another version; start anew.")
    return FineTuneConfig(**value)
