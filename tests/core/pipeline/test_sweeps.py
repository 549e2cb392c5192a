"""Sweeps: every cell once, chosen by validation alone, however often the work breaks off."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeNetwork, write_dataset
from hypothesis import given
from hypothesis import strategies as st

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.errors import ConfigError, RunError
from mirs_core.pipeline import sweeps, training
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def config(data: Path, preset: str = "mirs", *changes: str) -> RunConfig:
    short = ["training.epochs=2", "training.views=1", *changes]
    return from_preset(preset, data=str(data), changes=short)


def values(found: list[sweeps.Cell]) -> list[tuple[float, float, float | None]]:
    return [(cell.push, cell.balance, cell.value) for cell in found]


def test_a_grid_has_a_run_for_each_pair(home: Home, data: Path) -> None:
    made = sweeps.create(home, config(data), trials=9, push=(0.01, 1), balance=(0.1, 10))
    found = sweeps.carry_out(home, made.id)
    assert {(cell.push, cell.balance) for cell in found} == {
        (push, balance) for push in (0.01, 0.1, 1) for balance in (0.1, 1, 10)
    }
    for cell in found:
        run = runs.folder(home, cell.run)
        loss = run.config().loss
        assert (loss.push_weight, loss.balance_weight) == (cell.push, cell.balance)
        assert cell.value == max(line["map_at_64"] for line in run.history())
        assert "sweep" in annotations.read(home, cell.run).tags
    top = sweeps.best(found)
    assert top is not None and top.value == max(cell.value or 0 for cell in found)
    assert sweeps.load(home, made.id) == made and sweeps.list_sweeps(home) == [made]


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_optuna_proposes_inside_the_ranges_and_the_same_again(
    home: Home, data: Path, method: str
) -> None:
    one, two = (
        sweeps.create(home, config(data), method=method, trials=5, push=(0.01, 1), balance=(1, 10))
        for _ in range(2)
    )
    found = sweeps.carry_out(home, one.id)
    assert values(found) == values(sweeps.carry_out(home, two.id))
    assert len({(cell.push, cell.balance) for cell in found}) == 5
    assert all(0.01 <= cell.push <= 1 and 1 <= cell.balance <= 10 for cell in found)


@pytest.mark.parametrize("method", sweeps.METHODS)
def test_a_sweep_that_broke_off_ends_as_if_it_had_not(
    home: Home, data: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = (sweeps.create(home, config(data), method=method, trials=4) for _ in range(2))
    expected = values(sweeps.carry_out(home, whole.id))
    trained: list[str] = []
    train = training.train

    def dies(home: Home, run: Any, *rest: Any, **more: Any) -> Any:
        trained.append(run.id)
        if len(trained) == 3:
            raise KeyboardInterrupt
        return train(home, run, *rest, **more)

    monkeypatch.setattr(training, "train", dies)
    with pytest.raises(KeyboardInterrupt):
        sweeps.carry_out(home, broken.id)
    assert len(sweeps.cells(home, broken.id)) == 3
    assert values(sweeps.carry_out(home, broken.id)) == expected
    # The third is tried again, as the same run; nothing that was finished is.
    assert len(trained) == 5 and trained[2] == trained[3]


def test_a_stop_keeps_what_is_finished(home: Home, data: Path) -> None:
    made = sweeps.create(home, config(data), trials=4)
    stop = threading.Event()

    def after_two(stage: str, done: int, total: int) -> None:
        if done == 2:
            stop.set()

    found = sweeps.carry_out(home, made.id, after_two, stop.is_set)
    assert [cell.value is not None for cell in found] == [True, True]
    assert len(sweeps.carry_out(home, made.id)) == 4


@pytest.mark.parametrize(
    ("preset", "options", "why"),
    [
        ("baseline", {}, "validation mAP@64"),
        ("mirs-unsupervised", {}, "validation mAP@64"),
        ("mirs", {"method": "magic"}, "no method"),
        ("mirs", {"push": (1.0, 1.0)}, "0 < low < high"),
        ("mirs", {"push": (0.0, 1.0)}, "0 < low < high"),
        ("mirs", {"balance": (1.0, float("inf"))}, "0 < low < high"),
        ("mirs", {"balance": (1.0, 1e5)}, "must be between"),
        ("mirs", {"trials": 3}, "between 4 and 400 trials"),
    ],
)
def test_what_has_no_sense_is_refused(
    home: Home, data: Path, preset: str, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        sweeps.create(home, from_preset(preset, data=str(data)), **options)
    assert sweeps.list_sweeps(home) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 1}', '{"schema": 9}'])
def test_a_damaged_sweep_is_named_and_hides_no_other(home: Home, data: Path, text: str) -> None:
    good, bad = (sweeps.create(home, config(data), trials=4) for _ in range(2))
    (home.path / "sweeps" / bad.id / "sweep.json").write_text(text)
    with pytest.raises(RunError):
        sweeps.load(home, bad.id)
    assert sweeps.list_sweeps(home) == [good]
    (home.path / "sweeps" / good.id / "cells.json").write_text('[{"push": 1}]')
    with pytest.raises(RunError, match="is damaged"):
        sweeps.cells(home, good.id)
    with pytest.raises(RunError, match="There is no sweep"):
        sweeps.load(home, "../runs")


def test_a_deleted_sweep_leaves_its_runs(home: Home, data: Path) -> None:
    made = sweeps.create(home, config(data), trials=4)
    sweeps.carry_out(home, made.id)
    sweeps.delete(home, made.id)
    assert sweeps.list_sweeps(home) == [] and len(runs.list_runs(home)) == 4
    with pytest.raises(RunError, match="There is no sweep"):
        sweeps.delete(home, made.id)


@given(st.floats(1e-5, 1e2), st.floats(1.5, 1e3), st.integers(2, 20))
def test_a_log_range_has_equal_factors(low: float, factor: float, count: int) -> None:
    found = sweeps.log_range(low, low * factor, count)
    expected = [low * factor ** (i / (count - 1)) for i in range(count)]
    assert found == pytest.approx(expected, rel=6e-3)


def test_the_commands(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(home))

    def said(*words: str) -> Any:
        assert cli.main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    fast = ("--set", "training.epochs=1", "--set", "training.views=1")
    made = said("sweep", "--data", str(data), "--trials", "4", "--push", "0.1", "1", *fast)
    assert len(made["cells"]) == 4 and made["best"] in {one["run"] for one in made["cells"]}
    assert said("sweep", "--id", made["sweep"]) == made == said("sweeps", "show", made["sweep"])
    assert said("sweeps", "list")[0]["done"] == 4
    assert cli.main(["sweeps", "list"]) == 0 and "4/4" in capsys.readouterr().out
    assert said("sweeps", "delete", made["sweep"]) == {"deleted": made["sweep"]}
    assert cli.main(["sweep"]) == 2 and "--data" in capsys.readouterr().err
