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


def split_by_strip() -> Any:
    """The setting that runs and fine-tunings share, since both halve the data set."""
    return setting(
        False,
        "Split by strip",
        "Keep all tiles of one image strip (observation) on one side of the halving.",
    )


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
    by_strip: bool = split_by_strip()
    data: str = setting(
        "",
        "Archive data set",
        "Folder that archive and queries come from; empty takes the training data set.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadConfig:
    """The hashing network: features, 512, 256, bits."""

    bits: int = setting(
        128, "Hash bits", "Length of a hash code.", unit="bit", choices=(32, 64, 128, 256)
    )
    kind: str = setting(
        "network",
        "Kind",
        "A trained network, or PCA-sign: signs of rotated principal axes, without any training.",
        choices=("network", "pca-sign"),
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
        " the centres being orthogonal codes; NT-Xent draws two views of a tile together and reads"
        " no label.",
        choices=("triplet", "orthohash", "nt-xent"),
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
    temperature: float = setting(
        0.1,
        "Temperature",
        "NT-Xent divides cosines by it: the lower, the more the nearest tiles count.",
        low=0.01,
        high=10.0,
        log=True,
    )
    projection: int = setting(
        128,
        "Projection width",
        "Outputs of the projection head, on which NT-Xent is computed.",
        choices=(32, 64, 128, 256, 512),
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
    entropy_form: str = setting(
        "bernoulli",
        "Entropy form",
        "Bernoulli takes each bit for itself; softmax takes the bits of a code for alternatives, as"
        " the code of 2021 did.",
        choices=("bernoulli", "softmax"),
    )
    interclass_weight: float = setting(
        0.0,
        "Inter-class weight",
        "Triplets whose positive is another class of the same group, so that the code also learns"
        " what landforms share.",
        low=0.0,
        high=10.0,
        log=True,
    )
    groups: int = setting(
        30,
        "Inter-class groups",
        "Groups of landforms across classes; at most one for each eight training tiles.",
        low=2,
        high=1000,
    )
    order_weight: float = setting(
        0.0,
        "Order weight",
        "Keeps the order by likeness inside a class, as the features give it, so that a class can"
        " still be browsed.",
        low=0.0,
        high=100.0,
        log=True,
    )
    similarity_weight: float = setting(
        0.0,
        "Similarity weight",
        "Keeps the cosines between the features of two tiles between their codes.",
        low=0.0,
        high=100.0,
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
    shrinkage: str = setting(
        "trace",
        "Shrinkage form",
        "Trace mixes in the identity at the mean variance of each group; common at that of all"
        " channels, which keeps weak groups weak; absolute adds it as it is, which drowns features"
        " of small variance (2021).",
        choices=("trace", "common", "absolute"),
    )
    estimator: str = setting(
        "exact",
        "Statistics",
        "Exact takes all tiles of a domain at once; moving whitens each batch by itself and keeps a"
        " moving average.",
        choices=("exact", "moving"),
    )
    momentum: float = setting(
        0.1, "Momentum", "Weight of the newest batch in the moving average.", low=0.001, high=1.0
    )
    target: str = setting(
        "",
        "Target data set",
        "Folder whose tiles give the statistics of the target domain; empty takes the archive's.",
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
    tiles: str = setting(
        "half",
        "Tiles",
        "What an unsupervised head learns from: the training half, or all tiles of the training"
        " data set's archive half as well, which costs their views. Labels are read of neither.",
        choices=("half", "half+archive"),
    )
    selection: str = setting(
        "map",
        "Choice of the epoch",
        "By validation mAP@64; the last epoch; or the lowest metric loss of the validation tiles."
        " Without labels only the last two are possible.",
        choices=("map", "last", "loss"),
    )
    beta1: float = setting(0.9, "Adam beta 1", "Memory of the gradient.", low=0.0, high=0.9999)
    beta2: float = setting(0.999, "Adam beta 2", "Memory of its square.", low=0.0, high=0.99999)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuirksConfig:
    """What the code of 2021 did otherwise than its documents say; for parity only."""

    faint_push: bool = setting(False, "Faint push", "Divide the push loss by the bits once more.")
    slope_is_margin: bool = setting(
        False, "Slope from the margin", "LeakyReLU takes loss.margin for its slope."
    )
    raw_groups: bool = setting(
        False, "Groups of raw features", "Cluster the features without standardising them by class."
    )
    two_classes: bool = setting(
        False, "Two classes will do", "Inter-class negatives may share the positive's class."
    )
    leaky_statistics: bool = setting(
        False, "Leaky statistics", "Validation tiles move the whitening's moving average."
    )
    late_statistics: bool = setting(
        False, "Late statistics", "Serve the best epoch's head with the last epoch's whitening."
    )


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
    quirks: QuirksConfig = QuirksConfig()

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed is {self.seed}; give a whole number from 0 to {2**32 - 1}.")
        for group, item in settings():
            check(group, item, getattr(getattr(self, group), item.name))
        if self.whitening.enabled and not self.hashes:
            raise ConfigError(
                "whitening.enabled needs archive.distance=hamming: the baselines have no head."
            )
        self._check_without_labels()
        if self.whitening.target and not self.whitening.enabled:
            raise ConfigError("whitening.target needs whitening.enabled=true; or leave it empty.")
        if self.whitening.target and self.whitening.estimator == "moving":
            raise ConfigError(
                "whitening.target needs whitening.estimator=exact: the moving average is taken from"
                " batches of the archive."
            )
        moving = self.whitening.enabled and self.whitening.estimator == "moving"
        if (self.quirks.leaky_statistics or self.quirks.late_statistics) and not moving:
            raise ConfigError(
                "quirks.leaky_statistics and quirks.late_statistics need whitening.estimator=moving"
                " and whitening.enabled=true: exact statistics neither leak nor lag."
            )

    def _check_without_labels(self) -> None:
        if self.hashes and not self.trains and self.whitening.enabled:
            raise ConfigError("head.kind=pca-sign has no whitening; set whitening.enabled=false.")
        if not self.contrastive:
            if self.training.tiles != "half":
                raise ConfigError(
                    "training.tiles=half+archive needs loss.metric=nt-xent: the labels of the"
                    " archive's tiles may not be read. Set it to half."
                )
            return
        if self.loss.interclass_weight > 0:
            raise ConfigError(
                "loss.interclass_weight needs classes, and loss.metric=nt-xent reads no label."
                " Set it to 0 or choose loss.metric=triplet."
            )
        if self.loss.order_weight > 0:
            raise ConfigError(
                "loss.order_weight needs classes, and loss.metric=nt-xent reads no label."
                " Set it to 0; loss.similarity_weight does the same without classes."
            )
        if self.training.selection == "map":
            raise ConfigError(
                "training.selection=map reads labels, and loss.metric=nt-xent may not."
                " Choose training.selection=last or loss."
            )
        if self.training.views < 2:
            raise ConfigError(
                "loss.metric=nt-xent compares two views of a tile; set training.views to 2 or more."
            )

    @property
    def hashes(self) -> bool:
        """Whether this run trains a hash head (else it is a baseline on float features)."""
        return self.archive.distance == "hamming"

    @property
    def archive_root(self) -> str:
        """The folder that archive and queries come from: ``archive.data``, or else ``data``."""
        return self.archive.data or self.data

    @property
    def slope(self) -> float:
        """Negative slope of the head's LeakyReLU: 0.2, as the margin of 2021 happened to be."""
        return self.loss.margin if self.quirks.slope_is_margin else 0.2

    @property
    def trains(self) -> bool:
        """Whether a network is trained (a baseline and PCA-sign only take statistics)."""
        return self.hashes and self.head.kind == "network"

    @property
    def contrastive(self) -> bool:
        """Whether a network is trained by comparing views of a tile."""
        return self.trains and self.loss.metric == "nt-xent"

    @property
    def unsupervised(self) -> bool:
        """Whether this run hashes and reads no label."""
        return self.contrastive or (self.hashes and not self.trains)

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
    "quirks": QuirksConfig,
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
    # Groups that an older version did not have.
    value = {"quirks": {}, **value}
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
