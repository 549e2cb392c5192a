"""Encoding tiles from their files: reading, decoding, resizing and the network side by side."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.manifest import Tile
from mirs_core.datasets.tile_source import read_verified
from mirs_core.datasets.views import view_of
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.engine import Features
from mirs_core.system.devices import compute_threads

_SPARE_BATCHES = 2
# A GPU needs several, and each holds a batch of 128 tiles (77 MB).
_FEWEST_DECODERS, _MOST_DECODERS = 2, 8


def encoded(
    root: Path,
    tiles: Sequence[Tile],
    encoder: Encoder,
    view: int = 0,
    batch_size: int | None = None,
) -> Iterator[Features]:
    """Features (b, V * D) of one batch of tiles after the other, in their order.

    A few batches are prepared ahead. Threads suffice, because decoding, resizing and encoding
    release the interpreter lock, and a process forked after torch was used can hang. An engine that
    is not concurrent is called from this thread, while others decode the next batches.

    Args:
        root: folder that the tiles' paths are relative to.
        encoder: with V views, all of which are encoded; a tile is read once.
        view: view of each tile (``mirs_core.datasets.views``) that an encoder of one view encodes;
            0 is the tile itself.
        batch_size: tiles encoded at once; None is what is fastest with the encoder's engine.

    Raises:
        DataError: a file is missing, unreadable, or was changed after the scan.
        EncoderError: the encoder's weights are damaged.
    """
    if not tiles:
        return
    engine = encoder.engine()
    size = batch_size or max(1, engine.batch // encoder.views)
    workers = compute_threads()
    if not engine.is_concurrent:
        workers = min(max(workers, _FEWEST_DECODERS), _MOST_DECODERS)

    def prepare(batch: Sequence[Tile]) -> NDArray[np.float32]:
        inputs = np.concatenate([_load(root, tile, encoder, view) for tile in batch])
        return engine(inputs) if engine.is_concurrent else inputs

    def finished(prepared: "Future[NDArray[np.float32]]") -> Features:
        value = prepared.result()
        features = value if engine.is_concurrent else engine(value)
        return features.reshape(-1, encoder.width)

    waiting: deque[Future[NDArray[np.float32]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="mirs-encode") as pool:
        try:
            for start in range(0, len(tiles), size):
                waiting.append(pool.submit(prepare, tiles[start : start + size]))
                if len(waiting) > workers + _SPARE_BATCHES:
                    yield finished(waiting.popleft())
            while waiting:
                yield finished(waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def inputs_of(image: NDArray[np.uint8], encoder: Encoder, view: int = 0) -> NDArray[np.float32]:
    """Network inputs (V, 3, 224, 224) of an image: of all views of the encoder, or of ``view``."""
    views = range(encoder.views) if encoder.views > 1 else (view,)
    return np.stack([encoder.inputs(view_of(image, number)) for number in views])


def _load(root: Path, tile: Tile, encoder: Encoder, view: int) -> NDArray[np.float32]:
    return inputs_of(read_verified(root, tile.path, tile.content), encoder, view)
