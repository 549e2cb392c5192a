"""The configuration of a run: a frozen dataclass of frozen groups, and its JSON."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirs_core.config.archive import ArchiveConfig
from mirs_core.config.codes import CodesConfig
from mirs_core.config.encoder import EncoderConfig
from mirs_core.config.features import FeaturesConfig
from mirs_core.config.fields import check
from mirs_core.config.head import HeadConfig
from mirs_core.config.loss import LossConfig
from mirs_core.config.quirks import QuirksConfig
from mirs_core.config.training import TrainingConfig
from mirs_core.config.whitening import WhiteningConfig
from mirs_core.errors import ConfigError

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Everything that defines a run: on one machine, equal configurations give equal models.

    Raises:
        ConfigError: a value is out of range, or settings contradict each other.
    """

    preset: str = "mirs"
    data: str = ""
    seed: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    archive: ArchiveConfig = field(default_factory=ArchiveConfig)
    head: HeadConfig = field(default_factory=HeadConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    whitening: WhiteningConfig = field(default_factory=WhiteningConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    quirks: QuirksConfig = field(default_factory=QuirksConfig)
    features: FeaturesConfig = field(default_factory=FeaturesConfig)
    codes: CodesConfig = field(default_factory=CodesConfig)

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32:
            raise ConfigError(
                f"seed is {self.seed}; it must be a whole number from 0 to {2**32 - 1}."
            )
        for group, item in settings():
            check(group, item, getattr(getattr(self, group), item.name))
        self.loss.further_weights()
        self._check_whitening()
        self._check_features()
        self._check_without_labels()

    def _check_whitening(self) -> None:
        white = self.whitening
        if white.enabled and not self.hashes:
            raise ConfigError(
                "whitening.enabled needs archive.distance=hamming: the baselines have no head."
            )
        if white.enabled and not self.trains:
            raise ConfigError("head.kind=pca-sign has no whitening; set whitening.enabled=false.")
        if white.target and not white.enabled:
            raise ConfigError("whitening.target needs whitening.enabled=true; or leave it empty.")
        moving = white.enabled and white.estimator == "moving"
        if white.target and moving:
            raise ConfigError(
                "whitening.target needs whitening.estimator=exact: the moving average is computed"
                " from batches of the archive."
            )
        if (self.quirks.leaky_statistics or self.quirks.late_statistics) and not moving:
            raise ConfigError(
                "quirks.leaky_statistics and quirks.late_statistics need whitening.enabled=true and"
                " whitening.estimator=moving: they have no effect on exact statistics."
            )

    def _check_features(self) -> None:
        if self.features.layers != "last":
            if not self.trains:
                raise ConfigError(
                    "features.layers=inner needs a trained head (archive.distance=hamming,"
                    " head.kind=network): its parts are scaled by the training half."
                )
            if self.whitening.enabled and self.whitening.estimator == "moving":
                raise ConfigError(
                    "features.layers=inner needs whitening.estimator=exact: a moving average does"
                    " not scale its parts."
                )
        if self.codes.views > 1 and not self.hashes:
            raise ConfigError(
                "codes.views needs archive.distance=hamming: the baselines have no bits to decide."
            )

    def _check_without_labels(self) -> None:
        if not self.contrastive:
            if self.training.tiles != "half":
                raise ConfigError(
                    "training.tiles=half+archive needs loss.metric=nt-xent, because labels of"
                    " archive tiles may not be used. Set training.tiles=half."
                )
            return
        if self.loss.interclass_weight > 0:
            raise ConfigError(
                "loss.interclass_weight needs class labels, and loss.metric=nt-xent uses none."
                " Set it to 0, or choose loss.metric=triplet."
            )
        if self.loss.order_weight > 0:
            raise ConfigError(
                "loss.order_weight needs class labels, and loss.metric=nt-xent uses none."
                " Set it to 0; loss.similarity_weight does the same without labels."
            )
        if self.training.selection == "map":
            raise ConfigError(
                "training.selection=map needs class labels, and loss.metric=nt-xent uses none."
                " Choose training.selection=last or loss."
            )
        if self.training.views < 2:
            raise ConfigError(
                "loss.metric=nt-xent compares two views of each tile; set training.views to 2 or"
                " more."
            )

    @property
    def hashes(self) -> bool:
        """Whether this run has a hash head (otherwise it is a baseline on features)."""
        return self.archive.distance == "hamming"

    @property
    def archive_root(self) -> str:
        """The folder of the archive and the queries: ``archive.data`` or, if empty, ``data``."""
        return self.archive.data or self.data

    @property
    def slope(self) -> float:
        """Negative slope of the head's LeakyReLU: 0.2, which was also the margin of 2021."""
        return self.loss.margin if self.quirks.slope_is_margin else 0.2

    @property
    def trains(self) -> bool:
        """Whether a network is trained (baselines and PCA-sign only compute statistics)."""
        return self.hashes and self.head.kind == "network"

    @property
    def contrastive(self) -> bool:
        """Whether a network is trained by comparing views of a tile."""
        return self.trains and self.loss.metric == "nt-xent"

    @property
    def unsupervised(self) -> bool:
        """Whether this run hashes without using labels."""
        return self.contrastive or (self.hashes and not self.trains)

    def value(self, name: str) -> Any:
        """The value of a setting ("group.field"), or of "preset", "data" or "seed"."""
        group, _, leaf = name.partition(".")
        value = getattr(self, group)
        return getattr(value, leaf) if leaf else value

    def to_json(self) -> dict[str, Any]:
        """The configuration as plain JSON values, with the schema's version.

        What older versions do not know is written where it is set only: they refuse such keys, and
        open every run that does not need them.
        """
        value = {"schema": SCHEMA, **dataclasses.asdict(self)}
        if not self.loss.further:
            del value["loss"]["further"]
        for group in _NEWER:
            if getattr(self, group) == GROUPS[group]():
                del value[group]
        return value


GROUPS: dict[str, type[Any]] = {
    "encoder": EncoderConfig,
    "archive": ArchiveConfig,
    "head": HeadConfig,
    "loss": LossConfig,
    "whitening": WhiteningConfig,
    "training": TrainingConfig,
    "quirks": QuirksConfig,
    "features": FeaturesConfig,
    "codes": CodesConfig,
}

_NEWER = ("features", "codes")
"""Groups that version 0.2 does not know; they are not written at their defaults."""


def settings() -> Iterable[tuple[str, "dataclasses.Field[Any]"]]:
    """Every setting as (group, field), in the order in which they are shown."""
    for group, kind in GROUPS.items():
        for item in dataclasses.fields(kind):
            yield group, item


def from_json(value: Any) -> RunConfig:
    """The configuration that ``RunConfig.to_json`` wrote.

    Settings that an older version did not have take their defaults, which reproduce its behaviour.

    Raises:
        ConfigError: another schema, unknown keys, missing groups, wrong types, values out of
            range.
    """
    if not isinstance(value, Mapping) or value.get("schema") != SCHEMA:
        schema = value.get("schema") if isinstance(value, Mapping) else None
        raise ConfigError(
            f"config.json has schema {schema}, and this version reads {SCHEMA}. Train again."
        )
    keys = {item.name for item in dataclasses.fields(RunConfig)} | {"schema"}
    # Groups that an older version did not have.
    value = {"quirks": {}, **{group: {} for group in _NEWER}, **value}
    if set(value) != keys:
        raise ConfigError(f"config.json has unknown or missing keys: {sorted(set(value) ^ keys)}.")
    if not (isinstance(value["preset"], str) and isinstance(value["data"], str)):
        raise ConfigError("config.json: preset and data must be text.")
    if type(value["seed"]) is not int:
        raise ConfigError("config.json: seed must be a whole number.")
    built = {}
    for group, kind in GROUPS.items():
        names = {item.name for item in dataclasses.fields(kind)}
        if not isinstance(value[group], Mapping) or not set(value[group]) <= names:
            raise ConfigError(f"config.json: group {group} has unknown keys.")
        built[group] = kind(**value[group])
    return RunConfig(preset=value["preset"], data=value["data"], seed=value["seed"], **built)
