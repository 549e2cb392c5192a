"""``bench labels``: what reviewing labels gains, in the order of the app and in a random one.

A share of the training and validation labels is replaced by wrong ones, a model is trained on them,
and the first tiles of its review get their true labels back, as a person would give them. The same
number in random order is the comparison. Scores are of test queries, whose labels, like those of
the archive, nobody touched. All corrections are in a temporary home folder; the images are only
read.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.config import presets
from mirs_core.datasets import label_corrections
from mirs_core.datasets.scanning import scan_cached
from mirs_core.evaluation import scores
from mirs_core.hash_space import label_review, neighbourhoods
from mirs_core.pipeline import training
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home

_BY = "bench labels"


def run(
    home: Home,
    data: Path,
    seeds: Sequence[int],
    share: float,
    budgets: Sequence[int],
    progress: Progress = silent,
) -> dict[str, Any]:
    """mAP@64 with wrong labels, and after some verdicts in the two orders; one row each.

    ``difference`` is that to the model with wrong labels, paired by query, with its interval.

    Args:
        home: whose cached features are used.
        share: of the training and validation labels that are wrong, 0 to 1.
        budgets: numbers of verdicts.

    Raises:
        MirsError: the data set cannot be trained on.
    """
    rows: list[dict[str, Any]] = []
    for place, seed in enumerate(seeds):
        progress("Reviewing labels", place, len(seeds))
        with tempfile.TemporaryDirectory(prefix="labels-") as folder:
            own = Home(Path(folder))
            if home.cache.is_dir():
                shutil.copytree(home.cache, own.cache)
            rows += _of_seed(own, data, seed, share, budgets)
    progress("Reviewing labels", len(seeds), len(seeds))
    return {"bench": "labels", "data": data.name, "share": share, "rows": rows}


def _of_seed(
    home: Home, data: Path, seed: int, share: float, budgets: Sequence[int]
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    config = presets.from_preset("mirs", data=str(data), seed=seed)
    clean = training.prepare_and_train(home, config).run
    items = Searcher.open(home, clean).items
    truth = {
        items.ids[row]: items.labels[row]
        for row in items.rows(list(label_review.LEARNING)).tolist()
        if items.labels[row]
    }
    classes = sorted({label for label in truth.values() if label})
    wrong = {
        tile: str(rng.choice([label for label in classes if label != truth[tile]]))
        for tile in rng.permutation(sorted(truth))[: round(share * len(truth))].tolist()
    }
    _correct(home, data, wrong)
    noisy = training.prepare_and_train(home, config).run
    untrained = presets.from_preset("baseline-centred", data=str(data), seed=seed)
    judges = {
        "review by the baseline": training.prepare_and_train(home, untrained).run,
        "review by the trained model": noisy,
    }
    orders = {name: _reviewed(home, run, truth) for name, run in judges.items()}
    orders["random"] = rng.permutation(sorted(truth)).tolist()
    rows = [_row(home, noisy, clean, seed, "correct labels", len(wrong), len(wrong))]
    for name, order in orders.items():
        for budget in budgets:
            mended = {tile: truth[tile] for tile in order[:budget]}
            batch = _correct(home, data, mended)
            run = training.prepare_and_train(home, config).run
            hit = sum(tile in wrong for tile in mended)
            rows.append(_row(home, noisy, run, seed, name, len(mended), hit))
            label_corrections.undo(home, data, [batch], by=_BY)
    return rows


def _reviewed(home: Home, run: str, truth: Mapping[str, str | None]) -> list[str]:
    """The tiles with a true label that a run doubts, in the order of its review."""
    searcher = Searcher.open(home, run)
    near = neighbourhoods.look(searcher.retriever)
    rows = label_review.order(searcher.retriever, near).rows
    return [tile for tile in searcher.items.ids.take(rows).tolist() if tile in truth]


def _correct(home: Home, data: Path, labels: Mapping[str, str | None]) -> str:
    """Records verdicts; returns their batch."""
    tiles = scan_cached(home, data).tiles
    return label_corrections.correct(home, data, tiles, labels, by=_BY)[0].batch


def _row(
    home: Home, noisy: str, run: str, seed: int, order: str, verdicts: int, hit: int
) -> dict[str, Any]:
    before, after = scores.scores_of(home, [noisy, run])
    paired = after.difference
    return {
        "seed": seed,
        "order": order,
        "verdicts": verdicts,
        "wrong_among_them": hit,
        "map_at_64_before": round(before.value.value, 4),
        "map_at_64": round(after.value.value, 4),
        "difference": paired.interval.to_json(4) if paired else None,
    }
