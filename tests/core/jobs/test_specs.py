"""Specs of jobs: typed fields that become JSON, a command line, and work."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from mirs_core import jobs
from mirs_core.cli.kind_verbs import spec_of
from mirs_core.cli.parser import build_parser
from mirs_core.encoders.fine_tuning import OBJECTIVES
from mirs_core.errors import ConfigError, RunError
from mirs_core.jobs import worker, workers
from mirs_core.jobs.folder import folder_of
from mirs_core.jobs.kinds import data_import
from mirs_core.jobs.kinds.archive_compact import ArchiveCompact
from mirs_core.jobs.kinds.archive_remove import ArchiveRemove
from mirs_core.jobs.kinds.data_import import Import
from mirs_core.jobs.kinds.data_prepare import Prepare
from mirs_core.jobs.kinds.data_synthetic import Synthetic
from mirs_core.jobs.kinds.data_tile import Tile
from mirs_core.jobs.kinds.demo import Demo
from mirs_core.jobs.kinds.domains import Domains
from mirs_core.jobs.kinds.index import Index
from mirs_core.jobs.kinds.preview import Preview
from mirs_core.jobs.kinds.project import Project
from mirs_core.jobs.kinds.search import Search
from mirs_core.jobs.kinds.sweep import Sweep
from mirs_core.jobs.kinds.train import Train
from mirs_core.jobs.kinds.train_encoder import TrainEncoder
from mirs_core.jobs.specs import from_json, kind_of, kinds, to_json, words_of
from mirs_core.pipeline import sweeps
from mirs_core.workspace.home import Home

SPECS: list[jobs.JobSpec] = [
    Demo(per_class=12),
    Train(run="run-1", map=True),
    Train(data=Path("-odd name"), seed=3, name="a = b", changes=("head.bits=64", "loss.margin=1")),
    Preview(data=Path("/d"), query="test/cra/1.png", out=Path("/o/x.json")),
    Project(run="run-1"),
    Sweep(data=Path("d"), method="bayesian", push=(1e-5, 0.30000000000000004)),
    Domains(data=Path("a"), other=Path("b"), presets="mirs,mirs-dwt", group=2),
    TrainEncoder(resume="enc-1", processes=2),
    TrainEncoder(data=Path("d"), objective="simclr", learning_rate=1e-4),
    Index(run=("a", "-b"), data=Path("-x"), name="-x"),
    Prepare(name="hirise", folder=Path("/h"), yes=True),
    Prepare(name="-x"),
    Synthetic(folder=Path("-x"), per_class=4),
    Tile(raster=Path("s.tif"), out=Path("o"), metres=1200.0, archive=("a", "b")),
    Import(folder=Path("f"), copy=True, metres_per_pixel=5.5, labels_from_folders=True),
    Search(run="r", images=Path("-x"), out=Path("h.csv"), labels=("cra", "-b"), within=3.5),
    Search(run="r", collection="-c", latitudes=(-30.0, 0.1), box=(350.0, -1.0, 10.0, 1.0)),
    ArchiveRemove(run="r", tile=("a/1.png", "--b")),
    ArchiveCompact(run="r", keep=True),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_a_spec_survives_json_and_the_command_line(spec: jobs.JobSpec) -> None:
    assert from_json(json.loads(json.dumps(to_json(spec)))) == spec
    args = build_parser().parse_args(words_of(spec))
    assert spec_of(kind_of(spec), args) == spec


def test_every_kind_says_everything_about_itself() -> None:
    assert len(kinds()) >= 16
    for name, kind in kinds().items():
        assert name == "-".join(kind.words) and kind.help
        for item in dataclasses.fields(kind.spec):
            assert {"help", "label", "flag", "metavar", "one_of"} <= set(item.metadata), item.name


def test_choices_are_those_of_the_library() -> None:
    def choices(spec: type, name: str) -> Any:
        return next(f for f in dataclasses.fields(spec) if f.name == name).metadata["choices"]

    assert choices(Sweep, "method") == sweeps.METHODS
    assert choices(TrainEncoder, "objective") == tuple(OBJECTIVES)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(workers, "_start", lambda home, lane: None)
    return Home(tmp_path / "home")


def test_a_job_has_the_title_lane_and_key_of_its_kind(home: Home) -> None:
    job = jobs.read(home, jobs.submit(home, Project(run="r")))
    assert (job.title, job.lane, job.key, job.run) == ("Projection of r", jobs.PREVIEW, "map-r", "")
    assert (job.spec, job.args) == (Project(run="r"), ("project", "--run=r"))
    job = jobs.read(home, jobs.submit(home, Train(run="r"), "Mine", lane="cuda-0"))
    assert (job.title, job.lane, job.run) == ("Mine", "cuda-0", "r")
    about = json.loads((folder_of(home, job.id) / "job.json").read_text())
    assert about["kind"] == "train" and about["fields"]["run"] == "r" and "args" not in about
    assert jobs.submit_once(home, Demo()) == jobs.submit_once(home, Demo())


def test_a_job_of_an_earlier_version_is_listed_and_runs_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = jobs.submit(home, jobs.Command(("runs", "list")))
    path = folder_of(home, job_id) / "job.json"
    about = json.loads(path.read_text())
    assert about["args"] == ["runs", "list"] and "kind" not in about
    (job,) = jobs.list_jobs(home)
    assert job.spec == jobs.Command(("runs", "list")) and job.args == ("runs", "list")
    jobs.stop(home, job_id)
    jobs.resume(home, job_id)
    assert jobs.read(home, job_id).state == "queued"


def test_a_kind_or_field_of_a_later_version_is_named(home: Home) -> None:
    with pytest.raises(RunError, match="'teleport'"):
        from_json({"kind": "teleport", "fields": {}})
    with pytest.raises(RunError, match="'colour'"):
        from_json({"kind": "demo", "fields": {"colour": "red"}})
    with pytest.raises(TypeError, match="any kind"):
        kind_of(jobs.JobSpec())


def test_a_spec_runs_without_the_command_line(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = jobs.submit(home, Synthetic(folder=tmp_path / "tiles", per_class=1))
    monkeypatch.setenv("MIRS_JOB", str(folder_of(home, good)))
    worker.run_spec(home, Synthetic(folder=tmp_path / "tiles", per_class=1))
    out, err = capsys.readouterr()
    assert json.loads(out)["tiles"] == 15 and err
    assert jobs.read(home, good).state == "done"
    bad = jobs.submit(home, Synthetic(folder=tmp_path / "tiles"))
    monkeypatch.setenv("MIRS_JOB", str(folder_of(home, bad)))
    worker.run_spec(home, Synthetic(folder=tmp_path / "tiles"))
    job = jobs.read(home, bad)
    assert job.state == "failed" and "not empty" in str(job.error)
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"sheet": "a"}, "--table"),
        ({"strict": True}, "--table"),
        ({"column": ("label=Class",)}, "--table"),
        ({"split_by_strip": True}, "--split SEED"),
        ({"metres_per_pixel": -1.0}, "above 0"),
        ({"metres_per_pixel": float("nan")}, "above 0"),
    ],
)
def test_options_of_an_import_that_would_do_nothing_are_refused(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    spec = Import(folder=tmp_path, **options)
    with pytest.raises(ConfigError, match=why):
        data_import.run(Home(tmp_path / "home"), spec, jobs.Work())
    assert not (tmp_path / "home").exists()
