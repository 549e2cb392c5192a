"""Whitening: the output's covariance, the groups, the shrinkage, and the plain scalings."""

import numpy as np
import pytest
import reference
import torch
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.hashing.whitening import Transform, identity, scaling, whitening

Floats = NDArray[np.float64]


def correlated(rows: int, width: int, seed: int = 0, spread: float = 1.0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(rows, width)) @ rng.normal(size=(width, width)) * spread
    return (mixed + rng.normal(size=width)).astype(np.float32)


def transformed(transform: Transform, x: NDArray[np.float32]) -> Floats:
    return transform(torch.from_numpy(x)).numpy().astype(np.float64)


def covariance(x: Floats) -> Floats:
    return np.cov(x, rowvar=False, bias=True).reshape(x.shape[1], x.shape[1])


def shrunk_cholesky(c: Floats, eps: float, shrinkage: str) -> Floats:
    if shrinkage == "trace":
        return np.linalg.cholesky((1 - eps) * c + eps * np.trace(c) / len(c) * np.eye(len(c)))
    return np.linalg.cholesky(c + eps * np.eye(len(c)))


@pytest.mark.parametrize("shrinkage", ["trace", "absolute"])
@pytest.mark.parametrize("eps", [1e-3, 0.1, 0.9])
def test_the_covariance_of_the_output_is_that_of_the_formula(eps: float, shrinkage: str) -> None:
    x = correlated(200, 12)
    out = covariance(transformed(whitening(x, 4, eps, shrinkage), x))
    for start in range(0, 12, 4):
        part = slice(start, start + 4)
        c = covariance(x[:, part].astype(np.float64))
        inverse = np.linalg.inv(shrunk_cholesky(c, eps, shrinkage))
        np.testing.assert_allclose(out[part, part], inverse @ c @ inverse.T, atol=1e-4)


@pytest.mark.parametrize("shrinkage", ["trace", "common", "absolute"])
def test_the_covariance_is_the_identity_only_as_eps_goes_to_zero(shrinkage: str) -> None:
    x = correlated(300, 6)
    gaps = []
    for eps in (1e-1, 1e-2, 1e-3, 1e-7):
        out = covariance(transformed(whitening(x, 6, eps, shrinkage), x))
        gaps.append(float(np.abs(out - np.eye(6)).max()))
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0.1
    assert gaps[-1] < 1e-4


@pytest.mark.parametrize("shrinkage", ["trace", "common", "absolute"])
@pytest.mark.parametrize("group_size", [1, 3, 4, 7, 10, 99])
def test_new_rows_are_whitened_as_the_loop_does(group_size: int, shrinkage: str) -> None:
    x, new = correlated(60, 10), correlated(5, 10, seed=1)
    expected = reference.whitened(x.tolist(), new.tolist(), group_size, 0.02, shrinkage)
    found = transformed(whitening(x, group_size, 0.02, shrinkage), new)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_the_last_group_holds_what_is_left() -> None:
    transform = whitening(correlated(60, 10), 4, 0.01)
    assert transform.blocks.shape == (3, 4, 4)
    assert (transform.blocks[2, 2:] == 0).all()
    assert (transform.blocks[2, :, 2:] == 0).all()
    assert (transform.blocks[2, :2, :2].diagonal() > 0).all()


def test_a_group_is_never_wider_than_the_features() -> None:
    assert whitening(correlated(60, 10), 32, 0.01).blocks.shape == (1, 10, 10)


def test_channels_of_different_groups_do_not_mix() -> None:
    x = correlated(60, 6)
    transform = whitening(x, 3, 0.01)
    changed = x.copy()
    changed[:, 3:] += 5
    before, after = transformed(transform, x), transformed(transform, changed)
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).any(axis=0).all()


def test_trace_shrinkage_follows_the_size_of_the_features_and_absolute_does_not() -> None:
    x = correlated(100, 4)
    small = x * np.float32(0.01)
    np.testing.assert_allclose(
        transformed(whitening(x, 4, 0.1), x),
        transformed(whitening(small, 4, 0.1), small),
        atol=1e-3,
    )
    absolute = covariance(transformed(whitening(small, 4, 0.1, "absolute"), small))
    # eps I drowns features this small: nothing is whitened any more.
    assert np.abs(absolute).max() < 0.1


@pytest.mark.parametrize("rows", [0, 1])
def test_one_row_is_refused(rows: int) -> None:
    with pytest.raises(DataError, match="at least two tiles"):
        whitening(correlated(2, 4)[:rows], 2, 0.1)


def test_fewer_rows_than_channels_are_shrunk_to_something_finite() -> None:
    x = correlated(3, 16)
    out = transformed(whitening(x, 16, 1e-3), x)
    assert np.isfinite(out).all()
    with pytest.raises(DataError, match=r"Channels 0 to 15 .* whitening\.eps"):
        whitening(x, 16, 0.0)


def test_a_group_without_variance_is_refused() -> None:
    x = correlated(50, 6)
    x[:, 2:4] = 0.1
    with pytest.raises(DataError, match="Channels 2 to 3"):
        whitening(x, 2, 1e-3)
    assert np.isfinite(transformed(whitening(x, 3, 1e-3), x)).all()
    assert np.isfinite(transformed(whitening(x, 2, 1e-3, "absolute"), x)).all()


@pytest.mark.parametrize("group_size", [4, 5])
def test_a_transform_takes_views_of_tiles(group_size: int) -> None:
    x = correlated(24, 10)
    transform = whitening(x, group_size, 0.01)
    stacked = torch.from_numpy(x).reshape(2, 3, 4, 10)
    out = transform(stacked)
    assert out.shape == (2, 3, 4, 10)
    np.testing.assert_allclose(
        out.reshape(24, 10), transform(torch.from_numpy(x)), rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(
        transform(torch.from_numpy(x[7])), transformed(transform, x)[7], rtol=1e-4, atol=1e-5
    )


def test_the_identity_changes_nothing() -> None:
    x = correlated(7, 5)
    np.testing.assert_array_equal(identity(5)(torch.from_numpy(x)), x)


@pytest.mark.parametrize("form", ["centred", "scaled", "standardised"])
def test_scaling_is_that_of_numpy(form: str) -> None:
    x = correlated(80, 5)
    centred = x - x.mean(axis=0)
    expected = {
        "centred": centred,
        "scaled": centred / np.sqrt(x.var(axis=0).mean()),
        "standardised": centred / x.std(axis=0),
    }[form]
    found = transformed(scaling(x, form), x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_scaling_keeps_a_dead_channel_small() -> None:
    x = correlated(80, 5)
    x[:, 2] = 0.3
    transform = scaling(x, "standardised")
    spread = np.sqrt(x.astype(np.float64).var(axis=0).mean())
    assert float(transform.blocks[2]) == pytest.approx(100 / spread, rel=1e-4)
    assert np.abs(transformed(transform, x)[:, 2]).max() < 1e-4
    equal = np.full((4, 5), 2.0, np.float32)
    assert np.isfinite(transformed(scaling(equal, form="scaled"), equal)).all()


def test_statistics_are_summed_in_double_precision() -> None:
    x = correlated(400, 3, spread=0.1) + np.float32(1000)
    expected = x.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(scaling(x, "centred").mean, expected, rtol=1e-7)
    np.testing.assert_allclose(whitening(x, 3, 0.1).mean, expected, rtol=1e-7)


def test_common_shrinkage_keeps_weak_groups_weak() -> None:
    x = correlated(400, 8)
    x[:, 4:] *= 0.1
    spread = {
        form: transformed(whitening(x, 4, 0.9, form), x).std(axis=0).reshape(2, 4).mean(axis=1)
        for form in ("trace", "common")
    }
    strong, weak = spread["trace"]
    assert weak / strong > 0.8
    strong, weak = spread["common"]
    assert weak / strong < 0.2


def test_common_shrinkage_passes_a_group_that_hardly_varies() -> None:
    x = correlated(50, 8)
    x[:, 4:] = 1.0
    assert np.isfinite(transformed(whitening(x, 4, 0.1, "common"), x)).all()
