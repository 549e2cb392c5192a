"""A short training to look at: what is shown is what the codes are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.errors import ConfigError
from mirs_core.pipeline import training
from mirs_core.pipeline.preview import code_statistics, preview
from mirs_core.retrieval.filters import Filters
from mirs_core.workspace import runs
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


def config(data: Path, *changes: str, preset: str = "mirs") -> Any:
    short = ["training.epochs=3", "training.views=2", "codes.views=1"]
    return from_preset(preset, data=str(data), changes=[*short, *changes])


@given(arrays(np.float32, (9, 16), elements=st.floats(0.0625, 0.9375, width=32)))
def test_a_look_counts_what_is_there(soft: Any) -> None:
    """Against counting one value, code and bit at a time."""
    found = code_statistics(soft)
    codes = [[bool(value >= 0.5) for value in row] for row in soft]
    ones = [sum(code) for code in codes]
    assert found.ones == pytest.approx([ones.count(n) / 9 for n in range(17)], abs=1e-5)
    assert found.bits == pytest.approx([sum(c[i] for c in codes) / 9 for i in range(16)], abs=1e-5)
    mean = sum(ones) / 9
    assert found.ones_sd == pytest.approx((sum((n - mean) ** 2 for n in ones) / 9) ** 0.5, abs=1e-3)
    assert found.distinct == pytest.approx(len({tuple(code) for code in codes}) / 9, abs=1e-4)
    away = [abs(float(value) - 0.5) for row in soft for value in row]
    assert found.from_half == pytest.approx(sum(away) / len(away), abs=1e-4)
    assert sum(found.soft) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("preset", ["mirs", "mirs-dwt", "mirs-best", "mirs-unsupervised"])
def test_a_preview_ends_where_the_run_ends(home: Home, data: Path, preset: str) -> None:
    """The same settings give the same epochs, codes and hits as a whole run."""
    wanted = config(data, preset=preset)
    run = runs.folder(home, training.prepare_and_train(home, wanted).run)
    tile = "test/cra/tile_0030.png"
    shown: list[dict[str, Any]] = []
    found = preview(home, wanted, shown.append, query=tile)
    assert [line["terms"] for line in found["lines"]] == [line["terms"] for line in run.history()]
    assert found["query"] == tile and found["label"] == "cra" and shown[-1] == found
    if run.provenance()["best_epoch"] == 3:
        from mirs_core.retrieval.search import Searcher

        searcher = Searcher.open(home, run.id)
        hits = searcher.search(searcher.query_by_id(tile), 5, Filters(roles=("archive",)))
        assert [hit.id for hit in hits] == [hit["id"] for hit in found["hits"]][:5]
    assert all(hit["id"] != tile for hit in found["hits"])


def test_a_preview_encodes_no_views_of_the_archive(
    home: Home, data: Path, network: FakeNetwork
) -> None:
    """Its codes are those of tiles as they are, so that it begins at once."""
    found = preview(home, config(data, "codes.views=8"), lambda view: None)
    assert len(found["lines"]) == 3
    tiles, half = 39, 12
    assert network.seen == tiles + half


def test_the_served_run_is_shown_where_it_compares(home: Home, data: Path) -> None:
    run = training.prepare_and_train(home, config(data)).run
    assert preview(home, config(data), lambda view: None)["served"] is None
    runs.serve(home, run)
    found = preview(home, config(data, "loss.push_weight=10"), lambda view: None)
    served = found["served"]
    assert served["run"] == run and 0 <= served["map_at_64"] <= 1
    assert max(score for _, score in served["curve"]) == served["map_at_64"]
    assert found["weights"]["push"] == 10 and found["weights"]["triplet"] == 1
    other = config(data, "encoder.name=another")
    assert preview(home, other, lambda view: None)["served"] is None


def test_a_preview_leaves_no_run_and_can_be_stopped(home: Home, data: Path) -> None:
    seen: list[int] = []
    found = preview(
        home,
        config(data, "training.epochs=50"),
        lambda view: seen.append(len(view["lines"])),
        should_stop=lambda: bool(seen),
    )
    assert len(found["lines"]) == 1 and runs.list_runs(home) == []


def test_a_preset_without_a_network_has_nothing_to_watch(home: Home, data: Path) -> None:
    baseline = from_preset("baseline", data=str(data))
    with pytest.raises(ConfigError, match="nothing to preview"):
        preview(home, baseline, lambda view: None)


def test_the_command_writes_what_is_to_be_seen(
    home: Home,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(home))
    out = tmp_path / "seen.json"
    words = ["preview", "--data", str(data), "--epochs", "2", "--set", "training.views=2"]
    assert cli.main([*words, "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads(out.read_text()) == printed and printed["epochs"] == 2
    assert cli.main(words) == 0
    assert "share of the gradient" in capsys.readouterr().out
    assert cli.main([*words, "--out", str(tmp_path / "no" / "seen.json")]) == 2
    assert "There is no folder" in capsys.readouterr().err
