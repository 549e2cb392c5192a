"""The measure of likeness: votes of nearest neighbours, and the benchmark around them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks import synthetic as bench
from mirs_core.workspace.home import Home


def slow_vote(
    known: np.ndarray, labels: list[str], asked: np.ndarray, neighbours: int
) -> list[str]:
    """The same, one pair at a time."""
    known, asked = known - known.mean(0), asked - asked.mean(0)
    answers = []
    for query in asked:
        scored = []
        for label, row in zip(labels, known, strict=True):
            cosine = float(query @ row) / float(np.linalg.norm(query) * np.linalg.norm(row))
            scored.append((cosine, label))
        scored.sort(key=lambda pair: -pair[0])
        ballots: Counter[str] = Counter()
        for cosine, label in scored[:neighbours]:
            ballots[label] += max(cosine, 0)
        answers.append(sorted(ballots, key=lambda label: (-ballots[label], label))[0])
    return answers


@pytest.mark.parametrize("neighbours", [1, 5, 15, 100])
def test_vote_agrees_with_its_slow_twin(neighbours: int) -> None:
    rng = np.random.default_rng(neighbours)
    known = rng.normal(size=(60, 8)).astype(np.float32)
    asked = rng.normal(size=(25, 8)).astype(np.float32)
    labels = [str(label) for label in rng.choice(list("abcd"), 60)]
    assert bench.vote(known, labels, asked, neighbours) == slow_vote(
        known, labels, asked, neighbours
    )


def test_a_shift_of_one_set_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    known = rng.normal(size=(40, 6)).astype(np.float32)
    asked = rng.normal(size=(10, 6)).astype(np.float32)
    labels = list("ab") * 20
    assert bench.vote(known, labels, asked) == bench.vote(known + 3, labels, asked - 5)


def test_without_real_tiles_only_the_speed_is_measured(tmp_path: Path) -> None:
    answer = bench.run(Home(tmp_path), per_class=1, workers=1)
    assert answer["bench"] == "synthetic"
    assert answer["tiles"] == 15
    assert answer["seconds"] > 0
    assert answer["vote"] is None
    assert "MIRS_TEST_DATA" in answer["note"]
