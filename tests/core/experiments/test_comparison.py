"""Presets over seeds: the table against a slow computation from the files of the runs."""

import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import make_fake_encoder, write_dataset

from mirs_core.config.presets import from_preset
from mirs_core.encoders import run_encoder
from mirs_core.errors import ConfigError, DataError
from mirs_core.experiments import comparison
from mirs_core.experiments.comparison import compare
from mirs_core.pipeline.indexing import index
from mirs_core.ranking import metrics
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 4, "rid": 4, "smo": 4},
}
QUICK = ("training.epochs=2", "training.views=1")
PRESETS = ("baseline", "mirs", "mirs-dwt")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    encoder, _ = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    return Home(tmp_path / "home")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def written(home: Home) -> dict[tuple[str, int], dict[str, Any]]:
    """metrics.json of every run, by preset and seed."""
    found = {}
    for run in runs.list_runs(home):
        path = runs.folder(home, run.id).metrics
        found[run.preset, run.seed] = json.loads(path.read_text())
    return found


def ids(home: Home) -> set[str]:
    return {run.id for run in runs.list_runs(home)}


def averages(files: dict[tuple[str, int], dict[str, Any]], preset: str) -> dict[str, float]:
    """Each query's AP, averaged over the seeds."""
    seeds = [value["per_query"] for (name, _), value in files.items() if name == preset]
    queries = sorted({query for one in seeds for query in one})
    return {
        query: statistics.fmean(one[query]["min_r_k"] for one in seeds if query in one)
        for query in queries
    }


def test_the_table_is_what_the_files_of_the_runs_say(home: Home, data: Path) -> None:
    table = compare(home, data, PRESETS, range(3), changes=QUICK)
    files = written(home)
    assert set(files) == {(preset, seed) for preset in PRESETS for seed in range(3)}
    head = {"data": "tiles", "seeds": 3, "n_queries": 12, "reference": "mirs"}
    assert {name: table[name] for name in head} == head
    assert [row["preset"] for row in table["presets"]] == list(PRESETS)
    base = averages(files, "mirs")
    for row in table["presets"]:
        own = [files[row["preset"], seed] for seed in range(3)]
        means = [value["map_at_64"]["min_r_k"]["value"] for value in own]
        assert row["value"] == pytest.approx(statistics.fmean(means), abs=1e-6)
        assert row["sd"] == pytest.approx(statistics.stdev(means), abs=1e-6)
        hits = [value["map_at_64"]["hits"]["value"] for value in own]
        assert row["hits"] == pytest.approx(statistics.fmean(hits), abs=1e-6)
        average = averages(files, row["preset"])
        interval = metrics.bootstrap_interval(np.array(list(average.values())))
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high), abs=1e-6)
        assert row["value"] == pytest.approx(interval.value, abs=1e-5)
        assert set(row["archives"]) == {value["archive_id"] for value in own}
        assert len(row["archives"]) == 3
        if row["preset"] == "mirs":
            assert row["difference"] is None
            continue
        pairs = np.array([average[query] - base[query] for query in base])
        expected = metrics.bootstrap_interval(pairs)
        found = row["difference"]
        assert found["value"] == pytest.approx(statistics.fmean(pairs), abs=1e-6)
        assert (found["low"], found["high"]) == pytest.approx(
            (expected.low, expected.high), abs=1e-6
        )
        assert found["not_worse"] is (found["high"] >= 0)
        gaps = [
            mean - files["mirs", seed]["map_at_64"]["min_r_k"]["value"]
            for seed, mean in enumerate(means)
        ]
        assert found["seed_sd"] == pytest.approx(statistics.stdev(gaps), abs=1e-6)


def result(values: dict[str, float]) -> dict[str, Any]:
    """What is read of a metrics.json."""
    mean = statistics.fmean(values.values())
    return {
        "archive_id": "a",
        "archive_bytes": 160,
        "n_archive": 10,
        "map_at_64": {"min_r_k": {"value": mean}, "hits": {"value": mean}},
        "per_query": {
            query: {"label": "x", "min_r_k": value, "hits": value}
            for query, value in values.items()
        },
    }


def test_differences_are_paired_by_query_whatever_each_seed_skips(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        ("baseline", 0): result({"q1": 0.25, "q2": 0.5}),
        ("baseline", 1): result({"q2": 1.0, "q3": 0.5}),
        ("mirs", 0): result({"q4": 0.125, "q2": 0.75, "q1": 0.75}),
        ("mirs", 1): result({"q2": 0.25, "q1": 0.25}),
    }
    monkeypatch.setattr(
        comparison, "_metrics_of", lambda home, config: files[config.preset, config.seed]
    )
    table = compare(home, data, ("baseline", "mirs"), (0, 1))
    assert (table["reference"], table["n_queries"]) == ("mirs", 3)
    difference = table["presets"][0]["difference"]
    # q1: 0.25 - 0.5 and q2: 0.75 - 0.5; q3 and q4 have no partner.
    assert difference["value"] == 0
    assert (difference["low"], difference["high"]) == (-0.25, 0.25)


def test_worse_means_that_the_whole_interval_lies_below_zero(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = result({f"q{i}": 0.25 + i / 100 for i in range(20)})
    high = result({f"q{i}": 0.5 + i / 100 for i in range(20)})
    monkeypatch.setattr(
        comparison, "_metrics_of", lambda home, config: low if config.preset == "mirs" else high
    )
    better = compare(home, data, ("mirs", "baseline"), (0,))["presets"][1]["difference"]
    assert better == {"value": 0.25, "low": 0.25, "high": 0.25, "not_worse": True, "seed_sd": None}
    monkeypatch.setattr(
        comparison, "_metrics_of", lambda home, config: high if config.preset == "mirs" else low
    )
    worse = compare(home, data, ("mirs", "baseline"), (0,))["presets"][1]["difference"]
    assert worse == {
        "value": -0.25,
        "low": -0.25,
        "high": -0.25,
        "not_worse": False,
        "seed_sd": None,
    }


def test_one_seed_has_no_deviation_and_the_first_preset_is_the_reference(
    home: Home, data: Path
) -> None:
    table = compare(home, data, ("baseline-centred", "baseline"), [4])
    assert (table["reference"], table["seeds"]) == ("baseline-centred", 1)
    assert [row["sd"] for row in table["presets"]] == [None, None]
    assert [row["difference"] is None for row in table["presets"]] == [True, False]
    assert set(written(home)) == {("baseline-centred", 4), ("baseline", 4)}


def test_finished_runs_with_equal_settings_are_used_again(home: Home, data: Path) -> None:
    first = compare(home, data, PRESETS, range(2), changes=QUICK)
    before = ids(home)
    assert compare(home, data, PRESETS, range(2), changes=QUICK) == first
    assert ids(home) == before and len(before) == 6
    wider = compare(home, data, PRESETS, range(3), changes=QUICK)
    assert len(ids(home) - before) == 3 and wider["seeds"] == 3


def test_changed_settings_are_trained_anew_and_baselines_are_not(home: Home, data: Path) -> None:
    compare(home, data, ("baseline", "mirs"), [0], changes=QUICK)
    before = ids(home)
    compare(home, data, ("baseline", "mirs"), [0], changes=(*QUICK, "head.bits=32"))
    new = ids(home) - before
    assert [runs.folder(home, run).config().head.bits for run in new] == [32]


@pytest.mark.parametrize("reason", ["not finished", "an index", "another encoder", "changed data"])
def test_what_only_looks_equal_is_not_used(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    compare(home, data, ["baseline"], [0])
    (first,) = ids(home)
    if reason == "not finished":
        runs.folder(home, first).set_status("stopped")
    elif reason == "an index":
        index(home, first, data)
        runs.delete(home, first)
    elif reason == "another encoder":
        other, _ = make_fake_encoder("other weights")
        monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: other)
    else:
        next((data / "train" / "cra").iterdir()).unlink()
    before = ids(home)
    compare(home, data, ["baseline"], [0])
    assert len(ids(home) - before) == 1


def test_data_without_labels_are_refused(home: Home, tmp_path: Path) -> None:
    bare = write_dataset(tmp_path / "bare", 6)
    with pytest.raises(DataError, match="nothing to compare"):
        compare(home, bare, ["baseline"], [0])
    with pytest.raises(DataError, match="learns from labels"):
        compare(home, bare, ["mirs"], [0])


def test_an_unknown_preset_is_refused(home: Home, data: Path) -> None:
    with pytest.raises(ConfigError, match="no preset 'best'"):
        compare(home, data, ["best"], [0])
    assert ids(home) == set()


def test_every_training_is_announced(home: Home, data: Path) -> None:
    said: list[tuple[str, int, int]] = []
    compare(home, data, ["baseline"], [1, 5], progress=lambda *what: said.append(what) and None)
    assert said == [("baseline, seed 1", 0, 2), ("baseline, seed 5", 1, 2)]


def test_the_encoder_is_part_of_the_settings(home: Home, data: Path) -> None:
    compare(home, data, ["baseline"], [0])
    compare(home, data, ["baseline"], [0], encoder="densenet121-imagenet")
    found = {run.encoder for run in runs.list_runs(home)}
    assert found == {"efficientnet-lite0", "densenet121-imagenet"}
    assert from_preset("baseline", data="").encoder.name in found
