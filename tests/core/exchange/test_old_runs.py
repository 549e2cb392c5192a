"""Runs of earlier versions, kept in tests/data, open and measure what they did when made."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mirs_core import cli
from mirs_core.datasets.stored_items import read_archive
from mirs_core.files import write_json
from mirs_core.jobs.kind import Work
from mirs_core.jobs.kinds import archive_check
from mirs_core.jobs.kinds.archive_check import ArchiveCheck
from mirs_core.pipeline import growing
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Old:
    """A run of an earlier version, and what that version said about it.

    ``nearest`` are its hits for ``query`` in their order, with distances in bits.
    """

    file: str
    run: str
    map_at_64: dict[str, float]
    query: str
    nearest: tuple[tuple[str, int], ...]


OLD = (
    Old(
        "run-0.2.0.zip",
        "pca-sign-synthetic-mars-s0-2b1da1",
        {"value": 0.546239, "low": 0.373395, "high": 0.718462},
        "test/cra/SYN_050411_2372_XI_57N263W_CX600_CY1500.jpg",
        (
            ("train/cra/SYN_018250_2363_XI_56N042W_CX357_CY11764.jpg", 6),
            ("train/cra/SYN_018250_2363_XI_56N042W_CX300_CY11700.jpg", 7),
            ("val/cra/SYN_010713_1807_XI_00N161W_CX3600_CY7800.jpg", 9),
            ("train/sfx/SYN_018250_2363_XI_56N042W_CX900_CY23100.jpg", 9),
            ("train/cli/SYN_037845_2337_XI_53N208W_CX3900_CY8400.jpg", 10),
        ),
    ),
    # A tile was removed from it and others were added; its items are still one JSON file.
    Old(
        "run-0.3.0.zip",
        "pca-sign-synthetic-mars-s0-137eef",
        {"value": 0.634364, "low": 0.485912, "high": 0.779871},
        "test/fsg/SYN_001578_1742_XI_05S223W_CX1200_CY9600.jpg",
        (
            ("train/fsg/SYN_037845_1794_XI_00S114W_CX1800_CY26400.jpg", 5),
            ("train/fsg/SYN_078163_1917_XI_11N174W_CX1500_CY12300.jpg", 7),
            ("val/fss/SYN_038284_1496_XI_30S220W_CX2771_CY7200.jpg", 8),
            ("train/fss/SYN_037845_1794_XI_00S114W_CX300_CY1800.jpg", 8),
            ("val/fsg/SYN_050411_2510_XI_71N139W_CX2471_CY1854.jpg", 9),
            ("train/fss/SYN_037845_1794_XI_00S114W_CX3600_CY6900.jpg", 9),
            ("train/fsg/SYN_037845_1794_XI_00S114W_CX1800_CY4500.jpg", 9),
        ),
    ),
)


@pytest.fixture(params=OLD, ids=lambda old: old.file)
def old(request: pytest.FixtureRequest) -> Old:
    return request.param


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert cli.main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture(params=["exported file", "run folder"])
def home(
    old: Old, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Home:
    home = Home(tmp_path / "home")
    monkeypatch.setenv("MIRS_HOME", str(home))
    if request.param == "exported file":
        assert cli.main(["runs", "import", str(DATA / old.file)]) == 0
        return home
    folder = home.runs / old.run
    with zipfile.ZipFile(DATA / old.file) as packed:
        packed.extractall(folder)
    for name in ("manifest.json", "annotation.json"):
        (folder / name).unlink()
    status = {"state": "done", "error": None, "process": None, "updated": "2026-11-30T09:31:21"}
    write_json(folder / "status.json", status)
    return home


def test_it_is_listed_with_its_score(
    home: Home, old: Old, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    (run,) = answer(capsys, "runs", "list")
    assert (run["run"], run["preset"], run["state"]) == (old.run, "pca-sign", "done")
    assert run["map_at_64"] == old.map_at_64["value"] and run["encoder"] == "efficientnet-lite0"


def test_its_evaluation_is_the_same_to_the_last_digit(
    home: Home, old: Old, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    report = answer(capsys, "evaluate", "--run", old.run)
    before = json.loads((home.runs / old.run / "metrics.json").read_text())
    assert {name: report[name] for name in before if name in report} == {
        name: before[name] for name in before if name in report
    }
    assert report["map_at_64"]["min_r_k"] == old.map_at_64


def test_it_answers_a_query_as_it_did(home: Home, old: Old) -> None:
    searcher = Searcher.open(home, old.run)
    hits = searcher.search(searcher.query_by_id(old.query), k=len(old.nearest))
    assert tuple((hit.id, hit.distance) for hit in hits) == old.nearest


def test_compacting_converts_it_without_a_loss(home: Home, old: Old) -> None:
    run = runs.folder(home, old.run)
    before = read_archive(run)
    converted = growing.compact(home, old.run, keep=True).run
    after = read_archive(converted, thorough=True)
    assert before.stored is None and after.stored is not None
    assert growing.is_compact(converted) and not converted.old_items.exists()
    assert after.items == before.items and after.items.to_json() == before.items.to_json()
    assert np.array_equal(after.codes, before.codes) and after.codes.dtype == before.codes.dtype
    assert (after.distractors, after.ties) == (before.distractors, before.ties)
    assert converted.model.read_bytes() == run.model.read_bytes()
    # What a run alone says of its tiles comes along.
    assert converted.excluded_tiles() == run.excluded_tiles()
    assert set(run.learnt_roles().items()) <= set(converted.learnt_roles().items())
    searchers = [Searcher.open(home, name) for name in (old.run, converted.id)]
    for tile in before.items.ids[:40]:
        hits = [searcher.search(searcher.query_by_id(tile), k=64) for searcher in searchers]
        assert hits[0] == hits[1]


def test_a_large_run_of_before_is_advised_to_be_stored_anew(
    home: Home, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles, file = home.runs.parent / "tiles", home.runs / old.run / "config.json"
    tiles.mkdir()
    write_json(file, {**json.loads(file.read_text()), "data": str(tiles)})
    monkeypatch.setattr(archive_check, "LARGE", 2)
    notes = archive_check.run(home, ArchiveCheck(run=old.run), Work())["notes"]
    assert notes[-1].endswith(f"mirs archive compact --run {old.run}")
    converted = growing.compact(home, old.run, keep=True).run.id
    notes = archive_check.run(home, ArchiveCheck(run=converted), Work())["notes"]
    assert "compact" not in " ".join(notes)
