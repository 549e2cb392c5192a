"""Features of a run's tiles: its encoder, and what of its data sets passes through it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest, Tile
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.feature_store import extract
from mirs_core.pipeline.fitting import learning_rows
from mirs_core.pipeline.sources import Sources
from mirs_core.progress import Progress
from mirs_core.workspace.home import Home


def _tiles(manifest: Manifest, ids: Sequence[str]) -> list[Tile]:
    by_id = {tile.id: tile for tile in manifest.tiles}
    return [by_id[tile] for tile in ids]


def extract_items(
    home: Home, manifest: Manifest, items: Items, encoder: Encoder, progress: Progress
) -> NDArray[np.float32]:
    """Features (n, D) of all items in their order, from the cache where they are known."""
    tiles = _tiles(manifest, items.ids)
    return extract(manifest.root, tiles, encoder, home.feature_cache, progress)


def extract_views(
    home: Home,
    manifest: Manifest,
    items: Items,
    encoder: Encoder,
    rows: NDArray[np.int64],
    count: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """Features (V, n, D) of ``count`` views of the tiles in ``rows``; the first is the tile."""
    tiles = _tiles(manifest, [items.ids[row] for row in rows])
    cache = home.feature_cache

    def encoded(view: int) -> NDArray[np.float32]:
        def named(stage: str, done: int, total: int) -> None:
            progress(f"{stage}, view {view + 1} of {count}", done, total)

        return extract(manifest.root, tiles, encoder, cache, named, view=view)

    return np.stack([encoded(view) for view in range(count)])


@dataclass(frozen=True, slots=True)
class Encoded:
    """Features of a run's tiles: parallel to its items, and what a head is trained with."""

    learning: NDArray[np.float32]
    archive: NDArray[np.float32]
    views: NDArray[np.float32] | None = None
    val_view: NDArray[np.float32] | None = None
    target: NDArray[np.float32] | None = None


def encode_sources(
    home: Home, config: configs.RunConfig, found: Sources, encoder: Encoder, progress: Progress
) -> Encoded:
    """Features of all that a run reads, from the cache where they are known."""
    manifest, items = found.learning, found.learning_items
    learning = extract_items(home, manifest, items, encoder, progress)
    archive, target = learning, None
    if found.crosses:
        archive = extract_items(home, found.archive, found.items, encoder, progress)
    if not config.trains:
        # Only a network learns from views; others would encode them in vain.
        return Encoded(learning, archive)
    if found.target is not None and found.target_items is not None:
        described = found.target_items.take(found.target_items.rows(["archive"]))
        target = extract_items(home, found.target, described, encoder, progress)
    rows, val_view = learning_rows(config, items), None
    views = extract_views(home, manifest, items, encoder, rows, config.training.views, progress)
    if config.contrastive and config.training.selection == "loss":
        val_view = extract_views(home, manifest, items, encoder, items.rows(["val"]), 2, progress)[
            1
        ]
    return Encoded(learning, archive, views, val_view, target)
