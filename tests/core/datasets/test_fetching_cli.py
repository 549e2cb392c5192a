"""``data download`` and ``data prepare`` as people type them, with a server on this machine."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeNetwork, write_dataset
from published import Published, domars, published

from mirs_core import cli
from mirs_core.config import presets
from mirs_core.config.settings import RunConfig
from mirs_core.datasets import download
from mirs_core.datasets.download import catalogue, fetch, remote_file
from mirs_core.errors import EncoderError, RunError, StoppedError
from mirs_core.pipeline import preparing, training
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Published]:
    """A server with a small DoMars16k, in the catalogue under that name."""
    with published() as here:
        here.body = domars()
        monkeypatch.setattr(catalogue, "DATA_SETS", {"domars16k": here.source()})
        monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
        yield here


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    def settings(preset: str, *, data: str) -> RunConfig:
        views = 2 if preset == "mirs-unsupervised" else 1
        changes = (f"training.views={views}", "training.epochs=2")
        return presets.from_preset(preset, data=data, changes=changes)

    monkeypatch.setattr(preparing, "from_preset", settings)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def mirs(*args: object) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(word) for word in args])
    return Done(code, out.getvalue(), err.getvalue())


def answer(*args: object) -> Any:
    done = mirs(*args, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out.splitlines()[-1])


def refused(*args: object) -> str:
    done = mirs(*args)
    last = done.err.strip().splitlines()[-1]
    assert done.code == 2 and done.out == "" and last.startswith("mirs: ")
    return last


def test_download_says_what_it_is_and_what_it_did(server: Published, tmp_path: Path) -> None:
    folder = tmp_path / "mars"
    done = mirs("data", "download", "domars16k", folder, "--yes", "--json")
    lines = done.err.splitlines()
    before = lines[: next(i for i, line in enumerate(lines) if line.startswith("Downloading"))]
    assert "CC-BY-4.0" in before[1] and "Wilhelm 2020" in before[2] and " MB" in before[3]
    found = json.loads(done.out.splitlines()[-1])
    assert found.pop("seconds") > 0 and found == {
        "data": "domars16k", "dir": str(folder), "tiles": 48, "bytes": len(server.body),
        "resumed_at": 0,
    }  # fmt: skip
    assert answer("data", "describe", folder)["splits"] == {"train": 24, "val": 12, "test": 12}


def test_a_complete_data_set_is_left_alone(server: Published, tmp_path: Path) -> None:
    folder = tmp_path / "mars"
    answer("data", "download", "domars16k", folder, "--yes")
    asked = len(server.asked)
    done = mirs("data", "download", "domars16k", folder)
    assert done.code == 0 and "there already: 48 tiles" in done.out
    found = answer("data", "download", "domars16k", folder)
    assert (found["tiles"], found["bytes"]) == (48, 0) and len(server.asked) == asked


def test_a_stopped_download_says_where_it_went_on(server: Published, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if done > 10_000:
            raise StoppedError("Stopped.")

    source, folder = server.source(), tmp_path / "mars"
    with pytest.raises(StoppedError):
        fetch(source, remote_file(source), folder, stop)
    found = answer("data", "download", "domars16k", folder, "--yes")
    assert found["resumed_at"] > 10_000 and found["tiles"] == 48


def test_nothing_is_downloaded_unasked(
    server: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("data", "download", "domars16k", tmp_path / "mars")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "--yes" in refused(*words)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert "--yes" in refused(*words)
    assert server.asked == [] and list(tmp_path.iterdir()) == []
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert mirs(*words).code == 0 and (tmp_path / "mars" / "dataset.json").is_file()


def test_wrong_words_are_refused_in_a_line(server: Published, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text.txt").write_text("mine")
    for verb in ("download", "prepare"):
        assert "something else" in refused("data", verb, "domars16k", tmp_path / "mine", "--yes")
        assert "domars16k" in refused("data", verb, "venus", tmp_path / "new", "--yes")
    assert server.asked == [] and not (tmp_path / "new").exists()


def test_prepare_fetches_trains_and_serves(
    server: Published, tmp_path: Path, network: FakeNetwork
) -> None:
    found = answer("data", "prepare", "domars16k", tmp_path / "mars", "--yes")
    home = tmp_path / "home"
    done = {run.id: run for run in runs.list_runs(Home(home))}
    assert set(found["runs"]) == set(done) and len(done) == 3
    assert [done[run].preset for run in found["runs"]] == ["baseline", "mirs", "mirs-dwt"]
    assert {run.state for run in done.values()} == {"done"} and found["tiles"] == 48
    assert found["served"] == found["runs"][1] == runs.served_run(Home(home))
    assert {run.data for run in done.values()} == {"domars16k"}
    seen, asked = network.seen, len(server.asked)
    assert seen == 48 and asked == 1
    assert answer("data", "prepare", "domars16k", tmp_path / "mars")["runs"] == found["runs"]
    assert (network.seen, len(server.asked)) == (seen, asked)


def test_prepare_takes_a_data_set_that_is_there(
    server: Published, tmp_path: Path, network: FakeNetwork
) -> None:
    folder = write_dataset(tmp_path / "mine", LAYOUT)
    assert len(answer("data", "prepare", "domars16k", folder)["runs"]) == 3
    assert server.asked == []


def test_a_choice_of_the_served_run_stays(tmp_path: Path, network: FakeNetwork) -> None:
    folder, home = write_dataset(tmp_path / "mine", LAYOUT), tmp_path / "home"
    ids = preparing.prepare(Home(home), folder)
    assert runs.served_run(Home(home)) == ids[1]
    runs.serve(Home(home), ids[0])
    preparing.prepare(Home(home), folder)
    assert runs.served_run(Home(home)) == ids[0]
    runs.delete(Home(home), ids[2])
    assert preparing.prepare(Home(home), folder) == ids
    assert runs.served_run(Home(home)) == ids[1]


def test_other_tiles_are_other_runs(tmp_path: Path, network: FakeNetwork) -> None:
    home = tmp_path / "home"
    first = preparing.prepare(Home(home), write_dataset(tmp_path / "a", LAYOUT))
    second = preparing.prepare(Home(home), write_dataset(tmp_path / "b", LAYOUT, start=500))
    assert not set(first) & set(second) and len(runs.list_runs(Home(home))) == 6


def test_a_stopped_training_goes_on(tmp_path: Path, network: FakeNetwork) -> None:
    folder, home = write_dataset(tmp_path / "mine", LAYOUT), tmp_path / "home"
    stages: list[str] = []

    def stop() -> bool:
        return any(stage.startswith("MIRS: Training") for stage in stages)

    def progress(stage: str, done: int, total: int) -> None:
        stages.append(stage)

    with pytest.raises(StoppedError):
        preparing.prepare(Home(home), folder, progress, stop)
    states = {run.preset: run.state for run in runs.list_runs(Home(home))}
    assert states == {"baseline": "done", "mirs": "stopped"}
    assert runs.served_run(Home(home)) is None
    kept = {run.preset: run.id for run in runs.list_runs(Home(home))}
    stages.clear()
    ids = preparing.prepare(Home(home), folder, progress)
    assert not any(stage.startswith("Baseline") for stage in stages)
    assert ids[:2] == [kept["baseline"], kept["mirs"]] and runs.served_run(Home(home)) == ids[1]
    assert {run.state for run in runs.list_runs(Home(home))} == {"done"}
    assert network.seen == 39


def test_a_failure_keeps_what_is_finished(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, home = write_dataset(tmp_path / "mine", LAYOUT), tmp_path / "home"
    train = training.train

    def fail(home: Home, run: runs.RunFolder, *rest: Any) -> training.Outcome:
        if run.id.startswith("mine-mirs-dwt"):
            raise EncoderError("The weights are gone.")
        return train(home, run, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train", fail)
        with pytest.raises(EncoderError, match="weights are gone"):
            preparing.prepare(Home(home), folder)
    assert len(preparing.prepare(Home(home), folder)) == 3
    assert {run.state for run in runs.list_runs(Home(home))} == {"done"}


def test_a_run_in_training_elsewhere_is_waited_for(tmp_path: Path, network: FakeNetwork) -> None:
    folder, home = write_dataset(tmp_path / "mine", LAYOUT), tmp_path / "home"
    ids = preparing.prepare(Home(home), folder)
    runs.folder(Home(home), ids[2]).set_status("running")
    with pytest.raises(RunError, match="another process"):
        preparing.prepare(Home(home), folder)


def test_the_catalogue_has_the_names_of_the_contract() -> None:
    assert list(download.DATA_SETS) == ["domars16k", "hirise"]


def test_prepare_takes_a_folder_of_ones_own(
    server: Published, tmp_path: Path, network: FakeNetwork
) -> None:
    labelled = write_dataset(tmp_path / "mine", LAYOUT, card={"name": "Mine"})
    found = answer("data", "prepare", labelled)
    assert found["data"] == "Mine" and server.asked == []
    presets_of = {run.id: run.preset for run in runs.list_runs(Home(tmp_path / "home"))}
    assert [presets_of[run] for run in found["runs"]] == ["baseline", "mirs", "mirs-dwt"]
    plain = write_dataset(tmp_path / "plain", 24, start=700)
    found = answer("data", "prepare", plain)
    presets_of = {run.id: run.preset for run in runs.list_runs(Home(tmp_path / "home"))}
    names = [presets_of[run] for run in found["runs"]]
    assert names == ["baseline", "baseline-centred", "mirs-unsupervised"]
    assert found["served"] == found["runs"][2] == runs.served_run(Home(tmp_path / "home"))
    assert "no folder" in refused("data", "prepare", tmp_path / "nowhere")
