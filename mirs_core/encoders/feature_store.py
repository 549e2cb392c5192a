"""Features of many tiles: encoded in batches, cached on disk by content hash.

A cached tile is never encoded again, in whatever data set it is, unless an earlier version read
other pixels from its file. The cache is a ``RowStore`` for each encoder and view.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.reader_version import READER, has_changed
from mirs_core.datasets.tile_source import reading_order
from mirs_core.datasets.tiles import Tile, Tiles
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.encoding import encoded, inputs_of
from mirs_core.encoders.engine import Features
from mirs_core.encoders.old_shards import take_over
from mirs_core.encoders.row_segment import Keys
from mirs_core.encoders.row_store import Located, RowStore
from mirs_core.encoders.view_store import LocatedViews, ViewStore
from mirs_core.progress import Progress, silent
from mirs_core.system.devices import compute_threads

STAGE = "Encoding tiles"
"""The stage that ``extract`` reports."""

BLOCK = 4096
"""Tiles whose features ``stream`` holds at once by default."""

# A process that is killed loses no more than this.
_UNSAVED_SECONDS, _UNSAVED_TILES = 2.0, 1024


@dataclass(slots=True)
class Extraction:
    """What happens to features on their way.

    Attributes:
        progress: reports distinct tiles done of all. If it raises, encoding ends and the tiles
            encoded so far stay in the cache.
        batch_size: tiles encoded at once; None is what is fastest with the encoder's engine.
        view: view of each tile (``mirs_core.datasets.views``); 0 is the tile itself.
        is_kept: whether newly encoded features are added to the cache.
        engines: filled with how many tiles each engine has encoded, by its label.
        block: tiles whose features ``stream`` holds at once; None is ``BLOCK``.
    """

    progress: Progress = silent
    batch_size: int | None = None
    view: int = 0
    is_kept: bool = True
    engines: Counter[str] = field(default_factory=Counter)
    block: int | None = None


def extract(
    root: Path,
    tiles: Sequence[Tile],
    encoder: Encoder,
    cache: Path,
    progress: Progress = silent,
    batch_size: int | None = None,
    view: int = 0,
    engines: Counter[str] | None = None,
) -> Features:
    """Features of ``tiles``, from the cache or else encoded and added to it.

    Args:
        root: folder that the tiles' paths are relative to.
        cache: folder of the cache; each encoder has its own sub-folder by fingerprint.
        progress, batch_size, view, engines: as in ``Extraction``.

    Returns:
        (n, D) float32, parallel to ``tiles``; of an encoder with V views (n, V * D).

    Raises:
        DataError: a file is missing, unreadable, or was changed after the scan.
        EncoderError: the encoder's weights are damaged.
    """
    options = Extraction(progress, batch_size, view)
    features = np.empty((len(tiles), encoder.width), dtype=np.float32)
    columns = Tiles.of(tiles)
    order = reading_order(columns.ids)
    ordered = columns.take(order)
    for start, block in stream(root, ordered, encoder, cache, options):
        features[order[start : start + len(block)]] = block
    if engines is not None:
        engines.update(options.engines)
    return features


def stream(
    root: Path, tiles: Sequence[Tile], encoder: Encoder, cache: Path, options: Extraction
) -> Iterator[tuple[int, Features]]:
    """Features of ``tiles`` in blocks, so that memory does not grow with their number.

    Virtual tiles are encoded fastest in the order of ``tile_source.reading_order``.

    Yields the place of a block's first tile, and the features (n, D) of the block, which are
    overwritten with the next one. Arguments and errors are those of ``extract``.
    """
    extractor = _Extractor(root, tiles, encoder, open_cache(cache, encoder, options.view), options)
    size = options.block or BLOCK
    held = np.empty((min(size, len(tiles)), encoder.width), dtype=np.float32)
    for start in range(0, len(tiles), size):
        inside = slice(start, min(start + size, len(tiles)))
        block = held[: inside.stop - start]
        extractor.fill(inside, block)
        yield start, block


def count_missing(contents: Collection[str], encoder: Encoder, cache: Path, view: int = 0) -> int:
    """Number of these tiles (content hashes) that ``extract`` would have to encode.

    No features are read, so damaged ones, and tiles that were read otherwise before, are noticed
    only by ``extract``.
    """
    keys = keys_of(list(set(contents)))
    return int((~open_cache(cache, encoder, view).find(keys).is_there).sum())


def open_cache(cache: Path, encoder: Encoder, view: int = 0) -> RowStore | ViewStore:
    """The cached features of an encoder and a view, or of all views that it encodes."""
    if encoder.views > 1:
        return ViewStore([_open(cache, encoder, view) for view in range(encoder.views)])
    return _open(cache, encoder, view)


def _open(cache: Path, encoder: Encoder, view: int) -> RowStore:
    folder = cache / (encoder.fingerprint[:16] + (f"-view{view}" if view else ""))
    store = RowStore(folder, encoder.dim, np.float32, READER, "the feature cache")
    take_over(store)
    return store


def encode_one(image: NDArray[np.uint8], encoder: Encoder) -> Features:
    """Features (D,) float32 of one image (H, W) or (H, W, 3), uint8; nothing is cached.

    Of an encoder with V views (V * D,); they are shared out among threads where the engine runs
    several calls at once.
    """
    if encoder.views == 1 or not encoder.engine().is_concurrent:
        features: Features = encoder.features(inputs_of(image, encoder)).reshape(-1)
        return features

    def encode(views: NDArray[np.int64]) -> Features:
        return encoder.features(np.concatenate([inputs_of(image, plain, int(v)) for v in views]))

    plain, threads = encoder.plain, min(compute_threads(), encoder.views)
    with ThreadPoolExecutor(threads, thread_name_prefix="mirs-views") as pool:
        parts = pool.map(encode, np.array_split(np.arange(encoder.views), threads))
        return np.concatenate([*parts]).reshape(-1)


def keys_of(contents: Sequence[str]) -> Keys:
    """Content hashes as bytes (n, 32)."""
    data = b"".join(_key(content) for content in contents)
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 32)


def _key(content: str) -> bytes:
    try:
        key = bytes.fromhex(content)
    except ValueError:
        key = b""
    return key if len(key) == 32 else hashlib.sha256(content.encode()).digest()


class _Extractor:
    """Fills arrays with features of tiles, and reports how many distinct tiles are done."""

    def __init__(
        self,
        root: Path,
        tiles: Sequence[Tile],
        encoder: Encoder,
        store: RowStore | ViewStore,
        options: Extraction,
    ) -> None:
        self.root, self.encoder = root, encoder
        self.store, self.options = store, options
        self.tiles = Tiles.of(tiles)
        self.keys = keys_of(self.tiles.contents)
        # NumPy sorts bytes as texts.
        texts = self.keys.view("S32").ravel()
        self.total = len(np.unique(texts))
        self.done = len(np.unique(texts[self._find(slice(0, len(tiles))).is_there]))
        self._report(0)

    def fill(self, inside: slice, out: Features) -> None:
        """Fills ``out`` (n, D) with the features of the tiles ``inside``."""
        located = self._find(inside)
        intact = self.store.read(located, out, self.options.engines)  # type: ignore[arg-type]
        missing = np.flatnonzero(~intact).tolist()
        # Of several copies of a tile one is encoded.
        contents = self.tiles[inside].contents
        first: dict[str, int] = {}
        for place in missing:
            first.setdefault(contents[place], place)
        if first:
            self._encode(list(first.values()), inside, out)
            out[missing] = out[[first[contents[place]] for place in missing]]
            self.options.engines[self.encoder.engine().label] += len(missing)

    def _encode(self, places: list[int], inside: slice, out: Features) -> None:
        options, tiles = self.options, self.tiles[inside]
        chosen = [tiles[place] for place in places]
        batches = encoded(self.root, chosen, self.encoder, options.view, options.batch_size)
        done, unsaved, saved_at = 0, [], time.monotonic()
        try:
            for features in batches:
                rows = places[done : done + len(features)]
                out[rows] = features
                done += len(rows)
                unsaved += rows
                is_late = time.monotonic() - saved_at > _UNSAVED_SECONDS
                if is_late or len(unsaved) >= _UNSAVED_TILES:
                    rows, unsaved, saved_at = unsaved, [], time.monotonic()
                    self._save(rows, inside, out)
                self._report(len(features))
        finally:
            self._save(unsaved, inside, out)

    def _save(self, places: list[int], inside: slice, out: Features) -> None:
        if places and self.options.is_kept:
            keys = self.keys[inside][places]
            self.store.add(keys, out[places], self.encoder.engine().label)

    def _find(self, inside: slice) -> Located | LocatedViews:
        """Where cached features are, but for those that an earlier version read otherwise."""
        located, tiles = self.store.find(self.keys[inside]), self.tiles[inside]
        for place in np.flatnonzero(located.is_there & (located.versions < READER)).tolist():
            if has_changed(self.root / tiles[place].path):
                located.drop([place])
        return located

    def _report(self, count: int) -> None:
        self.done = min(self.done + count, self.total)
        self.options.progress(STAGE, self.done, self.total)
