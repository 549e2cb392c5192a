"""The script that asserts what lambda1 and lambda2 do, and that it can fail."""

from pathlib import Path

import pytest
from fakes import FakeNetwork, write_dataset

from benchmarks import lambda_figure, lambdas, train
from mirs_core.errors import ConfigError, RunError
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 20, "rid": 20, "smo": 20}, "test": {"cra": 2}}


def test_it_measures_every_decade(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambdas, "check", lambda distances, spreads: None)
    data = write_dataset(tmp_path / "tiles", LAYOUT)
    answer = lambdas.run(Home(tmp_path / "home"), data, push_steps=3, balance_epochs=2)
    assert answer["push_epochs"] == 3
    for name in ("push", "balance"):
        assert [row["weight"] for row in answer[name]] == list(lambdas.DECADES)
        assert all(0 <= row["mean_distance_from_half"] <= 0.5 for row in answer[name])
        for row in answer[name]:
            assert sum(row["soft_codes"]["shares"]) == pytest.approx(1, abs=1e-3)
            assert sum(row["ones"]["shares"]) == pytest.approx(1, abs=1e-3)
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    lambda_figure.draw(answer, first)
    lambda_figure.draw(answer, second)
    assert first.read_bytes() == second.read_bytes()
    curves = 2 * len(lambdas.DECADES)
    assert first.read_text().count("stroke-width: 1.6") >= curves
    pushed = [row["mean_distance_from_half"] for row in answer["push"]]
    assert pushed[-1] > pushed[0]


@pytest.mark.parametrize(
    ("distances", "spreads"),
    [
        ([0.3, 0.35, 0.39], [5, 2]),
        ([0.3, 0.29, 0.45], [5, 2]),
        ([0.3, 0.4, 0.45], [5, 3]),
    ],
)
def test_knobs_that_do_nothing_are_found_out(distances: list[float], spreads: list[float]) -> None:
    with pytest.raises(RunError, match="weight does not"):
        lambdas.check(distances, spreads)


def test_knobs_that_work_pass() -> None:
    lambdas.check([0.3, 0.3, 0.41], [5, 2.5])


def test_bench_train_times_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "TILES", 300)
    monkeypatch.setattr(train, "VALIDATION", 40)
    answer = train.run("mirs", epochs=2)
    assert answer["epochs"] == 2 and 0 < answer["epoch_p50_s"] <= answer["epoch_max_s"]
    assert answer["total_s"] >= answer["epoch_max_s"]


@pytest.mark.parametrize("preset", ["mirs-interclass", "mirs-2021-as-coded", "mirs-unsupervised"])
def test_bench_train_times_what_its_preset_trains(
    monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    monkeypatch.setattr(train, "TILES", 300)
    monkeypatch.setattr(train, "WIDTH", 64)
    monkeypatch.setattr(train, "VALIDATION", 40)
    answer = train.run(preset, epochs=2)
    learnt = 600 if preset == "mirs-unsupervised" else 300
    assert (answer["preset"], answer["epochs"], answer["tiles"]) == (preset, 2, learnt)


def test_bench_train_has_nothing_to_time_without_a_network() -> None:
    with pytest.raises(ConfigError, match="baseline trains no network"):
        train.run("baseline")
