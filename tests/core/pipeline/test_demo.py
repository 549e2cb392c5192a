"""The demo builds what is missing, and only that."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeNetwork, make_fake_encoder, write_dataset

from mirs_core.datasets import synthetic
from mirs_core.encoders import run_encoder
from mirs_core.errors import EncoderError
from mirs_core.pipeline import demo, training
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}


class Generator:
    """Stands for the landscape generator, which takes minutes."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, root: Path, *, per_class: int, progress: object) -> None:
        self.calls.append(per_class)
        write_dataset(root, LAYOUT, card={"name": "synthetic-mars", "synthetic": True})


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Generator:
    made = Generator()
    monkeypatch.setattr(synthetic, "generate", made)
    monkeypatch.setattr(demo, "_FAST", ("training.views=1", "training.epochs=2"))
    return made


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, generator: Generator) -> FakeNetwork:
    encoder, network = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    return network


def stamps(home: Home) -> dict[str, int]:
    """When each run's model was written."""
    found = (home.path / "runs").glob("*/model.safetensors")
    return {path.parent.name: path.stat().st_mtime_ns for path in found}


def test_the_demo_is_a_data_set_and_three_runs(
    tmp_path: Path, network: FakeNetwork, generator: Generator
) -> None:
    assert not demo.is_complete(Home(tmp_path))
    stages: list[str] = []
    built = demo.build(Home(tmp_path), per_class=7, progress=lambda stage, *_: stages.append(stage))
    assert built == ["demo-baseline", "demo-mirs", "demo-mirs-dwt"] and generator.calls == [7]
    assert demo.is_complete(Home(tmp_path)) and runs.served_run(Home(tmp_path)) == "demo-mirs"
    found = {run.id: run for run in runs.list_runs(Home(tmp_path))}
    assert {run.preset: run.name for run in found.values()} == demo.NAMES
    assert all(run.state == "done" and run.synthetic for run in found.values())
    assert len({run.archive_id for run in found.values()}) == 1
    assert any(stage.startswith("MIRS + DWT: Training") for stage in stages)
    assert network.seen == 39


def test_a_second_time_nothing_is_built(
    tmp_path: Path, network: FakeNetwork, generator: Generator
) -> None:
    first = demo.build(Home(tmp_path))
    before = stamps(Home(tmp_path))
    assert demo.build(Home(tmp_path)) == first
    assert stamps(Home(tmp_path)) == before and len(generator.calls) == 1 and network.seen == 39


@pytest.mark.parametrize("missing", ["demo-baseline", "demo-mirs-dwt"])
def test_only_the_missing_run_is_built(tmp_path: Path, network: FakeNetwork, missing: str) -> None:
    demo.build(Home(tmp_path))
    before = stamps(Home(tmp_path))
    runs.delete(Home(tmp_path), missing)
    assert not demo.is_complete(Home(tmp_path))
    demo.build(Home(tmp_path))
    after = stamps(Home(tmp_path))
    assert demo.is_complete(Home(tmp_path))
    assert {name for name in after if after[name] != before[name]} == {missing}


def test_the_choice_of_the_served_run_stays(tmp_path: Path, network: FakeNetwork) -> None:
    demo.build(Home(tmp_path))
    runs.serve(Home(tmp_path), "demo-baseline")
    runs.delete(Home(tmp_path), "demo-mirs")
    demo.build(Home(tmp_path))
    assert runs.served_run(Home(tmp_path)) == "demo-baseline"


def no_data(home: Home) -> None:
    shutil.rmtree(demo.data_folder(home))


def stopped(home: Home) -> None:
    runs.folder(home, "demo-mirs-dwt").set_status("stopped")


def gone(home: Home) -> None:
    runs.delete(home, "demo-baseline")


@pytest.mark.parametrize("damage", [no_data, stopped, gone])
def test_a_demo_with_a_part_missing_is_not_complete(
    tmp_path: Path, network: FakeNetwork, damage: Callable[[Home], None]
) -> None:
    demo.build(Home(tmp_path))
    damage(Home(tmp_path))
    assert not demo.is_complete(Home(tmp_path))


@pytest.mark.parametrize("state", ["queued", "failed", "stopped"])
def test_what_an_interrupted_build_left_is_replaced(
    tmp_path: Path, network: FakeNetwork, state: str
) -> None:
    demo.build(Home(tmp_path))
    before = stamps(Home(tmp_path))
    run = runs.folder(Home(tmp_path), "demo-mirs-dwt")
    run.set_status(state)
    (run.path / "left-over").write_text("half")
    demo.build(Home(tmp_path))
    assert demo.is_complete(Home(tmp_path)) and not (run.path / "left-over").exists()
    after = stamps(Home(tmp_path))
    assert {name for name in after if after[name] != before[name]} == {"demo-mirs-dwt"}


def test_an_interrupted_build_goes_on(
    tmp_path: Path, network: FakeNetwork, generator: Generator
) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage.startswith("MIRS: Training"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.build(Home(tmp_path), progress=interrupt)
    states = {run.id: run.state for run in runs.list_runs(Home(tmp_path))}
    assert states == {"demo-baseline": "done", "demo-mirs": "stopped"}
    assert not demo.is_complete(Home(tmp_path)) and runs.served_run(Home(tmp_path)) is None
    before = stamps(Home(tmp_path))
    demo.build(Home(tmp_path))
    assert demo.is_complete(Home(tmp_path)) and runs.served_run(Home(tmp_path)) == "demo-mirs"
    assert stamps(Home(tmp_path))["demo-baseline"] == before["demo-baseline"]
    assert len(generator.calls) == 1 and network.seen == 39


def test_a_failure_keeps_what_is_finished(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = training.train

    def fail(home: Home, run: runs.RunFolder, *rest: object) -> training.Outcome:
        if run.id == "demo-mirs-dwt":
            raise EncoderError("The weights are gone.")
        return train(home, run)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train", fail)
        with pytest.raises(EncoderError, match="weights are gone"):
            demo.build(Home(tmp_path))
    before = stamps(Home(tmp_path))
    assert set(before) == {"demo-baseline", "demo-mirs"}
    demo.build(Home(tmp_path))
    assert demo.is_complete(Home(tmp_path))
    assert {name: stamps(Home(tmp_path))[name] for name in before} == before


def test_a_demo_whose_process_was_killed_is_built_again(
    tmp_path: Path, network: FakeNetwork
) -> None:
    demo.build(Home(tmp_path))
    run = runs.folder(Home(tmp_path), "demo-mirs-dwt")
    run.set_status("running")
    status = json.loads((run.path / "status.json").read_text())
    status["process"]["started"] -= 1
    (run.path / "status.json").write_text(json.dumps(status))
    assert not demo.is_complete(Home(tmp_path))
    demo.build(Home(tmp_path))
    assert demo.is_complete(Home(tmp_path))
