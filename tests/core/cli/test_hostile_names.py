"""Hostile names of files and folders, from import to the exported files: right, or refused."""

import csv
import io
import json
import os
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import pytest
from fakes import FakeNetwork, stripes, write_dataset
from hostile_names import NAMES
from PIL import Image

from mirs_core import cli
from mirs_core.errors import RunError
from mirs_core.exchange import exported_runs, parquet_archives
from mirs_core.exchange.exports import ChosenTilesInfo, export_of_tiles, formats_for_tiles
from mirs_core.exchange.parquet_archives.checks import is_plain
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 6, "rid": 6}, "test": {"cra": 2, "rid": 2}}


def is_hidden(path: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(path).parts)


def files_of(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))


@pytest.fixture
def folder(tmp_path: Path, way: str) -> Path:
    """Tiles with hostile names in folders with hostile names, and a name of 255 bytes."""
    root = tmp_path / "own tiles"
    names = [name for name in NAMES if way != "without control characters" or is_plain(name)]
    for number, name in enumerate((*names, "x" * 251)):
        target = root / (name if number % 2 else "folder") / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stripes(number)).save(target, format="PNG")
    Image.fromarray(stripes(900)).save(os.fsencode(root) + b"/latin-\xe4.png", format="PNG")
    return root


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home folder with a trained run called base."""
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    data = write_dataset(tmp_path / "sound", LAYOUT)
    options = ["--preset", "baseline-centred", "--name", "base", "--json", "--quiet"]
    assert cli.main(["train", "--data", str(data), *options]) == 0
    return Home(tmp_path / "home")


def called(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The answer of a command."""
    capsys.readouterr()
    assert cli.main([*words, "--json", "--quiet"]) == 0, capsys.readouterr().err
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


@pytest.mark.parametrize("way", ["in place", "copied", "added", "without control characters"])
def test_every_name_is_imported_archived_and_exported_or_refused_with_a_reason(
    way: str, folder: Path, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (base,) = [path.name for path in home.runs.iterdir()]
    words, before = ["data", "import", str(folder), "--labels-from-folders"], set()
    if way == "copied":
        words += ["--copy", "--name", "hostile"]
    elif way == "added":
        target = write_dataset(tmp_path / "target", 3, start=500)
        before = set(files_of(target))
        words += ["--to", str(target)]
    imported = called(capsys, *words)
    root = Path(imported["dir"])
    refused = {bad["path"] for bad in imported["unreadable"]}
    assert all(bad["why"] for bad in imported["unreadable"])
    paths = set(files_of(folder)) - {"latin-\udce4.png"}
    usable = {path for path in paths if not is_hidden(path)}
    accepted = usable - refused
    assert imported["added"] == len(accepted) and len(accepted) > len(NAMES) - 15
    assert imported["tiles"] == len(accepted) + len(before)

    index = called(capsys, "index", "--run", base, "--data", str(root), "--name", "hostile")
    searcher = Searcher.open(home, index["run"])
    ids = set(searcher.items.ids)
    assert len(ids) == imported["tiles"] and ids <= set(files_of(root))
    for tile in sorted(ids):
        answer = called(
            capsys, "search", "--run", index["run"], "--image", str(root / tile), "--k", "3"
        )
        assert len(answer["results"]) == 3
        assert {hit["id"] for hit in answer["results"]} <= ids
        assert searcher.query_by_image(root / tile).tile_id == tile
    check_exports(searcher, sorted(ids))
    check_copies(home, index["run"], tmp_path, sorted(ids))


def check_exports(searcher: Searcher, tiles: list[str]) -> None:
    """Every format holds every tile under its own name."""
    export = export_of_tiles(searcher, tiles, ChosenTilesInfo("here", "Hostile", False))
    files = {spec.name: spec.write(export) for spec in formats_for_tiles(with_comparison=False)}
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"), newline="")))
    assert [row["id"].removeprefix("'") for row in rows] == tiles
    labels = {row["id"].removeprefix("'"): row["label"].removeprefix("'") for row in rows}
    assert labels == {tile: searcher.items.labels[searcher.items.row(tile)] or "" for tile in tiles}
    features = json.loads(files["geojson"])["features"]
    assert [feature["properties"]["id"] for feature in features] == tiles
    assert list(gpd.read_parquet(io.BytesIO(files["geoparquet"]))["id"]) == tiles
    with zipfile.ZipFile(io.BytesIO(files["zip"])) as packed:
        names = packed.namelist()
        assert packed.testzip() is None and len(set(names)) == len(names)
        assert sum(name.endswith(".png") for name in names) == len(tiles)
        for name in names:
            # Neither outside of the folder nor with letters that some systems cannot have.
            assert not name.startswith("/") and ".." not in name.split("/")


def check_copies(home: Home, run: str, folder: Path, tiles: list[str]) -> None:
    """An exported run and a Parquet archive hold them all, in another home folder too."""
    other_home = Home(folder / "elsewhere")
    packed = exported_runs.save_run(home, run, folder / "run.zip")
    loaded = Searcher.open(other_home, exported_runs.load_run(other_home, packed))
    assert sorted(loaded.items.ids) == tiles
    table = folder / "archive.parquet"
    if any(not is_plain(tile) for tile in tiles):
        # Importing refuses such names, so that exporting must not write them.
        with pytest.raises(RunError, match=r"has a control character\. Rename it"):
            parquet_archives.write_archive(home, run, table)
        assert not table.exists()
        return
    parquet_archives.write_archive(home, run, table)
    archive, count = parquet_archives.read_archive(other_home, table, loaded.summary.id)
    assert count == len(tiles)
    assert sorted(Searcher.open(other_home, archive.id).items.ids) == tiles
