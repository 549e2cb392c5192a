"""``bench landforms``: how many tiles should vote, with what weights, and when a vote is sure.

Archive and training tiles vote on validation tiles. Test tiles are not used: they measure the
accuracy of an estimate and must not influence any choice.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import RunError
from mirs_core.landform_map.votes import Votes, Weighting
from mirs_core.landform_map.voting import K, classes_of, labelled_rows, vote, voters_without_copies
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home

KS = (1, 3, 5, 10, 15, 20, 25, 35, 50)
MARGINS = (0.0, 0.3, 0.5, 0.7, 0.9)
WITHIN = (1.0, 0.95, 0.9, 0.8)
_WEIGHTINGS: tuple[Weighting, ...] = ("equal", "near")


def run(home: Home, run_ids: Sequence[str], progress: Progress = silent) -> dict[str, Any]:
    """Accuracy of the vote over k and weighting, and accuracy over coverage, pooled over runs.

    ``votes``: accuracy and Brier score (0 to 2, lower is better) of each k and weighting.
    ``rules``: of ``K`` equal votes, the share of tiles that remain when those with a margin below
    ``margin`` and those farther than the share ``within`` of all are left open, and their accuracy.

    Raises:
        RunError: a run has no labelled validation tiles.
    """
    searchers = [Searcher.open(home, run_id) for run_id in run_ids]
    votes = []
    for done, k in enumerate(KS):
        progress("Voting on validation tiles", done, len(KS))
        for weighting in _WEIGHTINGS:
            right, brier = zip(
                *(_figures(searcher, k, weighting) for searcher in searchers), strict=True
            )
            votes.append(
                {
                    "k": k,
                    "weighting": weighting,
                    "accuracy": round(float(np.concatenate(right).mean()), 4),
                    "brier": round(float(np.concatenate(brier).mean()), 4),
                }
            )
    queries = [_vote(searcher, K, "equal") for searcher in searchers]
    rules = [_rule(queries, margin, within) for within in WITHIN for margin in MARGINS]
    return {"runs": list(run_ids), "tiles": sum(len(a[1]) for a in queries), "votes": votes,
            "rules": rules}  # fmt: skip


def _vote(
    searcher: Searcher, k: int, weighting: Weighting
) -> tuple[Votes, NDArray[np.float64], NDArray[np.int64]]:
    """The votes on the validation tiles, their nearest distances, their own columns (or -1)."""
    queries = labelled_rows(searcher, ("val",))
    voters = voters_without_copies(searcher, ("archive", "train"), queries)
    if not len(queries) or not len(voters):
        raise RunError(f"Run {searcher.summary.id} has no labelled validation tiles; give another.")
    classes = classes_of(searcher)
    codes = searcher.retriever.codes[queries]
    votes, near = vote(searcher, voters, classes, codes, k, weighting)
    own = np.array([classes.index(str(searcher.items.labels[row])) for row in queries])
    return votes, near, own


def _figures(
    searcher: Searcher, k: int, weighting: Weighting
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    votes, _, own = _vote(searcher, k, weighting)
    truth = np.eye(votes.shares.shape[1])[own]
    return (votes.winner == own).astype(np.float64), ((votes.shares - truth) ** 2).sum(axis=1)


def _rule(
    queries: Sequence[tuple[Votes, NDArray[np.float64], NDArray[np.int64]]],
    margin: float,
    within: float,
) -> dict[str, float | None]:
    sure = np.concatenate(
        [
            (votes.margin >= margin - 1e-8) & (near <= np.quantile(near, within, method="higher"))
            for votes, near, _ in queries
        ]
    )
    right = np.concatenate([votes.winner == own for votes, _, own in queries])
    return {
        "within": within,
        "margin": margin,
        "coverage": round(float(sure.mean()), 4),
        "accuracy": round(float(right[sure].mean()), 4) if sure.any() else None,
        "accuracy_of_rest": round(float(right[~sure].mean()), 4) if not sure.all() else None,
    }
