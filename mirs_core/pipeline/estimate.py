"""An estimate of the time and memory that a training will take."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from mirs_core.config import settings as configs
from mirs_core.encoders.feature_store import count_missing
from mirs_core.encoders.loading import cost_of
from mirs_core.encoders.run_encoder import encoder_for
from mirs_core.errors import MirsError
from mirs_core.pipeline.learning_tiles import learning_rows
from mirs_core.pipeline.sources import Sources, check_trainable, check_unseen, gather
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_EPOCH = 0.1
_EPOCH_A_TILE = 0.83 / 5652
"""Seconds per epoch, and per tile and epoch: ``bench train`` takes 0.93 s for 5,652 tiles."""
_LEAST = 600_000_000
"""Bytes of a process that has imported torch and faiss."""
_VIEWS = (1, 2, 4, 8)
_ENOUGH_EPOCHS, _RECENT = 5, 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimated cost of a training.

    Attributes:
        tiles: number of tiles that a head learns from.
        to_encode: number of images (tiles and their views) that are not in the cache.
        encoding: seconds to encode these.
        training: seconds of all epochs.
        memory: peak memory of the process in bytes.
        measured: whether the seconds per epoch come from runs on this machine.
        ready_views: number of views of each tile that are cached already; 0 if tiles themselves
            are missing.
    """

    tiles: int
    to_encode: int
    encoding: float
    training: float
    memory: int
    measured: bool
    ready_views: int


def estimate(home: Home, config: configs.RunConfig) -> Estimate:
    """Estimates a training with this configuration on this machine.

    Raises:
        MirsError: it cannot be trained: no such data set, too few tiles, no such encoder.
    """
    sources = gather(home, config)
    check_trainable(config, sources)
    check_unseen(home, config, sources.items)
    encoder = encoder_for(home, config).plain
    rows, cache = learning_rows(config, sources.learning_items), home.feature_cache
    learnt = {sources.learning_items.contents[row] for row in rows}
    views = _views(config, sources, learnt)
    missing_by_view = [count_missing(t, encoder, cache, view) for view, t in enumerate(views)]
    ready = next((v for v, count in enumerate(missing_by_view) if count), len(views))
    missing, held = sum(missing_by_view), len(rows) + sum(len(tiles) for tiles in views)
    cost = cost_of(encoder.architecture)
    slowness = _slowness(home, config.preset)
    epochs = config.training.epochs if config.trains else 0
    return Estimate(
        tiles=len(rows),
        to_encode=missing,
        encoding=missing / cost.images_per_second,
        training=epochs * _usual_epoch(len(rows)) * (slowness or 1.0),
        memory=_LEAST + (cost.memory_bytes if missing else 0) + 2 * held * encoder.dim * 4,
        measured=slowness is not None,
        ready_views=max((count for count in _VIEWS if count <= ready), default=0),
    )


def _views(config: configs.RunConfig, sources: Sources, learnt: set[str]) -> list[set[str]]:
    """Content hashes of the tiles to encode in each view, as ``encoding.encode_sources`` does."""
    coded = set(sources.items.contents)
    tiles = coded | set(sources.learning_items.contents)
    turned = [set(coded) for _ in range(1, config.codes.views)]
    if not config.trains:
        return [tiles, *turned]
    if sources.target_items is not None:
        tiles |= sources.target_items.contents_of(["archive"])
    turns = range(1, max(config.training.views, config.codes.views))
    views = [
        (learnt if view < config.training.views else set())
        | (coded if view < config.codes.views else set())
        for view in turns
    ]
    if config.contrastive and config.training.selection == "loss":
        views[0] |= sources.learning_items.contents_of(["val"])
    return [tiles, *views]


def _usual_epoch(tiles: int) -> float:
    return _EPOCH + tiles * _EPOCH_A_TILE


def _slowness(home: Home, preset: str) -> float | None:
    """Seconds of an epoch in recent runs here, relative to ``_usual_epoch``; None if none.

    Runs of the same preset are preferred, because their loss has the same terms.
    """
    ratios: dict[bool, list[float]] = {True: [], False: []}
    # Sorted by file time, because reading hundreds of runs would take too long.
    paths = (home.runs).glob("[a-z0-9]*/progress.jsonl")
    for path in sorted(paths, key=_changed, reverse=True)[:_RECENT]:
        run = runs.RunFolder(path.parent)
        try:
            seconds = [line["seconds"] for line in run.history()]
            tiles = int(run.provenance()["learnt_tiles"])
            same = run.config().preset == preset
        except (MirsError, KeyError, TypeError, ValueError):
            continue
        if len(seconds) >= _ENOUGH_EPOCHS:
            ratios[same].append(statistics.median(seconds) / _usual_epoch(tiles))
    usable = ratios[True] or ratios[False]
    return statistics.median(usable) if usable else None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
