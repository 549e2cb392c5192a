"""``data import``, ``data list`` and ``archive`` as the command line prints them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core.cli import main
from mirs_core.config.presets import from_preset
from mirs_core.pipeline import training
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 4, "rid": 4}, "test": {"cra": 1, "rid": 1}}
GROWN = {"run", "from", "tiles", "added", "removed", "encoded", "seconds"}


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = tmp_path / "home"
    monkeypatch.setenv("MIRS_HOME", str(home))
    data = write_dataset(tmp_path / "set", LAYOUT, card={"name": "set", "licence": "CC0"})
    changes = ["training.epochs=1", "training.views=1"]
    config = from_preset("mirs", data=str(data), changes=changes)
    training.train(Home(home), training.prepare(Home(home), config, run_id="one"))
    return Home(home)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "own", 6, start=500)


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    def asked(*words: object) -> Any:
        code = main([str(word) for word in (*words, "--json", "--quiet")])
        said = capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out.splitlines()[-1])

    return asked


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Any:
    def asked(*words: object) -> str:
        code = main([str(word) for word in (*words, "--quiet")])
        said = capsys.readouterr()
        assert (code, said.out) == (2, "") and said.err.count("\n") == 1
        return said.err

    return asked


def test_from_a_folder_to_an_archive_that_grows(
    home: Home, own: Path, answer: Any, tmp_path: Path, network: FakeNetwork
) -> None:
    (own / "bad.png").write_text("no")
    (own / "notes.txt").write_text("no")
    (tmp_path / "t.csv").write_text("file,lat,lon\ntile_0500.png,1,-2\nlost.png,,\n")
    found = answer("data", "import", own, "--table", tmp_path / "t.csv", "--copy", "--name", "Mine",
                   "--licence", "CC-BY-4.0", "--metres-per-pixel", 6)  # fmt: skip
    keys = {"data", "dir", "tiles", "added", "skipped", "labelled", "placed", "copied",
            "unmatched", "unreadable", "duplicates"}  # fmt: skip
    assert keys <= set(found)
    assert (found["data"], found["dir"]) == ("Mine", str(home.path / "data" / "mine"))
    assert (found["tiles"], found["placed"], found["copied"]) == (6, 1, True)
    assert (found["unmatched"], found["duplicates"]) == (["lost.png"], 0)
    assert found["unreadable"][0]["path"] == "bad.png" and found["unreadable"][0]["why"]
    assert found["passed_over"] == {".txt": 1}
    assert "1 file is not an image: 1 .txt" in found["notes"]
    described = answer("data", "describe", own)
    assert (described["passed_over"], described["outside"]) == ({".txt": 1}, 0)
    assert answer("index", "--run", "one", "--data", own)["notes"] == [
        "1 file is not an image: 1 .txt"
    ]
    first = answer("index", "--run", "one", "--data", found["dir"])["run"]
    write_dataset(own, 2, start=600)
    network.seen = 0
    shutil.rmtree(home.path / "cache" / "features")
    grown = answer("archive", "add", "--run", first, "--data", own)
    assert set(grown) >= GROWN
    figures = {name: grown[name] for name in ("from", "tiles", "added", "removed", "encoded")}
    assert figures == {"from": first, "tiles": 8, "added": 2, "removed": 0, "encoded": 2}
    assert network.seen == 2
    less = answer("archive", "remove", "--run", grown["run"], "--tile", "tile_0501.png", "--keep")
    assert (less["tiles"], less["removed"], less["from"]) == (7, 1, grown["run"])
    (tmp_path / "list.txt").write_text("tile_0502.png\n\ntile_0503.png\n")
    less = answer("archive", "remove", "--run", less["run"], "--list", tmp_path / "list.txt")
    assert (less["tiles"], less["removed"]) == (5, 2)
    back = answer("archive", "add", "--run", less["run"], "--again")
    assert (back["tiles"], back["added"], back["encoded"]) == (8, 3, 3)
    listed = {one["name"]: one for one in answer("data", "list")}
    assert {"name", "title", "dir", "tiles", "labelled", "placed", "licence", "models"} <= set(
        listed["Mine"]
    )
    assert listed["Mine"]["licence"] == "CC-BY-4.0" and listed["Mine"]["tiles"] == 8
    assert set(listed["Mine"]["models"]) == {grown["run"], back["run"]}
    assert listed["set"]["models"] == ["one"]


def test_out_as_a_table_and_in_again(home: Home, answer: Any, tmp_path: Path) -> None:
    file = tmp_path / "one.parquet"
    made = answer("archive", "export", "--run", "one", file)
    assert made == {"run": "one", "tiles": 10, "bytes": file.stat().st_size, "file": str(file)}
    came = answer("archive", "import", file, "--run", "one", "--name", "Theirs")
    assert (came["parent"], came["tiles"], came["file"]) == ("one", 10, str(file))
    assert runs.summary(home, runs.folder(home, came["run"]), None).name == "Theirs"


def test_every_mistake_gets_one_line(home: Home, own: Path, refused: Any, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe")
    for words, says in (
        (("data", "import", tmp_path / "nowhere"), "no folder"),
        (("data", "import", own, "--table", tmp_path / "no.csv"), "no table"),
        (("data", "import", own, "--to", tmp_path / "nowhere"), "no folder"),
        (("data", "import", own, "--labels-from-folders"), "no image"),
        (("archive", "add", "--run", "../x"), "no run"),
        (("archive", "add", "--run", "one"), "no tiles that run"),
        (("archive", "remove", "--run", "one", "--list", tmp_path / "no.txt"), "cannot be read"),
        (("archive", "remove", "--run", "one", "--list", tmp_path / "latin.txt"), "UTF-8"),
        (("archive", "import", tmp_path / "no.parquet", "--run", "one"), "no file"),
        (("archive", "export", "--run", "one", tmp_path / "latin.txt"), "exists already"),
    ):
        assert says.lower() in refused(*words).lower(), words
    assert sorted(os.listdir(home.path / "runs")) == ["one"]  # noqa: PTH208 - names alone


def test_tiles_that_change_are_told_apart_in_check_and_search(
    home: Home, own: Path, answer: Any, refused: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = answer("index", "--run", "one", "--data", own)["run"]
    names = sorted(path.name for path in own.iterdir())
    same = answer("archive", "check", "--run", run)
    assert {name: same[name] for name in ("tiles", "current", "changed", "missing")} == {
        "tiles": 6, "current": 6, "changed": 0, "missing": 0,
    }  # fmt: skip
    query = own / names[0]
    before = answer("search", "--run", run, "--image", query)
    assert all("state" not in hit for hit in before["results"])

    shutil.copyfile(query, own / names[1])
    (own / names[2]).unlink()
    checked = answer("archive", "check", "--run", run)
    assert checked["listed"] == {"changed": [names[1]], "missing": [names[2]], "unreadable": []}
    assert checked["current"] == 4
    assert main(["archive", "check", "--run", run, "--quiet"]) == 0
    text = capsys.readouterr().out
    assert f"1 changed since they were archived: {names[1]}" in text
    assert f"mirs archive add --run {run}" in text

    after = answer("search", "--run", run, "--image", query)
    states = {hit["id"]: hit.pop("state", None) for hit in after["results"]}
    assert after["results"] == before["results"]
    assert {tile: state for tile, state in states.items() if state} == {
        names[1]: "changed",
        names[2]: "missing",
    }
    assert main(["search", "--run", run, "--image", str(query), "--quiet"]) == 0
    text = capsys.readouterr().out
    assert f"{names[1]} (changed)" in text and f"{names[2]} (missing)" in text
    assert "1 changed since they were archived" in text and "1 missing" in text

    grown = answer("archive", "add", "--run", run)
    assert (grown["added"], grown["removed"]) == (1, 1)
    assert answer("archive", "check", "--run", grown["run"])["changed"] == 0
    shutil.rmtree(own)
    assert "missing" in refused("archive", "check", "--run", grown["run"])


def test_lists_of_tiles_are_read_as_tables_are(
    home: Home, answer: Any, refused: Any, tmp_path: Path
) -> None:
    own = write_dataset(tmp_path / "more", 6, start=700)
    for old, new in (("tile_0700", "Fla\u0308che"), ("tile_0701", "b\u00fc"), ("tile_0702", "c")):
        (own / f"{old}.png").rename(own / f"{new}.png")
    run = answer("index", "--run", "one", "--data", own)["run"]
    path = tmp_path / "list.txt"
    path.write_bytes("Fl\u00e4che.png\r\n".encode("utf-16"))
    less = answer("archive", "remove", "--run", run, "--list", path)
    assert (less["tiles"], less["removed"]) == (5, 1)
    path.write_bytes("b\u00fc.png\rc.png\r".encode("cp1252"))
    less = answer("archive", "remove", "--run", less["run"], "--list", path)
    assert (less["tiles"], less["removed"]) == (3, 2)
    for content, says in (
        (b"tile_0703.png\ntile_07\x0004.png\n", "line 2: NUL"),
        (b"tile_0703.png\nlost.png\n\xfc.png\n", "'lost.png', '\u00fc.png' in this archive"),
        (b"\n \n", "names no tile"),
    ):
        path.write_bytes(content)
        assert says in refused("archive", "remove", "--run", less["run"], "--list", path)
    path.write_text("".join(f"lost{n}.png\n" for n in range(12)))
    message = refused("archive", "remove", "--run", less["run"], "--list", path)
    assert "'lost9.png' and 2 more" in message and "Nothing was removed" in message
