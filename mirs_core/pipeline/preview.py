"""A short training to look at: what a setting does to the codes, epoch by epoch.

Nothing of it is kept but what was seen: a preview is no run. It reads what a run reads, so labels
of the archive are only passed on to be shown beside a result.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items
from mirs_core.encoders.run_encoder import encoder_for
from mirs_core.errors import ConfigError, MirsError
from mirs_core.hashing.model import HashModel
from mirs_core.pipeline import fitting
from mirs_core.pipeline.encoding import Encoded, encode_sources
from mirs_core.pipeline.sources import check_trainable, gather
from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable
from mirs_core.ranking.codes import binarise, hamming, pack
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.epochs import read as read_epochs
from mirs_core.workspace.home import Home

_BINS = 20
_EVERY = 0.3
_HITS = 12

Lines = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """What the codes of an archive look like.

    Attributes:
        soft: (20,) share of soft-code values in equal bins from 0 to 1.
        ones: (K + 1,) share of codes with so many ones.
        bits: (K,) share of codes with a one in each bit.
        from_half: mean distance of soft-code values from 0.5, in [0, 0.5].
        ones_sd: standard deviation of the ones per code.
        distinct: share of distinct codes.
    """

    soft: list[float]
    ones: list[float]
    bits: list[float]
    from_half: float
    ones_sd: float
    distinct: float


def look(soft: NDArray[np.float32]) -> Look:
    """The look of soft codes (N, K) in (0, 1)."""
    hard = binarise(soft)
    counts = hard.sum(axis=1)
    spread = np.histogram(soft, bins=_BINS, range=(0, 1))[0] / max(soft.size, 1)
    ones = np.bincount(counts.astype(np.int64), minlength=soft.shape[1] + 1) / max(len(soft), 1)
    return Look(
        soft=_rounded(spread),
        ones=_rounded(ones),
        bits=_rounded(hard.mean(axis=0)),
        from_half=round(float(np.abs(soft - 0.5).mean()), 4),
        ones_sd=round(float(counts.std()), 3),
        distinct=round(len(np.unique(pack(hard), axis=0)) / max(len(soft), 1), 4),
    )


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [round(float(value), 5) for value in values]


@dataclass(frozen=True, slots=True)
class View:
    """What a preview shows at one moment.

    Attributes:
        lines: one an epoch so far, as in ``progress.jsonl``.
        weights: of the terms, by name.
        look: of the archive's codes.
        hits: nearest archive tiles of the query: id, class, distance in bits; empty without one.
        query: the tile that was searched for; empty for none.
        classes: its class, or None.
        served: look and validation mAP@64 of the served run, where it can be compared.
        epochs: how many there will be.
    """

    lines: Lines
    weights: dict[str, float]
    look: dict[str, Any]
    hits: Lines = field(default_factory=list)
    query: str = ""
    label: str | None = None
    served: dict[str, Any] | None = None
    epochs: int = 0


def preview(
    home: Home,
    config: configs.RunConfig,
    show: Callable[[dict[str, Any]], None],
    *,
    query: str = "",
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> dict[str, Any]:
    """Trains a head and hands what is to be seen to ``show``, a few times a second.

    Args:
        query: id of a tile of the data set whose nearest archive tiles are followed.

    Returns:
        The last view, as JSON.

    Raises:
        ConfigError: the configuration trains no network.
        MirsError: as in ``pipeline.prepare``.
    """
    if not config.trains:
        raise ConfigError(
            f"Preset {config.preset} trains no network: there is nothing to watch. Choose another."
        )
    encoding = stoppable(progress, should_stop)
    found = gather(home, config, encoding)
    check_trainable(config, found)
    tiles = encode_sources(home, config, found, encoder_for(home, config), encoding)
    watch = _Watch(home, config, found.items, tiles, query, show)
    fitting.fit(
        config,
        tiles.learning,
        found.learning_items,
        views=tiles.views,
        val_view=tiles.val_view,
        archive=tiles.archive[found.items.rows(["archive"])],
        target=tiles.target,
        distractors=found.learning.card.distractors,
        progress=progress,
        on_start=watch.start,
        on_epoch=watch.epoch,
        should_stop=should_stop,
    )
    return watch.show_now()


class _Watch:
    """Looks at a model while it is trained."""

    def __init__(
        self,
        home: Home,
        config: configs.RunConfig,
        items: Items,
        tiles: Encoded,
        query: str,
        show: Callable[[dict[str, Any]], None],
    ) -> None:
        self.config, self.items, self.show = config, items, show
        self.rows = items.rows(["archive"])
        self.archive = tiles.archive[self.rows]
        self.query = query if query in items.ids else ""
        self.features = tiles.archive[[items.row(query)]] if self.query else None
        self.served = _served(home, config, items, tiles.archive)
        self.lines: Lines = []
        self.model: HashModel | None = None
        self.shown = 0.0

    def start(self, model: HashModel) -> None:
        """Takes the model that is about to be trained."""
        self.model = model

    def epoch(self, line: dict[str, Any]) -> None:
        """Takes the line of an epoch; shows where things stand if that is due."""
        self.lines.append(line)
        if len(self.lines) == 1 or time.monotonic() - self.shown >= _EVERY:
            self.show_now()

    def show_now(self) -> dict[str, Any]:
        """Shows where things stand, and returns it."""
        assert self.model is not None
        soft = self.model.soft(self.archive, "target")
        loss = self.config.loss
        weights = {"push": loss.push_weight, "balance": loss.balance_weight}
        names = {"interclass", "entropy", "order", "similarity"}
        weights |= {name: getattr(loss, f"{name}_weight") for name in names}
        view = View(
            lines=self.lines,
            weights={name: weights.get(name, 1.0) for name in self.lines[-1]["terms"]},
            look=asdict(look(soft)),
            hits=self._hits(pack(binarise(soft))),
            query=self.query,
            label=self.items.labels[self.items.row(self.query)] if self.query else None,
            served=self.served,
            epochs=self.config.training.epochs,
        )
        made = asdict(view)
        self.show(made)
        self.shown = time.monotonic()
        return made

    def _hits(self, codes: NDArray[np.uint8]) -> Lines:
        if self.features is None or self.model is None:
            return []
        distances = hamming(self.model.encode(self.features, "target"), codes)[0]
        own = self.items.contents[self.items.row(self.query)]
        order = [
            place
            for place in np.argsort(distances, kind="stable")[: _HITS + 1]
            if self.items.contents[self.rows[place]] != own
        ]
        return [
            {
                "id": self.items.ids[self.rows[place]],
                "label": self.items.labels[self.rows[place]],
                "distance": int(distances[place]),
            }
            for place in order[:_HITS]
        ]


def _served(
    home: Home, config: configs.RunConfig, items: Items, features: NDArray[np.float32]
) -> dict[str, Any] | None:
    """The look of the served run on the same tiles; None where it can't be compared."""
    run_id = runs.served_run(home)
    try:
        run = runs.folder(home, run_id or "")
        theirs, built = run.config(), retriever.load(run)
    except MirsError:
        return None
    same = theirs.archive_root == config.archive_root and theirs.seed == config.seed
    if not same or theirs.encoder != config.encoder or not isinstance(built.model, HashModel):
        return None
    found = [one for one in read_epochs(run).map_at_64 if one is not None]
    soft = built.model.soft(features[items.rows(["archive"])], "target")
    return {"run": run.id, "map_at_64": max(found, default=None), "look": asdict(look(soft))}
