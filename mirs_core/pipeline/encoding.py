"""Features of a run's tiles: which tiles, and which views of them, are encoded."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.lookup import lookup_of
from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.tile_source import reading_order
from mirs_core.datasets.tiles import Tiles
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.feature_store import Extraction, extract, stream
from mirs_core.hashing.baseline import FloatModel
from mirs_core.pipeline.archive_codes import ArchiveModel, Archiving, archive_codes
from mirs_core.pipeline.copies import pixel_copies
from mirs_core.pipeline.learning_tiles import LearningTiles, learning_rows
from mirs_core.pipeline.sources import Sources, check_trainable
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.retriever import Retriever, for_inference
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.hashing.model import HashModel


def _tiles(manifest: Manifest, ids: Sequence[str]) -> Tiles:
    return manifest.tiles.take(lookup_of(manifest.tiles.ids).rows_of(ids))


def extract_items(
    home: Home,
    manifest: Manifest,
    items: Items,
    encoder: Encoder,
    progress: Progress,
    engines: Counter[str] | None = None,
) -> NDArray[np.float32]:
    """Features (n, D) of all items in their order, from the cache if they are there.

    ``engines`` is filled with how many tiles each engine has encoded, now or before.
    """
    tiles = _tiles(manifest, items.ids)
    return extract(manifest.root, tiles, encoder, home.feature_cache, progress, engines=engines)


def extract_views(
    home: Home,
    manifest: Manifest,
    items: Items,
    encoder: Encoder,
    rows: NDArray[np.int64],
    count: int,
    progress: Progress,
    engines: Counter[str] | None = None,
) -> NDArray[np.float32]:
    """Features (V, n, D) of ``count`` views of the tiles in ``rows``, the first one plain."""
    tiles = _tiles(manifest, [items.ids[row] for row in rows])
    cache = home.feature_cache

    def encode(view: int) -> NDArray[np.float32]:
        def view_progress(stage: str, done: int, total: int) -> None:
            progress(f"{stage}, view {view + 1} of {count}", done, total)

        root = manifest.root
        return extract(root, tiles, encoder, cache, view_progress, view=view, engines=engines)

    return np.stack([encode(view) for view in range(count)])


@dataclass(frozen=True, slots=True)
class Encoded:
    """Features of a run's tiles.

    Attributes:
        learning: (n, D) parallel to the items of the training data set.
        archive: (m, D) parallel to the items of the archive's data set.
        views: (V, n', D) views of the tiles that a head learns from.
        val_view: (n_val, D) a second view of the validation tiles.
        target: (t, D) tiles whose statistics whiten the target domain.
        parts: widths of the parts that the features consist of; empty if there is one.
        copies: rows of training and validation tiles with the pixels of an archive or test tile.
        engines: how many of these features each engine has computed, by its label.
    """

    learning: NDArray[np.float32]
    archive: NDArray[np.float32]
    views: NDArray[np.float32] | None = None
    val_view: NDArray[np.float32] | None = None
    target: NDArray[np.float32] | None = None
    parts: tuple[int, ...] = ()
    copies: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    engines: dict[str, int] = field(default_factory=dict)

    def learning_tiles(self, sources: Sources) -> LearningTiles:
        """The tiles of ``sources``, whose features these are, for ``fitting.fit``."""
        return LearningTiles(
            self.learning,
            sources.learning_items,
            views=self.views,
            val_view=self.val_view,
            archive=self.archive[sources.items.rows(["archive"])],
            target=self.target,
            distractors=sources.learning.card.distractors,
            parts=self.parts,
            copies=self.copies,
        )


def _fill_cache(
    home: Home, sources: Sources, encoder: Encoder, progress: Progress, engines: Counter[str]
) -> None:
    """Encodes all views of the tiles that codes will be made of; they would not fit into memory."""
    manifest, options = sources.archive, Extraction(progress, engines=engines)
    tiles = _tiles(manifest, sources.items.ids)
    tiles = tiles.take(reading_order(tiles.ids))
    for _ in stream(manifest.root, tiles, encoder, home.feature_cache, options):
        pass


def retriever_of(
    home: Home,
    sources: Sources,
    encoded: Encoded,
    encoder: Encoder,
    model: "HashModel | FloatModel",
    run: str,
) -> Retriever:
    """Model, codes and items of a run: the tiles of ``sources`` encoded by ``encoder``.

    Args:
        encoded: what ``encode_sources`` returned for them.
        run: id of the run, which tells unfinished codes apart.
    """
    items, distractors = sources.items, sources.archive.card.distractors
    if encoder.views == 1:
        return Retriever.build(model, encoded.archive, items, distractors)
    inferring = for_inference(model)
    tiles, root = _tiles(sources.archive, items.ids), sources.archive.root
    archives = ArchiveModel(run, inferring, items.roles.mask(["train"]))
    archiving = Archiving(home, root, tiles, keeps_features=True)
    with archive_codes(archiving, encoder, [archives], silent) as (codes,):
        return Retriever(inferring, codes, items, distractors)


def encode_sources(
    home: Home, config: configs.RunConfig, sources: Sources, encoder: Encoder, progress: Progress
) -> Encoded:
    """Features of everything that a run reads, from the cache if they are there.

    An encoder of several views encodes all that is archived, for ``retriever_of``; what is returned
    is of the tiles as they are.

    Raises:
        DataError: a file cannot be read, or without copies too few tiles remain.
    """
    engines: Counter[str] = Counter()
    if encoder.views > 1:
        _fill_cache(home, sources, encoder, progress, engines)
        encoder = encoder.plain

    def encode(manifest: Manifest, items: Items) -> NDArray[np.float32]:
        return extract_items(home, manifest, items, encoder, progress, engines)

    manifest, items = sources.learning, sources.learning_items
    learning = encode(manifest, items)
    archive, target = learning, None
    if sources.crosses:
        archive = encode(sources.archive, sources.items)
    if not config.hashes:
        return Encoded(learning, archive, engines=dict(engines))
    crossed = (sources.archive.root, sources.items, archive) if sources.crosses else None
    copies = pixel_copies(manifest.root, items, learning, crossed)
    check_trainable(config, sources, copies)
    if not config.trains:
        # Only a network learns from views.
        return Encoded(learning, archive, copies=copies, engines=dict(engines))
    if sources.target is not None and sources.target_items is not None:
        rows = sources.target_items.rows(["archive"])
        target = encode(sources.target, sources.target_items.take(rows))

    def views_of(rows: NDArray[np.int64], count: int) -> NDArray[np.float32]:
        return extract_views(home, manifest, items, encoder, rows, count, progress, engines)

    views, val_view = views_of(learning_rows(config, items, copies), config.training.views), None
    if config.contrastive and config.training.selection == "loss":
        val_view = views_of(items.rows(["val"]), 2)[1]
    return Encoded(learning, archive, views, val_view, target, encoder.parts, copies, dict(engines))
