"""A run may be called by its name wherever one is named: by every verb, and from Python."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mirs_core import RunConfig, Workspace, cli
from mirs_core.cli.parser import build_parser
from mirs_core.cli.verbs import RUN, RunName, with_run_ids
from mirs_core.config.presets import from_preset
from mirs_core.errors import MirsError, RunError
from mirs_core.jobs.kinds.index import Index
from mirs_core.jobs.kinds.train import Train
from mirs_core.jobs.specs import kinds
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

NAME = "Gullies & dunes, v2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder with three runs: one with a name, two that share one."""
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    home = Home.current()
    for number, name in enumerate((NAME, "twice", "twice"), 1):
        config = from_preset("mirs", data=str(tmp_path))
        runs.create(
            home, config, run_id=f"run-{number}", name=name, provenance={"data_name": "ctx"}
        )
    return home


def parsers() -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every verb of the command line with its parser, complete."""

    def below(words: tuple[str, ...], parser: Any) -> Any:
        if complete := getattr(parser, "complete", None):
            parser.complete = None
            complete(parser)
        groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not groups:
            yield words, parser
        for word, child in (pair for group in groups for pair in group.choices.items()):
            yield from below((*words, word), child)

    yield from below((), build_parser())


ARGUMENTS = [
    (" ".join(words), action)
    for words, parser in parsers()
    for action in parser._actions
    if action.metavar == RUN
]


def test_every_argument_that_names_a_run_says_so() -> None:
    verbs = {verb for verb, _ in ARGUMENTS}
    assert {"search", "evaluate", "index", "project", "train", "landforms", "archive add",
            "archive export", "runs show", "runs serve", "runs delete", "runs rename",
            "runs export", "runs compare"} <= verbs  # fmt: skip
    for _, parser in parsers():
        for action in parser._actions:
            if action.dest == "run" or action.type is RunName:
                assert action.metavar == RUN and action.type is RunName, action.option_strings
    for kind in kinds().values():
        fields = getattr(kind.spec, "__dataclass_fields__", {})
        if "run" in fields:
            assert fields["run"].metadata["metavar"] == RUN, kind.name


@pytest.mark.parametrize(
    ("verb", "action"), ARGUMENTS, ids=[f"{verb}-{action.dest}" for verb, action in ARGUMENTS]
)
def test_a_name_becomes_an_id(home: Home, verb: str, action: argparse.Action) -> None:
    many = action.nargs == "+" or isinstance(action, argparse._AppendAction)
    for text, run in ((NAME, "run-1"), ("run-2", "run-2")):
        value = RunName(text)
        args = with_run_ids(argparse.Namespace(**{action.dest: [value] if many else value}))
        assert getattr(args, action.dest) == ([run] if many else run)


def test_what_is_not_unique_or_unknown_lists_candidates(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, words in (
        ("twice", ("2 runs are named 'twice'", "run-2", "run-3", "mirs on ctx")),
        ("Gullies and dunes, v2", ("There is no run", NAME)),
        ("default", ("no default model", "mirs runs serve")),
    ):
        assert cli.main(["runs", "show", name]) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert all(word in line for word in words), line
        with pytest.raises(RunError, match=r"run|model"):
            Workspace(home).run_id(name)


def test_default_stands_for_the_default_model(home: Home) -> None:
    home.default_run.write_text(json.dumps({"run": "run-3"}))
    assert runs.find(home, "default") == "run-3" == Workspace(home).run_id("default")
    annotations.change(home, "run-2", name="default")
    assert runs.find(home, "default") == "run-2"


def test_a_new_name_counts_at_once(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["runs", "rename", NAME, "Gullies"]) == 0
    assert cli.main(["runs", "show", "Gullies", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["run"] == "run-1"


def test_jobs_from_python_get_ids_and_absolute_paths(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted: list[Any] = []
    monkeypatch.setattr("mirs_core.jobs.submit", lambda home, spec: submitted.append(spec) or "1")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(home)
    workspace.submit(Index(run=(NAME, "run-2"), data=Path("tiles")))
    workspace.submit(Train(data=Path("tiles"), changes=("archive.data=other", "loss.margin=1")))
    assert submitted == [
        Index(run=("run-1", "run-2"), data=tmp_path / "tiles"),
        Train(
            data=tmp_path / "tiles",
            changes=(f"archive.data={tmp_path / 'other'}", "loss.margin=1"),
        ),
    ]
    with pytest.raises(RunError, match="2 runs are named"):
        workspace.submit(Index(run=("twice",), data=Path("tiles")))


@pytest.mark.parametrize("given", ["preset", "configuration", "argument"])
def test_relative_data_of_a_training_is_absolute(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    configs: list[RunConfig] = []

    def gather(home: Home, config: RunConfig, progress: object) -> None:
        configs.append(config)
        raise MirsError("far enough")

    monkeypatch.setattr("mirs_core.pipeline.training.gather", gather)
    monkeypatch.chdir(tmp_path)
    workspace, data = Workspace(home), "a/../tiles"
    config = from_preset("mirs", data=data, changes=["archive.data=other"])
    with pytest.raises(MirsError, match="far enough"):
        if given == "preset":
            workspace.train("mirs", data, changes=["archive.data=other"])
        elif given == "argument":
            workspace.train(config, data)
        else:
            workspace.train(config)
    assert (configs[0].data, configs[0].archive.data) == tuple(
        str(tmp_path / name) for name in ("tiles", "other")
    )
