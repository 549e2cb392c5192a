"""``bench synthetic``: speed of the synthetic generator, and how well real tiles match its tiles.

The measure of similarity: the 15 nearest synthetic tiles of a real tile vote on its landform class.
Features are EfficientNet-Lite0's, each set centred on its own mean (so that a difference common to
all tiles, such as the camera's, does not count) and compared by cosine; votes are weighted by
similarity. With 15 classes, a random guess is right 7 % of the time. The generator was tuned on the
splits train and val of the real set; test is for the report.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.synthetic import generate
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home

NEIGHBOURS = 15
ENCODER = "efficientnet-lite0"


def vote(
    voters: NDArray[np.float32],
    labels: Sequence[str],
    queries: NDArray[np.float32],
    neighbours: int = NEIGHBOURS,
) -> list[str]:
    """The landform class that the nearest ``voters`` give to each of the ``queries``.

    Args:
        voters: features (N, D) with ``labels`` (N).
        labels: the landform class of each row of ``voters``.
        queries: features (M, D).
        neighbours: how many of the nearest rows vote (all N if there are fewer).

    Returns:
        M labels. Both sets are centred on their own means; each vote is weighted by its cosine, at
        least 0; equal sums go to the label that comes first in the alphabet.
    """
    cosine = _directions(queries) @ _directions(voters).T
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, :neighbours]
    winners = []
    for row, columns in zip(cosine, nearest, strict=True):
        ballots: dict[str, float] = defaultdict(float)
        for column in columns:
            ballots[labels[column]] += max(float(row[column]), 0.0)
        winners.append(min(ballots, key=lambda label: (-ballots[label], label)))
    return winners


def _directions(features: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = features - features.mean(axis=0)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(norms, 1e-12), np.float32)


def landform_vote(
    synthetic_root: Path,
    real_root: Path,
    home: Home,
    splits: Collection[str] = ("train", "val"),
    neighbours: int = NEIGHBOURS,
    progress: Progress = silent,
) -> dict[str, Any]:
    """How often synthetic tiles classify real tiles correctly.

    Args:
        synthetic_root: data set whose tiles (all splits) vote.
        real_root: data set with the same class folders; its tiles of ``splits`` are classified.
        home: the home folder.
        splits: the splits of the real set to classify; they are centred on their own mean.
        neighbours: how many nearest tiles vote.
        progress: called with the progress of encoding.

    Returns:
        ``micro`` (share of tiles classified correctly), ``macro`` (mean of it over classes),
        ``tiles``, and ``per_class``: ``{code: {"n": tiles, "right": share, "mostly": code}}``,
        ``mostly`` being the most frequent answer.

    Raises:
        DataError: one of the folders is not a data set.
    """
    voters, names = _features(synthetic_root, None, home, progress)
    queries, truth = _features(real_root, splits, home, progress)
    answers = np.array(vote(voters, names, queries, neighbours))
    right = answers == np.array(truth)
    per_class: dict[str, dict[str, Any]] = {}
    for code in sorted(set(truth)):
        mine = np.array(truth) == code
        codes, counts = np.unique(answers[mine], return_counts=True)
        per_class[code] = {
            "n": int(mine.sum()),
            "right": round(float(right[mine].mean()), 4),
            "mostly": str(codes[counts.argmax()]),
        }
    return {
        "micro": round(float(right.mean()), 4),
        "macro": round(float(np.mean([entry["right"] for entry in per_class.values()])), 4),
        "tiles": len(truth),
        "per_class": per_class,
    }


def _features(
    root: Path, splits: Collection[str] | None, home: Home, progress: Progress
) -> tuple[NDArray[np.float32], list[str]]:
    """Features (n, D) and labels of the labelled tiles in ``splits`` (None: in all splits)."""
    from mirs_core.datasets.manifest import scan
    from mirs_core.encoders.feature_store import extract
    from mirs_core.encoders.loading import load_encoder

    manifest = scan(root)
    tiles = [
        tile
        for tile in manifest.tiles
        if tile.label is not None and (splits is None or tile.split in splits)
    ]
    features = extract(
        manifest.root, tiles, load_encoder(ENCODER, home), home.feature_cache, progress
    )
    return np.asarray(features, np.float32), [str(tile.label) for tile in tiles]


def run(
    home: Home,
    real: Path | None = None,
    per_class: int = 80,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Generates a data set in a temporary folder, times it, and lets it classify real tiles.

    Args:
        home: the home folder.
        real: folder of real CTX tiles in class folders; None measures only the speed.
        per_class: tiles per class.
        seed: of the synthetic data set.
        workers: processes (None: one per processor).
        progress: called with the progress.

    Returns:
        Measurements that JSON can hold: ``seconds``, ``tiles_per_second``, and ``vote`` with the
        results of ``landform_vote`` for ``train_val`` and ``test``, or None with the reason in
        ``note``.
    """
    answer: dict[str, Any] = {"bench": "synthetic", "tiles": 15 * per_class, "seed": seed}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        root = generate(Path(folder) / "synthetic-mars", per_class, seed, progress, workers)
        seconds = time.perf_counter() - started
        answer["seconds"] = round(seconds, 2)
        answer["tiles_per_second"] = round(15 * per_class / seconds, 1)
        if real is None:
            note = "Not measured on real tiles: give --real DIR or set MIRS_TEST_DATA."
            return {**answer, "vote": None, "note": note}
        parts = {"train_val": ("train", "val"), "test": ("test",)}
        answer["vote"] = {
            "neighbours": NEIGHBOURS,
            "weights": "cosine similarity",
            "encoder": ENCODER,
            **{
                name: landform_vote(root, real, home, splits, progress=progress)
                for name, splits in parts.items()
            },
        }
    return answer
