"""PCA-sign: axes against an eigendecomposition, and what a run of it reads."""

import numpy as np
import pytest
import torch

from mirs_core.errors import DataError
from mirs_core.hashing.pca_sign import fit_pca_sign
from mirs_core.ranking.codes import hamming

RNG = np.random.default_rng(6)
X = (RNG.normal(size=(60, 20)) * np.linspace(3, 0.1, 20) + 5).astype(np.float32)


def test_bits_are_signs_of_rotated_principal_axes() -> None:
    model = fit_pca_sign(X, 16, seed=1)
    centred = X.astype(np.float64) - X.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(centred.T))
    span = vectors[:, ::-1][:, :8]
    weights = model.state()["head.layers.0.weight"].double().numpy()
    # Eight axes in sixteen bits: no weight leaves the span of the eight largest axes, and the
    # columns of the rotation are orthonormal.
    assert weights @ span @ span.T == pytest.approx(weights, abs=1e-5)
    assert (weights @ span).T @ (weights @ span) == pytest.approx(np.eye(8), abs=1e-5)
    signs = (centred @ weights.T >= 0).astype(np.uint8)
    bits = np.unpackbits(model.encode(X, "target"), axis=1)
    assert np.mean(bits != signs) < 0.002


def test_codes_are_seeded_and_keep_neighbours() -> None:
    one, same, other = (fit_pca_sign(X, 64, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.encode(X, "target"), same.encode(X, "target"))
    assert not np.array_equal(one.encode(X, "target"), other.encode(X, "target"))
    codes = one.encode(X, "target")
    near = X + 0.01 * RNG.normal(size=X.shape).astype(np.float32)
    assert np.array_equal(hamming(one.encode(near, "source"), codes).argmin(axis=1), np.arange(60))


def test_the_global_random_state_stays() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    fit_pca_sign(X, 32, seed=0)
    assert torch.equal(state, torch.get_rng_state())


def test_one_tile_has_no_axes() -> None:
    with pytest.raises(DataError, match="two tiles"):
        fit_pca_sign(X[:1], 32, seed=0)
