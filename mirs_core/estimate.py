"""What a training will take, before it starts: an estimate, and said to be one."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from mirs_core import config as configs
from mirs_core import runs
from mirs_core.encoding import encoder_for
from mirs_core.errors import MirsError
from mirs_core.features import count_missing
from mirs_core.fitting import learning_rows
from mirs_core.sources import check_trainable, gather

_ENCODED_A_SECOND = {"efficientnet-lite0": 25.0, "densenet121-imagenet": 12.0}
_SLOW = 8.0
_EPOCH_A_TILE = 0.93 / 5652
"""Seconds of an epoch a tile: ``bench train``, 1,024 features, 2 cores."""
_LEAST = 600_000_000
"""Bytes of a process that has imported torch and faiss and loaded an encoder."""
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


def estimate(home: Path, config: configs.RunConfig) -> Estimate:
    """What a training with this configuration takes on this machine.

    Raises:
        MirsError: it can't be trained: no such data set, too few tiles, no such encoder.
    """
    found = gather(home, config)
    check_trainable(config, found)
    encoder = encoder_for(home, config)
    cache = home / "cache" / "features"
    contents = {*found.learning_items.contents, *found.items.contents}
    missing, held, ready = count_missing(contents, encoder, cache), len(contents), 0
    if not missing:
        ready = 1
    rows = learning_rows(config, found.learning_items)
    if config.trains:
        learnt = {found.learning_items.contents[row] for row in rows}
        for view in range(1, config.training.views):
            lacks = count_missing(learnt, encoder, cache, view)
            missing += lacks
            if not lacks and ready == view:
                ready += 1
        held += len(learnt) * config.training.views
    rate = _ENCODED_A_SECOND.get(config.encoder.name, _SLOW)
    known = _epoch_a_tile(home)
    epochs = config.training.epochs if config.trains else 0
    return Estimate(
        tiles=len(rows),
        to_encode=missing,
        encoding=missing / rate,
        training=epochs * len(rows) * (known or _EPOCH_A_TILE),
        memory=_LEAST + 2 * held * encoder.dim * 4,
        measured=known is not None,
        ready_views=max((count for count in _VIEWS if count <= ready), default=0),
    )


def _epoch_a_tile(home: Path) -> float | None:
    """Seconds of an epoch a tile, as the last runs on this machine took; None without any."""
    found = []
    for summary in runs.list_runs(home)[:_RECENT]:
        try:
            run = runs.folder(home, summary.id)
            seconds = [line["seconds"] for line in run.history()]
            tiles = int(run.provenance()["learnt_tiles"])
        except (MirsError, KeyError, TypeError, ValueError):
            continue
        if len(seconds) >= _ENOUGH_EPOCHS and tiles:
            found.append(statistics.median(seconds) / tiles)
    return statistics.median(found) if found else None
