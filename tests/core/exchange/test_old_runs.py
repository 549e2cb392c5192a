"""A run of version 0.2.0, kept in tests/data, opens and measures what it did when it was made."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mirs_core import cli
from mirs_core.files import write_json
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home

FILE = Path(__file__).parents[2] / "data" / "run-0.2.0.zip"
RUN = "pca-sign-synthetic-mars-s0-2b1da1"
QUERY = "test/cra/SYN_050411_2372_XI_57N263W_CX600_CY1500.jpg"
NEAREST = [
    ("train/cra/SYN_018250_2363_XI_56N042W_CX357_CY11764.jpg", 6),
    ("train/cra/SYN_018250_2363_XI_56N042W_CX300_CY11700.jpg", 7),
    ("val/cra/SYN_010713_1807_XI_00N161W_CX3600_CY7800.jpg", 9),
    ("train/sfx/SYN_018250_2363_XI_56N042W_CX900_CY23100.jpg", 9),
    ("train/cli/SYN_037845_2337_XI_53N208W_CX3900_CY8400.jpg", 10),
]
"""The hits of version 0.2.0 for this query, in their order: id and distance in bits."""


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert cli.main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture(params=["exported file", "run folder"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(tmp_path / "home")
    monkeypatch.setenv("MIRS_HOME", str(home))
    if request.param == "exported file":
        assert cli.main(["runs", "import", str(FILE)]) == 0
        return home
    folder = home.runs / RUN
    with zipfile.ZipFile(FILE) as packed:
        packed.extractall(folder)
    for name in ("manifest.json", "annotation.json"):
        (folder / name).unlink()
    status = {"state": "done", "error": None, "process": None, "updated": "2026-11-30T09:31:21"}
    write_json(folder / "status.json", status)
    return home


def test_it_is_listed_with_its_score(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    (run,) = answer(capsys, "runs", "list")
    assert (run["run"], run["preset"], run["state"]) == (RUN, "pca-sign", "done")
    assert run["map_at_64"] == 0.546239 and run["encoder"] == "efficientnet-lite0"


def test_its_evaluation_is_the_same_to_the_last_digit(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    report = answer(capsys, "evaluate", "--run", RUN)
    before = json.loads((home.runs / RUN / "metrics.json").read_text())
    assert report["map_at_64"] == before["map_at_64"]
    assert report["map_at_64"]["min_r_k"] == {
        "value": 0.546239, "low": 0.373395, "high": 0.718462
    }  # fmt: skip


def test_it_answers_a_query_as_it_did(home: Home) -> None:
    searcher = Searcher.open(home, RUN)
    hits = searcher.search(searcher.query_by_id(QUERY), k=5)
    assert [(hit.id, hit.distance) for hit in hits] == NEAREST
