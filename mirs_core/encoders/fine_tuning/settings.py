"""Settings of a fine-tuning; command line and forms are generated from them."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mirs_core.config.fields import check, parse_change, setting, split_by_strip
from mirs_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneConfig:
    """Everything that defines a fine-tuning besides its data set."""

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
        0, "Seed", "Splits the data set and seeds all random numbers.", low=0, high=2**32 - 1
    )
    by_strip: bool = split_by_strip()
    epochs: int = setting(8, "Epochs", "Passes over the training half.", low=1, high=2000)
    batch_size: int = setting(
        32, "Batch size", "Tiles per step, over all devices.", unit="tiles", low=2, high=4096
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
        "Cosine: warm-up over the first tenth of the steps, then decay to zero."
        " Constant: no change.",
        choices=("cosine", "constant"),
    )
    freeze_statistics: bool = setting(
        True,
        "Freeze statistics",
        "Keep the means and variances of batch norms; small data sets estimate them poorly.",
    )
    smoothing: float = setting(
        0.1, "Label smoothing", "Probability spread evenly over all classes.", low=0.0, high=0.5
    )
    margin: float = setting(
        0.2, "Margin", "Margin of the semi-hard triplets, on unit vectors.", low=0.01, high=1.5
    )
    group: int = setting(
        4, "Tiles per class", "Tiles of one class that are grouped in a triplet batch.",
        unit="tiles", low=2, high=64,
    )  # fmt: skip
    temperature: float = setting(
        0.1, "Temperature", "Divides the similarities of NT-Xent.", low=0.01, high=5.0, log=True
    )
    projection: int = setting(
        128, "Projection head width", "Dimension in which SimCLR compares views.", low=8, high=2048
    )
    crop: float = setting(
        0.3,
        "Smallest crop",
        "Smallest fraction of a tile's area in a SimCLR view.",
        low=0.3,
        high=1.0,
    )
    jitter: float = setting(
        0.2,
        "Jitter",
        "Largest relative change of brightness and contrast; half of it with labels.",
        low=0.0,
        high=0.9,
    )
    noise: float = setting(
        5.0,
        "Noise",
        "Largest standard deviation of the noise in a SimCLR view.",
        unit="grey levels",
        low=0.0,
        high=50.0,
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
"""Settings of each objective that differ from the defaults above."""


def settings() -> Iterable["dataclasses.Field[Any]"]:
    """Every setting, in display order."""
    return dataclasses.fields(FineTuneConfig)


def configure(objective: str, **changes: Any) -> FineTuneConfig:
    """The settings of an objective with ``changes`` on top; None leaves a setting as it is.

    Raises:
        ConfigError: no such objective, or a value that its setting does not allow.
    """
    set_values = {name: value for name, value in changes.items() if value is not None}
    return FineTuneConfig(objective=objective, **{**OBJECTIVES.get(objective, {}), **set_values})


def parse_changes(changes: Iterable[str]) -> dict[str, Any]:
    """Values by name of ``FIELD=VALUE`` arguments.

    Raises:
        ConfigError: no such setting, or a value of another type.
    """
    setting_by_name = {item.name: item for item in settings()}
    return dict(parse_change(change, setting_by_name, "FIELD=VALUE") for change in changes)


def from_json(value: Any) -> FineTuneConfig:
    """The settings that ``to_json`` wrote.

    Raises:
        ConfigError: unknown or missing keys, wrong types, values out of range.
    """
    names = {item.name for item in settings()}
    if not isinstance(value, Mapping) or set(value) != names:
        raise ConfigError(
            "The settings of the fine-tuning are from another version; start a new one."
        )
    return FineTuneConfig(**value)
