"""Previews: a short training that shows, epoch by epoch, what a setting does to the codes.

A preview is not a run, and no model is saved. It reads what a run reads; labels of the archive are
only shown beside results.
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
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.hashing.model import HashModel
from mirs_core.pipeline import fitting
from mirs_core.pipeline.assembly import weights_of
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
class CodeStatistics:
    """Statistics of the codes of an archive.

    Attributes:
        soft: (20,) fraction of soft-code values in equal bins from 0 to 1.
        ones: (K + 1,) fraction of codes with 0 to K ones.
        bits: (K,) fraction of codes with a one in each bit.
        from_half: mean distance of soft-code values from 0.5, in [0, 0.5].
        ones_sd: standard deviation of the number of ones per code.
        distinct: number of distinct codes as a fraction of all codes.
    """

    soft: list[float]
    ones: list[float]
    bits: list[float]
    from_half: float
    ones_sd: float
    distinct: float


def code_statistics(soft: NDArray[np.float32]) -> CodeStatistics:
    """Statistics of soft codes (N, K) in (0, 1)."""
    hard = binarise(soft)
    counts = hard.sum(axis=1)
    spread = np.histogram(soft, bins=_BINS, range=(0, 1))[0] / max(soft.size, 1)
    ones = np.bincount(counts.astype(np.int64), minlength=soft.shape[1] + 1) / max(len(soft), 1)
    return CodeStatistics(
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
        lines: one for each epoch so far, as in ``progress.jsonl``.
        weights: weight of each term by name.
        look: statistics of the archive's codes (``CodeStatistics``).
        hits: nearest archive tiles of the query: id, class, distance in bits; empty without one.
        query: id of the query tile; empty for none.
        label: its class, or None.
        served: statistics of the default model, its best validation mAP@64 and that of each epoch
            (``curve``), if it is comparable.
        epochs: total number of epochs.
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
    """Trains a head and passes a view of it to ``show`` a few times a second.

    Codes are those of tiles as they are, also where a run would make them of several views.

    Args:
        query: id of a tile of the data set whose nearest archive tiles are shown.

    Returns:
        The last view, as JSON.

    Raises:
        ConfigError: the configuration trains no network.
        MirsError: as in ``pipeline.training.prepare``.
    """
    if not config.trains:
        raise ConfigError(
            f"Preset {config.preset} trains no network, so there is nothing to preview."
        )
    encoding = stoppable(progress, should_stop)
    sources = gather(home, config, encoding)
    check_trainable(config, sources)
    # Views of codes would take minutes to encode, and a preview is of the head.
    encoder = encoder_for(home, config).plain
    features = encode_sources(home, config, sources, encoder, encoding)
    watch = _Watch(home, config, sources.items, features, query, show)
    observers = fitting.Observers(
        progress=progress, on_start=watch.start, on_epoch=watch.epoch, should_stop=should_stop
    )
    fitting.fit(config, features.learning_tiles(sources), observers)
    return watch.show_now()


class _Watch:
    """Follows a model while it is trained."""

    def __init__(
        self,
        home: Home,
        config: configs.RunConfig,
        items: Items,
        encoded: Encoded,
        query: str,
        show: Callable[[dict[str, Any]], None],
    ) -> None:
        self.config, self.items, self.show = config, items, show
        self.rows = items.rows(["archive"])
        self.archive = encoded.archive[self.rows]
        self.query = query if query in items.ids else ""
        self.features = encoded.archive[[items.row(query)]] if self.query else None
        self.served = _served(home, config, items, encoded.archive)
        self.lines: Lines = []
        self.model: HashModel | None = None
        self.shown = 0.0

    def start(self, model: HashModel) -> None:
        """Takes the model that is about to be trained."""
        self.model = model

    def epoch(self, line: dict[str, Any]) -> None:
        """Takes the line of an epoch; shows the current view if an update is due."""
        self.lines.append(line)
        if len(self.lines) == 1 or time.monotonic() - self.shown >= _EVERY:
            self.show_now()

    def show_now(self) -> dict[str, Any]:
        """Shows the current view, and returns it as JSON."""
        assert self.model is not None
        soft = self.model.soft(self.archive, "target")
        view = View(
            lines=self.lines,
            weights=weights_of(self.config),
            look=asdict(code_statistics(soft)),
            hits=self._hits(pack(binarise(soft))),
            query=self.query,
            label=self.items.labels[self.items.row(self.query)] if self.query else None,
            served=self.served,
            epochs=self.config.training.epochs,
        )
        values = asdict(view)
        self.show(values)
        self.shown = time.monotonic()
        return values

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
    """Statistics of the default model on the same tiles; None if it is not comparable."""
    run_id = runs.served_run(home)
    try:
        run = runs.folder(home, run_id or "")
        default, loaded = run.config(), retriever.load(run)
    except MirsError:
        return None
    same = all(
        getattr(default, name) == getattr(config, name)
        for name in ("archive_root", "seed", "encoder", "features")
    )
    if not same or not isinstance(loaded.model, HashFunction):
        return None
    history = read_epochs(run)
    pairs = zip(history.epochs, history.map_at_64, strict=True)
    curve = [[epoch, score] for epoch, score in pairs if score is not None]
    soft = loaded.model.soft(features[items.rows(["archive"])], "target")
    return {
        "run": run.id,
        "map_at_64": max((score for _, score in curve), default=None),
        "curve": curve,
        "look": asdict(code_statistics(soft)),
    }
