"""Scores of several examples at once, against sums written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mirs_core.ranking import refine
from mirs_core.ranking.archive import FloatArchive, HashArchive


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.just(3))),
    arrays(np.uint8, st.tuples(st.integers(0, 4), st.just(3))),
)
def test_mean_hamming_is_the_mean_of_counted_bits(codes: np.ndarray, examples: np.ndarray) -> None:
    found = refine.mean_hamming(codes, examples)
    for code, value in zip(codes, found, strict=True):
        counts = [
            sum((int(a) ^ int(b)).bit_count() for a, b in zip(code, one, strict=True))
            for one in examples
        ]
        assert value == pytest.approx(np.mean(counts) if counts else 0)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_mean_float_is_the_mean_of_the_archive_distances(metric: refine.Metric) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20, 6)).astype(np.float32)
    features[3] = 0
    examples = features[[0, 3, 5]]
    distances, rows = FloatArchive(features, metric).search(examples, len(features))
    expected = np.zeros(len(features))
    for distance, row in zip(distances, rows, strict=True):
        expected[row] += distance / len(examples)
    found = refine.mean_float(features, examples, metric)
    assert found == pytest.approx(expected, abs=2e-3)
    assert not refine.mean_float(features, examples[:0], metric).any()


def test_one_positive_alone_ranks_like_a_plain_search() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (300, 4)).astype(np.uint8)
    _, rows = HashArchive(codes).search(codes[:1], len(codes))
    scores = refine.scores(refine.mean_hamming(codes, codes[:1]), np.zeros(len(codes)))
    assert np.argsort(scores, kind="stable").tolist() == rows[0].tolist()


def test_negatives_push_away_and_gamma_says_how_much() -> None:
    near, far = np.array([4.0, 4.0]), np.array([0.0, 6.0])
    assert refine.scores(near, far).tolist() == [4.0, 1.0]
    assert refine.scores(near, far, gamma=0).tolist() == [4.0, 4.0]
    assert refine.scores(near, far, gamma=2).tolist() == [4.0, -8.0]
