"""Maps of the hash space: the same twice, neighbours kept, figures against slow twins."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.errors import DataError, RunError
from mirs_core.hash_space import projection, space_maps
from mirs_core.pipeline import training
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.workspace.home import Home


def clusters(count: int = 60) -> np.ndarray:
    """Three far groups of codes with a few bits of noise."""
    rng = np.random.default_rng(0)
    centres = rng.integers(0, 2, (3, 64))
    bits = centres[np.arange(count) % 3] ^ (rng.random((count, 64)) < 0.05)
    return np.packbits(bits.astype(bool), axis=1)


def test_equal_seeds_give_equal_maps_that_keep_the_clusters_apart() -> None:
    archive = HashArchive(clusters())
    points = projection.project(archive, seed=3)
    assert (points == projection.project(archive, seed=3)).all()
    assert points.shape == (60, 2) and points.dtype == np.float32
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1, abs=1e-5)
    assert np.abs(points.mean(axis=0)).max() < 1e-5
    group = np.arange(60) % 3
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    away[np.eye(60, dtype=bool)] = np.inf
    assert (group[away.argmin(axis=1)] == group).all()
    found = projection.fidelity(archive, points)
    assert found.trustworthiness > 0.9 and found.sample_size == 60


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_neighbours_by_products_are_those_of_the_archive(metric: Any) -> None:
    rng = np.random.default_rng(4)
    features = rng.normal(size=(700, 40)).astype(np.float32) + 30
    features[300:330] = features[0]
    archive = FloatArchive(features, metric)
    away, rows = projection._nearest(archive, 9)
    expected, _ = archive.search(features, 9)
    assert np.allclose(away, expected, atol=1e-5)
    assert (away[300:330] == 0).all() and rows.shape == (700, 9)
    own = archive.search(features[:1], 700)
    by_row = dict(zip(own[1][0].tolist(), own[0][0].tolist(), strict=True))
    assert [by_row[row] for row in rows[0].tolist()] == pytest.approx(away[0].tolist(), abs=1e-5)


def test_tiles_that_share_one_code_are_laid_out_too() -> None:
    codes = np.repeat(clusters(6), 10, axis=0)
    points = projection.project(HashArchive(codes))
    assert np.isfinite(points).all()


def test_too_few_tiles_make_no_map() -> None:
    with pytest.raises(DataError, match="at least"):
        projection.project(HashArchive(clusters(4)))


@given(st.integers(0, 1000), st.integers(25, 60))
@settings(max_examples=15, deadline=None)
def test_trustworthiness_is_that_of_scikit_learn(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    space = rng.normal(size=(count, 5)).astype(np.float32)
    points = rng.normal(size=(count, 2)).astype(np.float32)
    found = projection.fidelity(FloatArchive(space, "euclidean"), points)
    near = min(10, (count - 1) // 2)
    expected = trustworthiness(space, points, n_neighbors=near)
    assert found.trustworthiness == pytest.approx(expected, abs=1e-3)
    kept = 0
    for row in range(count):
        both = []
        for values in (space, points):
            away = ((values - values[row]) ** 2).sum(axis=1)
            away[row] = np.inf
            both.append(set(np.argsort(away, kind="stable")[:near].tolist()))
        kept += len(both[0] & both[1])
    assert found.preservation == pytest.approx(kept / (count * near), abs=1e-3)


def test_a_perfect_map_is_perfect() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    found = projection.fidelity(FloatArchive(points, "euclidean"), points)
    assert (found.trustworthiness, found.preservation) == (1.0, 1.0)


@given(st.floats(0, 6.28), st.booleans())
def test_a_turned_or_mirrored_map_is_turned_back(angle: float, mirrored: bool) -> None:
    points = np.random.default_rng(1).normal(size=(20, 2)).astype(np.float32)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn[:, 1] *= -1
    back = projection.aligned((points @ turn).astype(np.float32), points)
    assert back == pytest.approx(points, abs=1e-4)


def _answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert cli.main([*words, "--json", "--quiet"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_too_few_tiles_leave_a_run_without_a_map(
    tmp_path: Path, network: FakeNetwork, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    data = write_dataset(tmp_path / "tiles", {"train": {"cra": 2}, "test": {"cra": 1}})
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    made = _answer(capsys, "train", f"--data={data}", "--preset=baseline", "--map")
    assert space_maps.read(Home(tmp_path / "home"), made["run"]) is None


def test_a_run_keeps_its_map(
    tmp_path: Path, network: FakeNetwork, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    layout = {"train": {"cra": 8, "rid": 8}, "test": {"cra": 2, "rid": 2}}
    data, home = write_dataset(tmp_path / "tiles", layout), tmp_path / "home"
    run = training.prepare_and_train(Home(home), from_preset("baseline", data=str(data))).run
    assert space_maps.read(Home(home), run) is None
    monkeypatch.setenv("MIRS_HOME", str(home))
    answer = _answer(capsys, "project", "--run", run)
    found = space_maps.read(Home(home), run)
    assert found is not None and answer == found.to_json() and answer["tiles"] == 20
    made = _answer(capsys, "train", f"--data={data}", "--preset=baseline", "--map")
    assert space_maps.read(Home(home), made["run"]) is not None
    folder = home / "runs" / run
    (folder / "map.json").write_text("{}")
    assert space_maps.read(Home(home), run) is None
    space_maps.project(Home(home), run)
    np.save(folder / "map.npy", np.zeros((3, 2), np.float32))
    assert space_maps.read(Home(home), run) is None
    with pytest.raises(RunError):
        space_maps.read(Home(home), "../x")


@given(st.floats(0, 6.28), st.booleans())
def test_a_map_is_turned_by_what_both_have(angle: float, mirrored: bool) -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(30, 2)).astype(np.float32)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = turn * [1, -1]
    seen = (points @ turn).astype(np.float32)
    kept = projection.turned(seen, seen[:20], points[:20])
    np.testing.assert_allclose(kept, points, atol=1e-4)
    np.testing.assert_array_equal(projection.turned(seen, seen[:0], points[:0]), seen)


def test_a_tile_is_placed_among_its_nearest_and_not_between_two_clusters() -> None:
    left = np.array([[0, 0], [0.1, 0], [0, 0.1]], np.float32)
    far = np.array([[5, 5]], np.float32)
    place = projection.placed(np.concatenate([left, far]), np.array([1.0, 1, 1, 0.5]))
    assert place.dtype == np.float32 and np.linalg.norm(place) < 0.2
    np.testing.assert_array_equal(projection.placed(far, np.array([3])), far[0])


def test_the_central_row_of_a_group_is_nearest_to_its_median() -> None:
    points = np.array([[0, 0], [1, 0], [9, 0], [5, 5], [np.nan, 0], [7, 7]], dtype=np.float32)
    groups = np.array([0, 0, 0, 1, 2, 1])
    # The median of the first group is (1, 0); of two equally near points the first one counts.
    assert projection.central_rows(points, groups, 4) == [1, 3, None, None]
