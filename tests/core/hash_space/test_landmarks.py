"""Projections by landmarks: rare codes among them, the same twice, tiles where they belong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import among_landmarks

from mirs_core.config.presets import from_preset
from mirs_core.errors import StoppedError
from mirs_core.hash_space import landmarks, projection, sampled_fidelity, space_maps
from mirs_core.pipeline import training
from mirs_core.progress import stoppable
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.workspace.home import Home


def skewed(count: int = 3000, rare: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Codes of two large groups and a small one far from both, and the group of each tile."""
    rng = np.random.default_rng(0)
    group = np.where(np.arange(count) < rare, 2, np.arange(count) % 2)
    bits = rng.integers(0, 2, (3, 64))[group] ^ (rng.random((count, 64)) < 0.04)
    return np.packbits(bits.astype(bool), axis=1), group


def test_landmarks_are_drawn_by_seed_differ_in_code_and_hold_rare_ones() -> None:
    codes, group = skewed()
    archive = HashArchive(codes)
    rows = landmarks.choose(archive, 200, seed=1)
    assert len(rows) == 200 and (np.diff(rows) > 0).all()
    assert (rows == landmarks.choose(archive, 200, seed=1)).all()
    assert (rows != landmarks.choose(archive, 200, seed=2)).any()
    assert len(np.unique(codes[rows], axis=0)) == 200
    # A uniform draw holds 0.8 of the 12 tiles of the small group.
    assert (group[rows] == 2).sum() >= 4


def test_few_different_codes_still_give_landmarks() -> None:
    codes = np.repeat(skewed(10, 2)[0], 300, axis=0)
    rows = landmarks.choose(HashArchive(codes), 200)
    assert len(rows) == len(set(rows.tolist())) == 64
    assert len(np.unique(codes[rows], axis=0)) == len(np.unique(codes, axis=0))
    points, chosen = landmarks.project(HashArchive(codes), most=200)
    assert chosen == 64 and points.shape == (3000, 2) and np.isfinite(points).all()


@pytest.mark.parametrize("kind", ["bits", "euclidean", "cosine"])
def test_tiles_lie_among_their_nearest_landmarks(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmarks, "_BLOCK", 100)
    rng = np.random.default_rng(3)
    archive = (
        HashArchive(skewed(700)[0])
        if kind == "bits"
        else FloatArchive(rng.normal(size=(700, 12)).astype(np.float32), kind)
    )
    rows = landmarks.choose(archive, 150)
    chosen = landmarks.subset(archive, rows)
    layout = rng.normal(size=(len(rows), 2)).astype(np.float32)
    points = landmarks.place(archive, chosen, layout)
    away, order = chosen.search(projection.codes_of(archive), 5)
    apart = np.linalg.norm(layout[:, None] - layout[None], axis=2)
    apart[np.eye(len(layout), dtype=bool)] = np.inf
    for point, distances, near in zip(points, away, order, strict=True):
        if distances[0] == 0:
            reach = np.linalg.norm(point - layout[near[0]])
            assert reach <= apart[near[0]].min() / 2 + 1e-5
        else:
            assert point == pytest.approx(
                among_landmarks(distances.tolist(), layout[near].tolist()), abs=1e-3
            )


def test_tiles_with_one_code_are_spread_and_not_a_dot() -> None:
    codes = np.concatenate([skewed(300)[0], np.repeat(skewed(300)[0][:1], 50, axis=0)])
    points, _ = landmarks.project(HashArchive(codes), most=100)
    assert len(np.unique(points[300:], axis=0)) == 50


def test_a_projection_by_landmarks_is_the_same_twice_and_keeps_groups_apart() -> None:
    codes, group = skewed(2000, 40)
    archive = HashArchive(codes)
    points, count = landmarks.project(archive, seed=5, most=400)
    again, _ = landmarks.project(archive, seed=5, most=400)
    assert count == 400 and points.dtype == np.float32 and (points == again).all()
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1, abs=1e-5)
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    away[np.eye(len(points), dtype=bool)] = np.inf
    assert (group[away.argmin(axis=1)] == group).mean() > 0.99
    fidelity = sampled_fidelity.fidelity(archive, points)
    assert fidelity.trustworthiness > 0.75 and fidelity.near is not None


@given(st.integers(0, 1000), st.integers(25, 90), st.sampled_from(["bits", "euclidean", "cosine"]))
@settings(max_examples=30, deadline=None)
def test_the_counted_fidelity_is_that_of_whole_rankings(seed: int, count: int, kind: Any) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 2)).astype(np.float32)
    archive: HashArchive | FloatArchive
    if kind == "bits":
        # Two bytes: many ties.
        archive = HashArchive(rng.integers(0, 256, (count, 2), dtype=np.uint8))
    else:
        archive = FloatArchive(rng.normal(size=(count, 5)).astype(np.float32), kind)
    expected = projection.fidelity(archive, points)
    counted = sampled_fidelity.fidelity(archive, points)
    assert counted.trustworthiness == pytest.approx(expected.trustworthiness, abs=2e-4)
    assert counted.preservation == pytest.approx(expected.preservation, abs=2e-4)
    assert counted.sample_size == expected.sample_size == count


def _trained(path: Path) -> tuple[Home, str]:
    layout = {"train": {"cra": 30, "rid": 30}, "test": {"cra": 10, "rid": 10}}
    home = Home(path / "home")
    data = write_dataset(path / "tiles", layout)
    return home, training.prepare_and_train(home, from_preset("baseline", data=str(data))).run


def test_a_run_above_the_limit_is_projected_by_landmarks_and_says_so(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = _trained(tmp_path)
    whole = space_maps.project(home, run)
    assert whole.landmarks is None and whole.fidelity.near is None
    monkeypatch.setattr(landmarks, "LIMIT", 70)
    space_map = space_maps.project(home, run, seed=4)
    assert space_map.landmarks == 80
    assert space_map.to_json()["landmarks"] == 80 and space_map.to_json()["near"] is not None
    stored = space_maps.read(home, run)
    assert stored is not None and stored.to_json() == space_map.to_json()
    assert (stored.points == space_map.points).all()
    assert isinstance(stored.points, np.memmap)


def test_a_stopped_projection_leaves_the_present_one(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = _trained(tmp_path)
    before = space_maps.project(home, run)
    monkeypatch.setattr(landmarks, "LIMIT", 70)
    for stop_at in ("Choosing landmarks", "Placing tiles", "Measuring the projection"):
        stages: list[str] = []

        def seen(stage: str, done: int, total: int, stages: list[str] = stages) -> None:
            stages.append(stage)

        with pytest.raises(StoppedError):
            space_maps.project(
                home,
                run,
                9,
                stoppable(seen, lambda at=stop_at, s=stages: at in s),  # type: ignore[misc]
            )
        assert stop_at in stages
        after = space_maps.read(home, run)
        assert after is not None and after.to_json() == before.to_json()
