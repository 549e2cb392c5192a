"""What follows as soon as data was brought in: archives and trainings, in the same command."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core import cli
from mirs_core.config import presets
from mirs_core.config.settings import RunConfig
from mirs_core.pipeline import preparing, training
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 8, "rid": 8, "smo": 8}, "test": {"cra": 2, "rid": 2}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: FakeNetwork) -> Home:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))

    def settings(preset: str, *, data: str) -> RunConfig:
        changes = ("training.views=1", "training.epochs=1")
        return presets.from_preset(preset, data=data, changes=changes)

    monkeypatch.setattr(preparing, "from_preset", settings)
    return Home(tmp_path / "home")


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    assert cli.main([*(str(word) for word in words), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def trained(home: Home, root: Path, preset: str) -> str:
    config = presets.from_preset(preset, data=str(root), changes=["training.epochs=1"])
    return training.prepare_and_train(home, config).run


def test_an_import_is_archived_with_each_model_that_is_named(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = write_dataset(tmp_path / "known", LAYOUT)
    models = [trained(home, known, preset) for preset in ("baseline", "mirs")]
    new = write_dataset(tmp_path / "new", 6, start=500)
    found = answer(capsys, "data", "import", new, *(f"--archive={run}" for run in models))
    assert len(found["runs"]) == 2
    for run, parent in zip(found["runs"], models, strict=True):
        folder = runs.folder(home, run)
        assert folder.provenance()["parent"] == parent
        assert len(retriever.load(folder).items) == 6


def test_an_import_can_be_trained_on_at_once(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_dataset(tmp_path / "new", LAYOUT)
    found = answer(capsys, "data", "import", new, "--copy", "--name", "mine", "--prepare")
    made = [runs.folder(home, run).config() for run in found["runs"]]
    assert [config.preset for config in made] == ["baseline", "mirs", "mirs-dwt"]
    assert {Path(config.data) for config in made} == {home.path / "data" / "mine"}
    assert runs.served_run(home) == found["runs"][1]


def test_a_model_that_is_not_there_is_named_before_anything_is_brought_in(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_dataset(tmp_path / "new", 4)
    assert cli.main(["data", "import", str(new), "--copy", "--name=x", "--archive=nobody"]) == 2
    assert "nobody" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (home.path / "data").exists() and runs.list_runs(home) == []
