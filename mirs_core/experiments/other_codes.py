"""The same bytes, other ways: features stored as vector databases store them, beside hash codes.

Features are centred on the archive's mean and scaled to length 1, as for the centred baseline, so
that Euclidean distances rank like cosines. What has to be learnt is learnt from the training half
and the archive, without labels, as a data base learns from what it stores. All of it is FAISS.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mirs_core.config.presets import from_preset
from mirs_core.evaluation.protocol import evaluate
from mirs_core.evaluation.run_report import tile_columns
from mirs_core.experiments.comparison import over_seeds, run_of
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Vectors = NDArray[np.float32]

_CENTROIDS, _AXES, _TIMED = 256, 128, 20


@dataclass(frozen=True, slots=True)
class Storage:
    """A way to store features: its name, and its empty FAISS index for vectors of a width."""

    name: str
    title: str
    index: Callable[[int], Any]
    fewest: int = 1


def _product(width: int) -> Any:
    parts = max(part for part in (16, 8, 4, 2, 1) if width % part == 0)
    return faiss.IndexPQ(width, parts, 8)


def _rabitq(width: int) -> Any:
    axes = min(_AXES, width)
    # Signs tell as much of each axis only once axes are rotated.
    rotated = faiss.PCAMatrix(width, axes, 0, True)
    return faiss.IndexPreTransform(rotated, faiss.IndexRaBitQ(axes))


STORAGES = (
    Storage("float16", "float16 features", lambda width: faiss.IndexScalarQuantizer(
        width, faiss.ScalarQuantizer.QT_fp16)),
    Storage("int8", "int8 features", lambda width: faiss.IndexScalarQuantizer(
        width, faiss.ScalarQuantizer.QT_8bit)),
    Storage("rabitq", f"RaBitQ of {_AXES} principal axes", _rabitq, _AXES),
    Storage("pq16x8", "product quantisation, 16 x 8 bits", _product, _CENTROIDS),
)  # fmt: skip
"""From the largest to the smallest. RaBitQ is by Gao and Long (2024), product quantisation by
Jegou et al. (2011); signs of principal axes, as in Hashing-Baseline (arXiv 2509.14427), are the
preset pca-sign.
"""


class IndexArchive:
    """An evaluation archive in a FAISS index that stores vectors (N, D) in its own way."""

    def __init__(self, index: Any, train: Vectors, archive: Vectors) -> None:
        """``train`` (n, D) is what the index learns from."""
        self._index = index
        index.train(train)
        index.add(archive)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def nbytes(self) -> int:
        """Bytes of the stored codes."""
        return len(self) * int(self._index.sa_code_size())

    def search(self, queries: Vectors, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Distances and rows (Q, k) of the nearest, by (distance, row)."""
        distances, rows = self._index.search(queries, k)
        order = np.lexsort((rows, distances), axis=1)
        return (
            np.take_along_axis(distances, order, axis=1),
            np.take_along_axis(rows, order, axis=1).astype(np.int64),
        )


def other_codes(
    home: Home,
    data: Path,
    seeds: Sequence[int],
    encoder: str | None = None,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """A row for each of ``STORAGES``: quality as in ``comparison.compare``, bytes and time.

    ``bytes_per_tile`` is what FAISS stores, ``query_ms`` the median of a search among the archive.
    A row that cannot be measured says ``why``.

    Raises:
        MirsError: there is nothing to measure.
    """
    measured: dict[str, dict[int, dict[str, Any]]] = {storage.name: {} for storage in STORAGES}
    costs: dict[str, dict[str, float]] = {}
    reasons: dict[str, str] = {}
    for done, seed in enumerate(seeds):
        progress(f"Other codes, seed {seed}", done, len(seeds))
        config = from_preset("baseline-centred", data=str(data), seed=seed, encoder=encoder)
        loaded = retriever.load(runs.folder(home, run_of(home, config)))
        vectors = _unit(np.asarray(loaded.codes, dtype=np.float32))
        train = vectors[loaded.items.rows(["train", "archive"])]
        for storage in STORAGES:
            if len(train) < storage.fewest:
                reasons[storage.name] = (
                    f"it learns from at least {storage.fewest} tiles, and there are {len(train)}"
                )
                continue
            value, costs[storage.name] = _measured(loaded, storage, vectors, train)
            measured[storage.name][seed] = value
    return [
        _row(storage, measured[storage.name], costs.get(storage.name), reasons.get(storage.name))
        for storage in STORAGES
    ]


def _measured(
    loaded: retriever.Retriever, storage: Storage, vectors: Vectors, train: Vectors
) -> tuple[dict[str, Any], dict[str, float]]:
    items, columns = loaded.items, tile_columns(loaded.items)
    rows, test = loaded.in_order(items.rows(["archive"])), items.rows(["test"])
    archive = IndexArchive(storage.index(vectors.shape[1]), train, vectors[rows])
    report = evaluate(
        archive,
        columns.take(rows),
        vectors[test],
        columns.take(test),
        distractors=loaded.distractors,
    )
    seconds = []
    for query in vectors[test][:_TIMED]:
        started = time.perf_counter()
        archive.search(query[None], min(64, len(rows)))
        seconds.append(time.perf_counter() - started)
    value = {**report.to_json(), "per_query": report.per_query_json()}
    cost = {"bytes_per_tile": archive.nbytes / len(rows), "query_ms": 1e3 * np.median(seconds)}
    return value, cost


def _row(
    storage: Storage,
    by_seed: dict[int, dict[str, Any]],
    cost: dict[str, float] | None,
    why: str | None,
) -> dict[str, Any]:
    row: dict[str, Any] = {"codes": storage.name, "title": storage.title, "why": why or ""}
    if cost is None or why:
        return row
    return {
        **row,
        **over_seeds(by_seed).to_json(),
        "bytes_per_tile": round(cost["bytes_per_tile"], 1),
        "query_ms": round(cost["query_ms"], 3),
    }


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
