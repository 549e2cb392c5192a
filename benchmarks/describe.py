"""``bench describe``: how well real tiles are found by a description of their landform.

For each landform class descriptions that say nothing but its name are searched with, one of them as
one rendered tile and as the nine of which a query is made. They are ranked against real tiles of
runs with several seeds. The generator was tuned on training and validation tiles of the CTX set:
by default those of the roles archive and val are ranked. ``test`` ranks the test tiles, which no
choice has read; how often that was done is written down in DECISIONS.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.descriptions import FORMS, Description
from mirs_core.datasets.descriptions.description import VERSION
from mirs_core.errors import RunError
from mirs_core.progress import Progress, silent
from mirs_core.ranking import metrics
from mirs_core.retrieval.described import RENDERINGS, features_of, query_of_features
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home

K = 64
ROLES = ("archive", "val")
TEST = ("test",)
_STEP = 100_003
"""Between the seeds of two descriptions, so that their renderings have no seed in common."""


@dataclass(frozen=True, slots=True)
class Scores:
    """AP@64 of each description, averaged over runs, shape (Q,): divisor min(R, k) and hits."""

    min_r_k: NDArray[np.float64]
    hits: NDArray[np.float64]


def run(
    home: Home,
    run_ids: Sequence[str],
    queries: int = 8,
    test: bool = False,
    version: int = VERSION,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measures ``queries`` descriptions of each landform class in every run.

    Returns:
        Measurements that JSON can hold: ``runs``, ``roles``, ``queries``, and for ``one`` rendered
        tile and for the ``description`` of nine ``map_at_64`` (value and 95 % interval, a bootstrap
        over descriptions of the AP averaged over runs), ``map_at_64_hits`` and ``per_class``.

    Raises:
        RunError: the runs have different encoders, or no labelled tiles of these roles.
    """
    searchers = [Searcher.open(home, run_id) for run_id in run_ids]
    roles = TEST if test else ROLES
    labels = _labels(searchers, roles)
    described = _descriptions(labels, queries)
    features = _features(searchers, described, version, progress)
    answer: dict[str, Any] = {"bench": "describe", "runs": list(run_ids), "roles": list(roles)}
    answer |= {"queries": len(described), "version": version}
    for name, count in (("one", 1), ("description", RENDERINGS)):
        scores = _score(searchers, described, [block[:count] for block in features], roles)
        answer[name] = _summary(scores, [entry.landform for entry in described])
    return answer


def _labels(searchers: Sequence[Searcher], roles: tuple[str, ...]) -> set[str]:
    if len({searcher.encoder().fingerprint for searcher in searchers}) != 1:
        raise RunError("The runs have different encoders; name runs of one encoder.")
    items = searchers[0].items
    present = {items.labels[row] for row in items.rows(roles)} & {form.landform for form in FORMS}
    if not present:
        raise RunError(f"Run {searchers[0].summary.id} has no landforms in {', '.join(roles)}.")
    return {label for label in present if label is not None}


def _descriptions(labels: set[str], queries: int) -> list[Description]:
    forms = {form.landform: form.name for form in reversed(FORMS) if form.kind is None}
    return [
        Description(name, seed=number * _STEP)
        for landform, name in sorted(forms.items())
        if landform in labels
        for number in range(1, queries + 1)
    ]


def _features(
    searchers: Sequence[Searcher],
    described: Sequence[Description],
    version: int,
    progress: Progress,
) -> list[NDArray[np.float32]]:
    encoder, features = searchers[0].encoder(), []
    for done, description in enumerate(described):
        progress("Rendering descriptions", done, len(described))
        features.append(features_of(encoder, description, RENDERINGS, version))
    return features


def _score(
    searchers: Sequence[Searcher],
    described: Sequence[Description],
    features: Sequence[NDArray[np.float32]],
    roles: tuple[str, ...],
) -> Scores:
    by_run: dict[metrics.Divisor, list[NDArray[np.float64]]] = {"min_r_k": [], "hits": []}
    for searcher in searchers:
        rows = searcher.items.rows(roles)
        counts = Counter(searcher.items.labels.values_at(rows))
        relevant = np.zeros((len(described), K), dtype=bool)
        for number, (description, block) in enumerate(zip(described, features, strict=True)):
            query = query_of_features(searcher, description, block)
            hits = searcher.search(query, K, Filters(roles=roles))
            relevant[number, : len(hits)] = [hit.label == description.landform for hit in hits]
        present = np.array([counts[entry.landform] for entry in described])
        for divisor, values in by_run.items():
            values.append(metrics.average_precision(relevant, present, K, divisor))
    return Scores(*(np.mean(by_run[name], axis=0) for name in ("min_r_k", "hits")))


def _summary(scores: Scores, landforms: list[str]) -> dict[str, Any]:
    classes = metrics.per_class(scores.min_r_k, landforms)
    return {
        "map_at_64": metrics.bootstrap_interval(scores.min_r_k).to_json(4),
        "map_at_64_hits": round(float(np.mean(scores.hits)), 4),
        "per_class": {code: round(value, 4) for code, (_, value) in classes.items()},
    }
