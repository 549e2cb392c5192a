"""Procedural tiles, tiny data sets of them, and an encoder that is fast."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.datasets.items import Items

if TYPE_CHECKING:
    import torch

    from mirs_core.config.settings import RunConfig
    from mirs_core.encoders.base import Encoder
    from mirs_core.hashing.model import HashModel
    from mirs_core.hashing.objective import Objective
    from mirs_core.hashing.plan import Validation
    from mirs_core.hashing.records import FitResult
    from mirs_core.pipeline.fitting import Fitted

MakeDataset = Callable[..., Path]
_CLASSES = ("cra", "rid", "smo", "fse")


def stripes(seed: int, side: int = 40) -> NDArray[np.uint8]:
    """A tile (side, side) of noisy stripes, different for every seed."""
    rng = np.random.default_rng(seed)
    angle, period = rng.uniform(0, np.pi), rng.uniform(5, 15)
    y, x = np.mgrid[:side, :side]
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    noisy = 128 + 70 * wave + rng.normal(0, 10, (side, side))
    pixels: NDArray[np.uint8] = np.clip(noisy, 0, 255).astype(np.uint8)
    return pixels


def write_dataset(
    root: Path,
    layout: Mapping[str, Mapping[str, int]] | int,
    *,
    card: Mapping[str, Any] | None = None,
    strips: int = 0,
    side: int = 40,
    start: int = 0,
) -> Path:
    """Writes a data set of procedural tiles, different from one another.

    Args:
        layout: tiles by split and class, ``{"train": {"cra": 4}}``, or how many without labels.
        card: the content of dataset.json; none is written without one.
        strips: names tiles after this many CTX strips in turn; 0 gives names without a strip.
        start: number of the first tile; data sets that start apart share no tile.
    """
    splits = {"": {"": layout}} if isinstance(layout, int) else layout
    seed = start
    for split, classes in splits.items():
        for label, count in classes.items():
            folder = root / split / label
            folder.mkdir(parents=True, exist_ok=True)
            for _ in range(count):
                name = f"tile_{seed:04d}.png"
                if strips:
                    orbit = seed % strips
                    name = f"P03_{orbit:06d}_2005_XI_20N072W_CX{seed}_CY{seed * 7}.png"
                Image.fromarray(stripes(seed, side)).save(folder / name)
                seed += 1
    if card is not None:
        (root / "dataset.json").write_text(json.dumps(card), encoding="utf-8")
    return root


class FakeNetwork:
    """Mean grey of 4 x 4 cells: features (B, 48), and a count of the tiles that it saw.

    The cells are also the maps (B, 3, 4, 4) of its only block, as a module of PyTorch would have
    one.
    """

    dim, channels = 48, 3

    def __init__(self) -> None:
        self.seen = 0
        self.hooks: list[Callable[..., None]] = []

    def __call__(self, batch: "torch.Tensor") -> "torch.Tensor":
        from torch.nn import functional

        self.seen += len(batch)
        maps = functional.adaptive_avg_pool2d(batch, 4)
        for hook in self.hooks:
            hook(self, (batch,), maps)
        return maps.flatten(1)

    def get_submodule(self, name: str) -> "FakeNetwork":
        return self

    def register_forward_hook(self, hook: Callable[..., None]) -> None:
        self.hooks.append(hook)


def make_fake_encoder(key: str = "fake") -> "tuple[Encoder, FakeNetwork]":
    """An encoder that is fast, and the network in it. ``key`` tells fingerprints apart."""
    from mirs_core.encoders.base import Encoder, Inner

    network = FakeNetwork()
    encoder = Encoder(
        "fake",
        network.dim,
        hashlib.sha256(key.encode()).hexdigest(),
        lambda: network,
        mean=(127.0, 127.0, 127.0),
        scale=(128.0, 128.0, 128.0),
    )
    encoder.inner = Inner("cells", network.channels)
    return encoder, network


def triplet_objective(
    margin: float,
    push_weight: float,
    balance_weight: float,
    balance_form: str = "sample",
    entropy_weight: float = 0.0,
) -> "Objective":
    """The objective of MIRS: semi-hard triplets, push and balance."""
    from mirs_core.hashing.losses import balance, entropy, push, triplet
    from mirs_core.hashing.objective import Objective
    from mirs_core.hashing.terms import Term

    terms: dict[str, tuple[float, Term]] = {
        "triplet": (1.0, triplet.build(margin)),
        "push": (push_weight, push.build()),
        "balance": (balance_weight, balance.build(balance_form)),
    }
    if entropy_weight:
        terms["entropy"] = (entropy_weight, entropy.build())
    return Objective(terms, frozenset({"target"} if entropy_weight > 0 else ()))


def fit_head(
    model: "HashModel",
    objective: "Objective",
    views: NDArray[np.float32],
    labels: NDArray[np.int64],
    validation: "Validation | None" = None,
    **options: Any,
) -> "FitResult":
    """``training.fit`` with the fields of its plan, data and control as plain arguments."""
    from mirs_core.hashing.plan import TrainingControl, TrainingData, TrainingPlan
    from mirs_core.hashing.training import fit

    def taken(kind: Any) -> dict[str, Any]:
        names = {item.name for item in dataclasses.fields(kind)} & options.keys()
        return {name: options.pop(name) for name in names}

    data = TrainingData(views, labels, validation, **taken(TrainingData))
    plan, control = TrainingPlan(**taken(TrainingPlan)), TrainingControl(**taken(TrainingControl))
    return fit(model, objective, data, plan, control=control, **options)


def fit_tiles(
    config: "RunConfig",
    features: NDArray[np.float32],
    items: Items,
    *views: NDArray[np.float32] | None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda line: None,
    **tiles: Any,
) -> "Fitted":
    """``fitting.fit`` with the fields of its tiles as plain arguments."""
    from mirs_core.pipeline.fitting import LearningTiles, Observers, fit

    learning = LearningTiles(features, items, *views, **tiles)
    return fit(config, learning, Observers(on_epoch=on_epoch))


def archive_of(n: int = 160, width: int = 24) -> tuple[Items, np.ndarray]:
    """Items with all four roles and features that clearly depend on the class."""
    rng = np.random.default_rng(5)
    classes = rng.integers(0, len(_CLASSES), n)
    roles = np.array(["train", "archive", "val", "test"])[rng.choice(4, n, p=[0.4, 0.4, 0.1, 0.1])]
    centres = rng.normal(size=(len(_CLASSES), width)) * 2
    features = (centres[classes] + rng.normal(size=(n, width))).astype(np.float32)
    items = Items(
        ids=tuple(f"{i}.jpg" for i in range(n)),
        labels=tuple(_CLASSES[c] for c in classes),
        roles=tuple(roles.tolist()),
        strips=(None,) * n,
        contents=tuple(f"content {i}" for i in range(n)),
        latitudes=(None,) * n,
        longitudes=(None,) * n,
    )
    return items, features


def permuted(items: Items, roles: tuple[str, ...]) -> Items:
    """The same items with the labels of ``roles`` shuffled among themselves."""
    rows = items.rows(roles)
    labels = np.array(items.labels, dtype=object)
    labels[rows] = labels[np.random.default_rng(1).permutation(rows)]
    return dataclasses.replace(items, labels=tuple(labels.tolist()))


def worker_processes(below: Path) -> set[int]:
    """Process ids of the workers whose home folder is ``below`` or inside it."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"mirs_core.jobs.worker" in (path / "cmdline").read_bytes()
            words = (path / "environ").read_bytes().split(b"\0") if is_worker else []
        except OSError:
            continue
        homes = [Path(word[10:].decode()) for word in words if word.startswith(b"MIRS_HOME=")]
        if any(home.is_relative_to(below) for home in homes):
            found.add(int(path.name))
    return found


def write_job(folder: Path, **values: Any) -> None:
    """A job as ``submit`` would have written it, without a worker that takes it."""
    about = {
        "title": "A job", "key": "", "lane": "cpu", "run": "", "args": [], "place": 1,
        "created": "2026-01-01T00:00:00+00:00", "attempt": 1, **values,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.json").write_text(json.dumps(about), encoding="utf-8")
