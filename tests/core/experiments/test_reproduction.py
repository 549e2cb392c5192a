"""The report of a reproduction: cells kept, rows that wait or cannot be, figures of the runs."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core.config import presets
from mirs_core.config.head import HeadConfig
from mirs_core.datasets import scanning
from mirs_core.errors import ConfigError, DataError, RunError
from mirs_core.experiments import reproduction
from mirs_core.experiments.reproduction import measure, plan
from mirs_core.experiments.reproduction.cells import Bench
from mirs_core.experiments.reproduction.plan import Recipe, Row, Table
from mirs_core.experiments.reproduction.report import markdown, said
from mirs_core.pipeline import training
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 12, "rid": 12, "smo": 12},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
SHORT = ("training.epochs=2", "training.views=1")
SMALL = Table(
    "small",
    "A small table",
    "Two rows.",
    (
        Row("float", Recipe("baseline"), 0.668),
        Row("hash", Recipe("mirs", SHORT), 0.767),
        Row("gone", Recipe("mirs", (*SHORT, "archive.data=/not|there"))),
    ),
)
COSTS = Table("costs", "Costs", "", SMALL.rows[:2], costs=True)


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TABLES", (SMALL, COSTS))


def reproduced(home: Home, data: Path, out: Path, **options: Any) -> dict[str, Any]:
    return reproduction.reproduce(home, data, out, encoder="fake", **{"seeds": 2, **options})


def test_rows_hold_the_figures_of_the_runs(home: Home, data: Path, tmp_path: Path) -> None:
    report = reproduced(home, data, tmp_path / "out")
    rows = {row["label"]: row for row in report["tables"][0]["rows"]}
    for label, preset, changes in (("float", "baseline", ()), ("hash", "mirs", SHORT)):
        values, queries = [], []
        for seed in (0, 1):
            made = presets.from_preset(
                preset, data=str(data.resolve()), seed=seed, encoder="fake", changes=changes
            )
            run = runs.folder(home, training.prepare_and_train(home, made).run)
            found = json.loads(run.metrics.read_text())
            values.append(found["map_at_64"]["min_r_k"]["value"])
            queries.append({name: one["min_r_k"] for name, one in found["per_query"].items()})
        row = rows[label]
        assert row["state"] == "done"
        assert row["map"] == pytest.approx(np.mean(values), abs=1e-6)
        assert row["sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-6)
        assert list(row["seeds"].values()) == pytest.approx(values)
    low, high = rows["hash"]["interval"]
    assert low <= rows["hash"]["map"] <= high
    gap = rows["hash"]["map"] - rows["float"]["map"]
    assert rows["hash"]["difference"]["value"] == pytest.approx(gap, abs=0.02)
    assert rows["float"]["difference"] is None
    assert (rows["float"]["published"], rows["gone"]["published"]) == (0.668, None)


def test_what_cannot_be_says_why_and_stops_nothing(home: Home, data: Path, tmp_path: Path) -> None:
    report = reproduced(home, data, tmp_path / "out")
    gone = report["tables"][0]["rows"][2]
    assert gone["state"] == "not here" and gone["why"]
    text = (tmp_path / "out" / "report.md").read_text()
    assert "not here" in text and "| float |" in text
    assert report["notes"][0].startswith("No row is comparable with its published number")


def test_a_failure_is_remembered_and_tried_again(home: Home, data: Path, tmp_path: Path) -> None:
    first = reproduced(home, data, tmp_path / "out", seeds=1)["tables"][0]["rows"][2]
    kept = reproduced(home, data, tmp_path / "out", seeds=1, tables=["costs"])
    assert kept["tables"][0]["rows"][2] == first
    reproduced(home, data, tmp_path / "out", seeds=1, should_stop=lambda: True)
    again = json.loads((tmp_path / "out" / "report.json").read_text())["tables"][0]["rows"][2]
    assert again["state"] == "waiting"


def test_costs_are_medians_of_what_was_taken(home: Home, data: Path, tmp_path: Path) -> None:
    report = reproduced(home, data, tmp_path / "out")
    free, hashed = report["tables"][1]["rows"]
    assert free["epoch"] is None and hashed["epoch"] > 0 and hashed["training"] > 0
    assert free["query"] > 0 and free["tiles"] == hashed["tiles"] == 18
    assert (free["archive"], hashed["archive"]) == (18 * 48 * 4, 18 * 16)


def test_a_finished_cell_is_never_computed_again(
    home: Home, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, calls = tmp_path / "out", 0
    train = training.train

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal calls
        outcome = train(*args, **options)
        calls += 1
        return outcome

    monkeypatch.setattr(training, "train", counted)
    reproduced(home, data, out, should_stop=lambda: calls >= 3)
    partial = json.loads((out / "report.json").read_text())
    states = [row["state"] for row in partial["tables"][0]["rows"]]
    assert calls == 3 and states == ["done", "waiting", "waiting"]
    assert partial["tables"][0]["rows"][1]["why"] == "1 of 2 seeds"
    whole = reproduced(home, data, out)
    assert calls == 4
    again = reproduced(home, data, out)
    assert calls == 4 and again["tables"] == whole["tables"]
    assert not list((home.path / "runs").glob("*"))


def test_a_changed_data_set_is_measured_anew(home: Home, data: Path, tmp_path: Path) -> None:
    reproduced(home, data, tmp_path / "out", seeds=1, tables=["costs"])
    next((data / "train" / "cra").iterdir()).unlink()
    reproduced(home, data, tmp_path / "out", seeds=1, tables=["costs"])
    assert len(list((tmp_path / "out" / "cells").iterdir())) == 4


@pytest.mark.parametrize("changed", ["default", "value"])
def test_a_changed_default_is_another_cell(
    home: Home, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    bench = Bench(home, data, "digest", (), tmp_path, "fake")
    before = presets.from_preset("mirs", data=str(data))
    path = bench._path(before)
    assert bench._path(presets.from_preset("mirs", data=str(tmp_path))) == path
    if changed == "value":
        after = presets.from_preset("mirs", data=str(data), changes=["training.epochs=99"])
        assert bench._path(after) != path
        return
    # The same preset in a version whose default is another one.
    defaults = {**(HeadConfig.__init__.__kwdefaults__ or {}), "dropout": 0.25}
    monkeypatch.setattr(HeadConfig.__init__, "__kwdefaults__", defaults)
    after = presets.from_preset("mirs", data=str(data))
    assert before.head.dropout == 0.5 and after.head.dropout == 0.25
    assert bench._path(after) != path


def test_what_was_chosen_where_depends_on_data_and_encoder(
    home: Home, data: Path, tmp_path: Path
) -> None:
    (note,) = (n for n in reproduced(home, data, tmp_path / "out")["notes"] if "chosen" in n)
    assert note.startswith("Nothing was chosen on these tiles with this encoder")
    own = measure._chosen_where("HiRISE landmarks", "efficientnet-lite0")
    assert "cross-validation" in own and "archive at one seed" in own
    assert measure._chosen_where("HiRISE landmarks", "fake").startswith("Nothing was chosen")


def test_a_damaged_cell_is_named(home: Home, data: Path, tmp_path: Path) -> None:
    reproduced(home, data, tmp_path / "out", seeds=1, tables=["costs"])
    cell = next((tmp_path / "out" / "cells").glob("baseline-*"))
    cell.write_text("[]")
    report = reproduced(home, data, tmp_path / "out", seeds=1, tables=["costs"])
    assert cell.name in report["tables"][0]["rows"][0]["why"]


def test_a_report_of_some_tables_still_shows_them_all(
    home: Home, data: Path, tmp_path: Path
) -> None:
    some = reproduced(home, data, tmp_path / "out", seeds=1, tables=["costs"])
    assert [table["key"] for table in some["tables"]] == ["small", "costs"]
    assert [row["state"] for row in some["tables"][0]["rows"]] == ["done", "done", "waiting"]


def test_figures_are_pictures_of_the_tables(home: Home, data: Path, tmp_path: Path) -> None:
    reproduced(home, data, tmp_path / "out", seeds=1)
    drawn = tmp_path / "out" / "small.svg"
    assert ElementTree.parse(drawn).getroot().tag.endswith("svg")
    first = drawn.read_bytes()
    reproduced(home, data, tmp_path / "out", seeds=1)
    assert drawn.read_bytes() == first
    assert not (tmp_path / "out" / "costs.svg").exists()


def test_unknown_tables_and_seeds_are_refused(home: Home, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="small, costs"):
        reproduced(home, data, tmp_path / "out", tables=["other"])
    with pytest.raises(ConfigError, match="at least 1"):
        reproduced(home, data, tmp_path / "out", seeds=0)


def test_every_planned_recipe_is_a_configuration() -> None:
    for table in plan.TABLES:
        for row in table.rows:
            presets.from_preset(row.recipe.preset, data="", changes=row.recipe.changes)
        assert len({row.label for row in table.rows}) == len(table.rows)
    assert len({table.key for table in plan.TABLES}) == len(plan.TABLES)


def test_markdown_escapes_what_would_break_a_table() -> None:
    table = {
        "title": "T",
        "note": "",
        "published_source": "",
        "columns": [{"key": "published", "title": "published", "kind": "text"}],
        "rows": [{"label": "a|b\nc", "state": "done", "why": "", "published": "x|y"}],
    }
    about = {"title": "D", "synthetic": True, "seeds": 1, "encoder": "e", "command": "c"}
    text = markdown({**about, "notes": ["n"], "tables": [table]})
    assert "| a\\|b c | x\\|y |" in text and "Synthetic tiles" in text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "map", "-"),
        (0.12345, "map", "0.123"),
        ([0.1, 0.25], "interval", "[0.100, 0.250]"),
        ({"value": 0.1, "low": -0.1, "high": 0.2}, "difference", "+0.100 [-0.100, +0.200]"),
        (0.01234, "seconds", "0.0123 s"),
        (1234567, "bytes", "1,234,567 B"),
        (1234, "count", "1,234"),
        ("plain", "text", "plain"),
    ],
)
def test_values_are_written_as_their_kind(value: Any, kind: str, text: str) -> None:
    assert said(value, kind) == text


def test_fine_tuned_encoders_are_found_again(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirs_core.experiments.reproduction import cells

    asked: list[str] = []

    def refuse(*args: Any, **options: Any) -> Any:
        asked.append("trained")
        raise RunError("not today")

    monkeypatch.setattr(cells, "fine_tune", refuse)
    digest = scanning.scan_cached(home, data).digest
    bench = cells.Bench(home, data, digest, (), home.path / "cells", "fake")
    with pytest.raises(RunError, match="not today"):
        bench.measure(Recipe("baseline", encoder="classifier"), 0)
    assert asked == ["trained"] and not bench.known(Recipe("baseline", encoder="classifier"), 0)


def test_other_distractors_are_another_cell(home: Home, data: Path, tmp_path: Path) -> None:
    plain = reproduced(home, data, tmp_path / "out")
    (data / "dataset.json").write_text(json.dumps({"name": "tiles", "distractors": ["smo"]}))
    fewer = reproduced(home, data, tmp_path / "out")
    values = [[row.get("map") for row in r["tables"][0]["rows"]] for r in (plain, fewer)]
    fresh = reproduced(home, data, tmp_path / "fresh")
    assert [row.get("map") for row in fresh["tables"][0]["rows"]] == values[1] != values[0]


def test_data_without_a_query_is_refused_before_anything_is_trained(
    home: Home, tmp_path: Path
) -> None:
    no_test = {split: LAYOUT[split] for split in ("train", "val")}
    data = write_dataset(tmp_path / "untested", no_test)
    with pytest.raises(DataError, match="nothing can be measured"):
        reproduced(home, data, tmp_path / "out")
    assert not (tmp_path / "out").exists() and not runs.list_runs(home)


def test_an_unwritable_folder_is_named(home: Home, data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RunError, match="Choose another folder"):
        reproduced(home, data, tmp_path / "file")


def test_an_interrupted_cell_leaves_no_run(
    home: Home, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduced(home, data, tmp_path / "out")
    assert runs.list_runs(home) == []


def test_the_command_names_the_folder_and_the_encoder(
    home: Home, data: Path, tmp_path: Path
) -> None:
    (data / "dataset.json").write_text(json.dumps({"name": "another name"}))
    command = reproduced(home, data, tmp_path / "out")["command"]
    assert "--data tiles " in command and command.endswith("--seeds 2 --encoder fake")
