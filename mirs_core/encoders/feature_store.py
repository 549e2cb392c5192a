"""Features of many tiles: encoded in batches, cached on disk by content hash.

The cache consists of shards of up to 64 tiles: ``<name>.npy`` with the features and ``<name>.json``
with the content hashes of the rows and the checksum of the array. The .json is written last, so a
shard without one is incomplete. A cached tile is never encoded again, in whatever data set it is,
unless an earlier version read other pixels from its file.
"""

import contextlib
import io
import json
import uuid
import warnings
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.datasets.manifest import Tile
from mirs_core.datasets.reader_version import READER, has_changed
from mirs_core.datasets.views import view_of
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.engine import Engine, Features
from mirs_core.errors import DataError, ImageError
from mirs_core.files import replace_file, sha256, write_json
from mirs_core.progress import Progress, silent
from mirs_core.system.devices import compute_threads

STAGE = "Encoding tiles"
"""The stage that ``extract`` reports."""

# Small, so that a process that is killed loses a few seconds of work.
_SHARD = 64
_BATCHES_AHEAD = 2
_DECODERS = 2


def extract(
    root: Path,
    tiles: Sequence[Tile],
    encoder: Encoder,
    cache: Path,
    progress: Progress = silent,
    batch_size: int | None = None,
    view: int = 0,
) -> Features:
    """Features of ``tiles``, from the cache or else encoded and added to it.

    Args:
        root: folder that the tiles' paths are relative to.
        cache: folder of the cache; each encoder has its own sub-folder by fingerprint.
        progress: reports distinct tiles done of all. If it raises, encoding ends and the
            tiles encoded so far stay in the cache.
        batch_size: tiles encoded at once; None is what is fastest with the encoder's engine.
        view: view of each tile (``mirs_core.datasets.views``); 0 is the tile itself.

    Returns:
        (n, D) float32, parallel to ``tiles``.

    Raises:
        DataError: a file is missing, unreadable, or was changed after the scan.
        EncoderError: the encoder's weights are damaged.
    """
    store = FeatureCache(_folder_of(cache, encoder, view), encoder.dim)
    cached = store.load()
    for tile in tiles:
        if tile.content in store.outdated and has_changed(root / tile.path):
            cached.pop(tile.content, None)
    missing = {tile.content: tile for tile in reversed(tiles) if tile.content not in cached}
    total = len({tile.content for tile in tiles})
    already = done = total - len(missing)
    progress(STAGE, done, total)
    # One array: many small ones would fragment the memory that the network frees.
    encoded_rows = np.empty((len(missing), encoder.dim), dtype=np.float32)
    pending: dict[str, Features] = {}
    try:
        for contents, features in _encoded(
            root, list(missing.values())[::-1], encoder, view, batch_size
        ):
            encoded = encoded_rows[done - already : done - already + len(contents)]
            encoded[:] = features
            pending.update(zip(contents, encoded, strict=True))
            cached.update(zip(contents, encoded, strict=True))
            if len(pending) >= _SHARD:
                store.add(pending)
                pending = {}
            done += len(contents)
            progress(STAGE, done, total)
    finally:
        store.add(pending)
    features = np.empty((len(tiles), encoder.dim), dtype=np.float32)
    for row, tile in enumerate(tiles):
        features[row] = cached[tile.content]
    return features


def count_missing(contents: Collection[str], encoder: Encoder, cache: Path, view: int = 0) -> int:
    """Number of these tiles (content hashes) that ``extract`` would have to encode.

    Only the index files are read, so a damaged shard, and tiles that were read otherwise before,
    are noticed only by ``extract``.
    """
    cached: set[str] = set()
    for index in _folder_of(cache, encoder, view).glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            cached.update(json.loads(index.read_text(encoding="utf-8"))["contents"])
    return len(set(contents) - cached)


def _folder_of(cache: Path, encoder: Encoder, view: int) -> Path:
    return cache / (encoder.fingerprint[:16] + (f"-view{view}" if view else ""))


def encode_one(image: NDArray[np.uint8], encoder: Encoder) -> Features:
    """Features (D,) float32 of one image (H, W) or (H, W, 3), uint8; nothing is cached."""
    features: Features = encoder.features(encoder.inputs(image)[None])[0]
    return features


class FeatureCache:
    """The shards of one encoder in one folder. Several processes can add to it at once."""

    def __init__(self, folder: Path, dim: int) -> None:
        """``dim`` is D, the number of features that every row must have."""
        self.folder = folder
        self.dim = dim
        self.outdated: set[str] = set()

    def load(self) -> dict[str, Features]:
        """Features (D,) by content hash. A damaged shard is removed with a warning.

        ``outdated`` holds those from earlier readers of images (``datasets.reader_version``).
        """
        features: dict[str, Features] = {}
        current: dict[str, Features] = {}
        for index in sorted(self.folder.glob("*.json")):
            try:
                reader, rows = self._read(index)
                (current if reader == READER else features).update(rows)
            except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError) as error:
                warnings.warn(
                    f"Removed a damaged part of the feature cache, {index} ({error});"
                    " its tiles will be encoded again.",
                    stacklevel=3,
                )
                index.unlink(missing_ok=True)
                index.with_suffix(".npy").unlink(missing_ok=True)
        self.outdated = set(features) - set(current)
        features.update(current)
        return features

    def add(self, features: dict[str, Features]) -> None:
        """Stores ``features`` (D,) by content hash as one new shard; nothing for an empty dict."""
        if not features:
            return
        name = uuid.uuid4().hex
        packed = io.BytesIO()
        np.save(packed, np.stack(list(features.values())), allow_pickle=False)
        data = packed.getvalue()
        replace_file(self.folder / f"{name}.npy", lambda handle: handle.write(data))
        write_json(
            self.folder / f"{name}.json",
            {"sha256": sha256(data), "contents": list(features), "reader": READER},
        )

    def _read(self, index: Path) -> tuple[Any, dict[str, Features]]:
        """The reader that the images of a shard were read with, and its features."""
        about = json.loads(index.read_text(encoding="utf-8"))
        data = index.with_suffix(".npy").read_bytes()
        if sha256(data) != about["sha256"]:
            raise ValueError("wrong checksum")
        rows = np.load(io.BytesIO(data), allow_pickle=False)
        contents = about["contents"]
        if rows.dtype != np.float32 or rows.shape != (len(contents), self.dim):
            raise ValueError("wrong shape")
        return about.get("reader"), dict(zip(contents, rows, strict=True))


def _encoded(
    root: Path, tiles: Sequence[Tile], encoder: Encoder, view: int, batch_size: int | None
) -> Iterator[tuple[list[str], Features]]:
    """Content hashes and features of batches of tiles, in order, prepared a few batches ahead.

    Threads suffice, because decoding, resizing and encoding release the interpreter lock, and a
    process forked after torch was used can hang. Calls of an engine that is not concurrent come
    from this thread, while others decode the next batches.
    """
    if not tiles:
        return
    engine = encoder.engine()
    size = batch_size or engine.batch
    workers = compute_threads() if engine.is_concurrent else _DECODERS
    waiting: deque[tuple[list[str], Future[NDArray[np.float32]]]] = deque()

    def prepare(batch: Sequence[Tile]) -> NDArray[np.float32]:
        inputs = np.stack([_load(root, tile, encoder, view) for tile in batch])
        return engine(inputs) if engine.is_concurrent else inputs

    with ThreadPoolExecutor(workers, thread_name_prefix="mirs-encode") as pool:
        try:
            for start in range(0, len(tiles), size):
                batch = tiles[start : start + size]
                contents = [tile.content for tile in batch]
                waiting.append((contents, pool.submit(prepare, batch)))
                if len(waiting) > _BATCHES_AHEAD * workers:
                    yield _finished(engine, *waiting.popleft())
            while waiting:
                yield _finished(engine, *waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _finished(
    engine: Engine, contents: list[str], prepared: "Future[NDArray[np.float32]]"
) -> tuple[list[str], Features]:
    value = prepared.result()
    return contents, value if engine.is_concurrent else engine(value)


def _load(root: Path, tile: Tile, encoder: Encoder, view: int) -> NDArray[np.float32]:
    try:
        data = read_bytes(root / tile.path)
    except ImageError as error:
        raise DataError(
            f"{tile.path} can no longer be read ({str(error).rstrip('.')}). Scan {root} again."
        ) from None
    # The cache is keyed by content: features of other content would stay wrong forever.
    if sha256(data) != tile.content:
        raise DataError(f"{tile.path} was changed while {root} was in use. Start again.")
    return encoder.inputs(view_of(read_image(data, tile.path), view))
