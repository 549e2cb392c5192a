"""The baselines: features as they are, or centred on the archive."""

import numpy as np
import pytest

from mirs_core.errors import RunError
from mirs_core.hashing.baseline import FloatModel, metric
from mirs_core.ranking.distances import METRICS


@pytest.fixture
def features() -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.normal(size=(30, 6)) + 5).astype(np.float32)


def test_euclidean_leaves_features_as_they_are(features: np.ndarray) -> None:
    model = FloatModel.fit("euclidean", features)
    assert model.mean is None and model.state() == {}
    assert np.array_equal(model.encode(features), features)
    wide = np.asfortranarray(features.astype(np.float64))
    encoded = model.encode(wide)  # type: ignore[arg-type]
    assert encoded.dtype == np.float32 and encoded.flags.c_contiguous


def test_cosine_centres_on_the_archive_and_on_nothing_else(features: np.ndarray) -> None:
    model = FloatModel.fit("cosine", features)
    assert model.mean is not None and model.mean.dtype == np.float32
    assert np.allclose(model.mean, features.mean(axis=0, dtype=np.float64), atol=1e-6)
    assert np.allclose(model.encode(features).mean(axis=0), 0, atol=1e-5)
    queries = features[:3] + 7
    assert np.allclose(model.encode(queries), queries - model.mean)
    assert model.encode(queries).dtype == np.float32


def test_the_mean_of_many_large_features_is_exact() -> None:
    # Summed in float32, the mean of these would be off by some per cent.
    features = np.full((200_000, 2), 1000.1, dtype=np.float32)
    model = FloatModel.fit("cosine", features)
    assert model.mean is not None and np.array_equal(model.mean, features[0])


@pytest.mark.parametrize("distance", METRICS)
def test_state_describes_the_model(distance: str, features: np.ndarray) -> None:
    model = FloatModel.fit(distance, features)
    again = FloatModel.from_state(distance, model.state())
    assert again.distance == distance
    assert np.array_equal(again.encode(features[:4]), model.encode(features[:4]))


@pytest.mark.parametrize(
    ("distance", "state"),
    [
        ("cosine", {}),
        ("cosine", {"mean": np.zeros((1, 3), np.float32)}),
        ("cosine", {"mean": np.zeros(0, np.float32)}),
        ("cosine", {"mean": np.zeros((), np.float32)}),
        ("cosine", {"mean": np.array([1, np.nan], np.float32)}),
        ("cosine", {"mean": np.array([1, np.inf], np.float32)}),
        ("cosine", {"mean": np.zeros(3, np.float32), "other": np.zeros(3, np.float32)}),
        ("euclidean", {"mean": np.zeros(3, np.float32)}),
        ("manhattan", {"mean": np.zeros(3, np.float32)}),
        ("hamming", {}),
    ],
)
def test_states_that_do_not_fit_are_refused(distance: str, state: dict[str, np.ndarray]) -> None:
    with pytest.raises(RunError) as caught:
        FloatModel.from_state(distance, state)
    assert str(caught.value).endswith(".")


def test_unknown_distances_are_refused(features: np.ndarray) -> None:
    assert [metric(name) for name in METRICS] == ["euclidean", "cosine"]
    for name in ("hamming", "Euclidean", ""):
        with pytest.raises(RunError, match="choose one of euclidean, cosine"):
            metric(name)
        with pytest.raises(RunError):
            FloatModel.fit(name, features)
