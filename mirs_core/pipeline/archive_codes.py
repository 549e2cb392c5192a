"""Codes of tiles that are archived: features are encoded, hashed and forgotten, block by block.

Neither memory nor the disk holds the features of an archive, which take 5 GB for a million tiles.
The codes of an unfinished archive are kept in the cache instead, so that archiving continues after
a kill; they are deleted when the archive is there.
"""

import contextlib
import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.tile_source import reading_order
from mirs_core.datasets.tiles import Tiles
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.feature_store import Extraction, keys_of, stream
from mirs_core.encoders.row_segment import Keys
from mirs_core.encoders.row_store import RowStore
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.progress import Progress
from mirs_core.retrieval import retriever
from mirs_core.workspace.home import Home

# A killed process loses no more than these.
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class ArchiveModel:
    """A model that archives tiles.

    Attributes:
        run: id of the run that the model comes from.
        model: the model.
        is_source: (n,), whether each tile passes the transform of the source domain.
    """

    run: str
    model: HashFunction | FloatModel
    is_source: NDArray[np.bool_]

    def encode(self, features: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[Any]:
        """Codes of features (m, D), or of V views (m, V * D), of the tiles in ``rows`` (m,)."""
        codes = retriever.encode(self.model, features, "target")
        source = self.is_source[rows]
        if source.any():
            codes[source] = retriever.encode(self.model, features[source], "source")
        return codes


@dataclass(frozen=True, slots=True)
class Archiving:
    """The tiles to archive, and what becomes of their features.

    Attributes:
        root: folder that the tiles' paths are relative to.
        keeps_features: whether features are added to the cache.
        engines: filled with how many tiles each engine has encoded, by its label.
    """

    home: Home
    root: Path
    tiles: Tiles
    keeps_features: bool = False
    engines: Counter[str] = field(default_factory=Counter)


@contextlib.contextmanager
def archive_codes(
    archiving: Archiving, encoder: Encoder, models: Sequence[ArchiveModel], progress: Progress
) -> Iterator[list[NDArray[Any]]]:
    """The codes (n, width) of the tiles by each of the models, which share ``encoder``.

    A context manager: at its end without an error, the codes need not be kept any longer.

    Raises:
        DataError: a file is missing, unreadable, or was changed after the scan.
        EncoderError: the encoder's weights are damaged.
    """
    keys = keys_of(archiving.tiles.contents)
    unfinished = [_Unfinished(archiving, encoder, model, keys) for model in models]
    rows = np.flatnonzero(np.any([codes.missing for codes in unfinished], axis=0))
    rows = rows[reading_order(archiving.tiles.ids.take(rows))]
    already = len(np.unique(keys.view("S32"))) - len(np.unique(keys[rows].view("S32")))

    def overall(stage: str, done: int, total: int) -> None:
        progress(stage, already + done, already + total)

    options = Extraction(
        overall,
        is_kept=archiving.keeps_features,
        engines=archiving.engines,
        block=_BLOCK,
    )
    tiles, cache = archiving.tiles.take(rows), archiving.home.feature_cache
    before = archiving.engines.copy()
    for start, features in stream(archiving.root, tiles, encoder, cache, options):
        ((engine, _),) = (archiving.engines - before).most_common(1)
        before = archiving.engines.copy()
        for codes in unfinished:
            codes.add(rows[start : start + len(features)], features, engine)
    yield [codes.codes for codes in unfinished]
    for codes in unfinished:
        shutil.rmtree(codes.store.folder, ignore_errors=True)


class _Unfinished:
    """The codes of one model, some of them from an attempt that was interrupted."""

    def __init__(
        self, archiving: Archiving, encoder: Encoder, model: ArchiveModel, keys: Keys
    ) -> None:
        is_float = isinstance(model.model, FloatModel)
        width = encoder.width if is_float else model.model.bits // 8  # type: ignore[union-attr]
        dtype = np.float32 if is_float else np.uint8
        place = f"{model.run}\n{encoder.fingerprint}\n{archiving.root}"
        folder = archiving.home.unfinished_codes / hashlib.sha256(place.encode()).hexdigest()[:32]
        self.store = RowStore(folder, width, dtype, name="an unfinished archive")
        self.codes: NDArray[Any] = np.empty((len(keys), width), dtype=dtype)
        self._keys, self._model = keys, model
        self.missing = ~self.store.read(self.store.find(keys), self.codes, archiving.engines)

    def add(self, rows: NDArray[np.int64], features: NDArray[np.float32], engine: str) -> None:
        codes = self._model.encode(features, rows)
        self.codes[rows] = codes
        self.store.add(self._keys[rows], codes, engine)
