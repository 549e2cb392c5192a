"""What a training will take, before it starts: an estimate, and said to be one."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from mirs_core.config import settings as configs
from mirs_core.encoders.feature_store import count_missing
from mirs_core.encoders.loading import cost_of
from mirs_core.encoders.run_encoder import encoder_for
from mirs_core.errors import MirsError
from mirs_core.pipeline.fitting import learning_rows
from mirs_core.pipeline.sources import Sources, check_trainable, check_unseen, gather
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_EPOCH = 0.1
_EPOCH_A_TILE = 0.83 / 5652
"""Seconds of an epoch, and more of them a tile: ``bench train`` has 0.93 s for 5,652 tiles."""
_LEAST = 600_000_000
"""Bytes of a process that has imported torch and faiss."""
_VIEWS = (1, 2, 4, 8)
_ENOUGH_EPOCHS, _RECENT = 5, 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """About what a training takes.

    Attributes:
        tiles: that a head learns from.
        to_encode: images (tiles and their views) that are in no cache yet.
        encoding: seconds for these.
        training: seconds of all epochs.
        memory: bytes of the process at its peak.
        measured: whether the seconds of an epoch come from runs on this machine.
        ready_views: how many views of each tile a head could learn from at once, without any
            encoding; 0 where tiles themselves are missing.
    """

    tiles: int
    to_encode: int
    encoding: float
    training: float
    memory: int
    measured: bool
    ready_views: int


def estimate(home: Home, config: configs.RunConfig) -> Estimate:
    """What a training with this configuration takes on this machine.

    Raises:
        MirsError: it can't be trained: no such data set, too few tiles, no such encoder.
    """
    found = gather(home, config)
    check_trainable(config, found)
    check_unseen(home, config, found.items)
    encoder = encoder_for(home, config)
    rows, cache = learning_rows(config, found.learning_items), home.feature_cache
    wanted = _views(config, found, {found.learning_items.contents[row] for row in rows})
    lacking = [count_missing(tiles, encoder, cache, view) for view, tiles in enumerate(wanted)]
    ready = next((view for view, count in enumerate(lacking) if count), len(lacking))
    missing, held = sum(lacking), len(rows) + sum(len(tiles) for tiles in wanted)
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


def _views(config: configs.RunConfig, found: Sources, learnt: set[str]) -> list[set[str]]:
    """Content hashes of what is encoded of each view, as ``encoding.encode_sources`` does it."""
    tiles = {*found.learning_items.contents, *found.items.contents}
    if not config.trains:
        return [tiles]
    if found.target_items is not None:
        tiles |= found.target_items.contents_of(["archive"])
    views = [set(learnt) for _ in range(1, config.training.views)]
    if config.contrastive and config.training.selection == "loss":
        views[0] |= found.learning_items.contents_of(["val"])
    return [tiles, *views]


def _usual_epoch(tiles: int) -> float:
    return _EPOCH + tiles * _EPOCH_A_TILE


def _slowness(home: Home, preset: str) -> float | None:
    """How many times as long as measured an epoch took in the last runs here; None without any.

    Runs of the same preset tell most: their terms are the same.
    """
    found: dict[bool, list[float]] = {True: [], False: []}
    # By the time of their files, because reading hundreds of runs takes longer than the rest.
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
            found[same].append(statistics.median(seconds) / _usual_epoch(tiles))
    told = found[True] or found[False]
    return statistics.median(told) if told else None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
