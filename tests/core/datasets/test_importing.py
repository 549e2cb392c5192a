"""Folders of somebody's own: described in place, copied, added to a data set."""

import csv
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import stripes, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mirs_core import cli, files
from mirs_core.datasets import importing, registry
from mirs_core.datasets.download import disk_space
from mirs_core.datasets.importing import FolderDescription, csv_table
from mirs_core.datasets.importing.csv_table import TableRow, read_user_table
from mirs_core.datasets.importing.table_matching import match_rows
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.tile_table import TileRecord, read_table, write_table
from mirs_core.errors import DataError, MirsError, StoppedError
from mirs_core.system.processes import lock_if_free
from mirs_core.workspace.home import Home

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Two folders of images, four in all."""
    root = tmp_path / "My tiles"
    for number, name in enumerate(("north/a.png", "north/b.png", "south/a.png", "south/c.png")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stripes(900 + number)).save(root / name)
    return root


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def state(root: Path) -> dict[str, bytes]:
    """Every file below ``root`` and its bytes."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def by_id(root: Path) -> dict[str, Any]:
    return {tile.id: tile for tile in scan(root).tiles}


# --- the table -------------------------------------------------------------------------------


def rows(*names: str) -> list[TableRow]:
    empty = dict.fromkeys(csv_table.COLUMNS, "")
    return [TableRow(f"line {n + 2}", {**empty, "path": name}) for n, name in enumerate(names)]


def slow_match(names: list[str], paths: list[str]) -> dict[str, str]:
    """Which row gets which file, by the words of the rule alone."""
    found = {name: name for name in names if name in paths}
    taken = set(found.values())
    for name in names:
        alike = [path for path in paths if path.split("/")[-1] == name.split("/")[-1]]
        if name not in found and len(alike) == 1 and alike[0] not in taken:
            found[name] = alike[0]
    return found


_names = st.lists(
    st.from_regex(r"([ab]/){0,2}[a-c]\.png", fullmatch=True), min_size=1, max_size=6, unique=True
)


@settings(deadline=None)
@given(names=_names, paths=_names)
def test_rows_mean_what_the_rule_says(names: list[str], paths: list[str]) -> None:
    wanted = slow_match(names, paths)
    twice = len(set(wanted.values())) < len(wanted)
    if twice or 2 * (len(names) - len(wanted)) > len(names):
        with pytest.raises(DataError):
            match_rows(rows(*names), paths)
        return
    found = match_rows(rows(*names), paths)
    assert set(found.records) == set(wanted.values())
    assert set(found.unmatched) == set(names) - set(wanted)


@settings(deadline=None)
@given(longitude=st.floats(-360, 360), latitude=st.floats(-90, 90))
def test_longitudes_are_east_positive_from_0_to_360(longitude: float, latitude: float) -> None:
    cells = {"path": "a.png", "latitude": repr(latitude), "longitude": repr(longitude)}
    empty = dict.fromkeys(csv_table.COLUMNS, "")
    record = match_rows([TableRow("line 2", {**empty, **cells})], ["x/a.png"]).records["x/a.png"]
    assert record.longitude is not None and 0 <= record.longitude < 360
    assert (record.longitude - longitude) % 360 in (pytest.approx(0), pytest.approx(360))


@settings(deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_get_one_line(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "t.csv"
    for head in (b"", b"file,class,lat,lng\n"):
        path.write_bytes(head + data)
        try:
            match_rows(read_user_table(path).rows, ["a.png", "b/a.png"])
        except DataError as error:
            assert "\n" not in str(error).replace(str(path), "")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("head", ["FileName,Class,Lat,LNG", "name,label,latitude,lon"])
def test_common_names_of_columns_are_known(tmp_path: Path, head: str, separator: str) -> None:
    lines = [head, "a.png,dune,-5.5,-137.4"]
    path = table(tmp_path / "t.csv", *(line.replace(",", separator) for line in lines))
    (record,) = match_rows(read_user_table(path).rows, ["deep/a.png"]).records.values()
    assert (record.path, record.label, record.latitude) == ("deep/a.png", "dune", -5.5)
    assert record.longitude == pytest.approx(222.6)


def test_the_proper_name_of_a_column_wins(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "name,class,path,file,label", "x.png,pit,a.png,y.png,dune")
    (record,) = match_rows(read_user_table(path).rows, ["a.png", "x.png", "y.png"]).records.values()
    assert (record.path, record.label) == ("a.png", "dune")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["a,b", "1,2"], "which file"),
        (["file"], "no rows"),
        (["file,lat", "a.png,95"], "line 2: latitude"),
        (["file,lat", "a.png,nan"], "line 2: latitude"),
        (["file,split", "a.png,later"], "line 2: split"),
        (["file", "a.png", "./a.png"], "listed twice"),
        (["file", "north/a.png", "x.png", "../y.png", "/etc/passwd"], "3 of 4 rows"),
        (["file,label", f"a.png,{'x' * 3000}"], "longer than"),
    ],
)
def test_wrong_tables_get_one_line(tmp_path: Path, lines: list[str], says: str) -> None:
    path = table(tmp_path / "t.csv", *lines)
    with pytest.raises(DataError, match=says):
        match_rows(read_user_table(path).rows, ["a.png", "north/a.png"])


# --- in place --------------------------------------------------------------------------------


def test_in_place_only_the_two_files_are_written(own: Path, home: Home, tmp_path: Path) -> None:
    before = state(own)
    told = table(
        tmp_path / "t.csv", "file,class,lat,lon,licence", "c.png,dune,10,-20,CC0", "b.png,pit,,,",
        "north/a.png,pit,,,", "lost.png,,,,",
    )  # fmt: skip
    said = FolderDescription(
        told, name="mine", licence="CC-BY-4.0", credit="Me", metres_per_pixel=5.0
    )
    found = importing.import_in_place(home, own, said)
    after = state(own)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"dataset.json", "tiles.csv"}
    answer = found.to_json()
    assert (answer["tiles"], answer["added"], answer["skipped"]) == (4, 4, 0)
    assert (answer["labelled"], answer["placed"], answer["copied"]) == (3, 1, False)
    assert (answer["unmatched"], answer["data"]) == (["lost.png"], "mine")
    tile = by_id(own)["south/c.png"]
    assert (tile.label, tile.latitude, tile.longitude, tile.place) == ("dune", 10, 340, "tile")
    records = read_table(own)
    assert records["south/c.png"].licence == "CC0" and records["south/a.png"].credit == "Me"
    card = json.loads((own / "dataset.json").read_text())
    assert card == {"name": "mine", "licence": "CC-BY-4.0", "metres_per_pixel": 5.0}


def test_what_stood_there_stays_unless_it_is_contradicted(own: Path, home: Home) -> None:
    card = {"name": "old", "licence": "CC0", "fetched": {"x": 1}, "distractors": ["pit"]}
    (own / "dataset.json").write_text(json.dumps(card))
    table(own / "tiles.csv", "path,label,latitude,longitude,seen by", "north/a.png,dune,1,2,Ann",
          "gone.png,pit,,,Bob")  # fmt: skip
    told = table(own.parent / "t.csv", "path,lat,credit", "north/a.png,3,", "south/a.png,,You")
    found = importing.import_in_place(
        home, own, FolderDescription(told, licence="MIT", credit="Me")
    )
    kept = json.loads((own / "dataset.json").read_text())
    assert kept == {**card, "licence": "MIT"}
    assert "dataset.json: licence is 'MIT', was 'CC0'" in found.changed
    records = read_table(own)
    first = records["north/a.png"]
    # A place is one statement: the old longitude does not belong to the new latitude.
    assert (first.label, first.latitude, first.longitude, first.credit) == ("dune", 3, None, "Me")
    assert records["gone.png"].label == "pit" and records["south/a.png"].credit == "You"
    with (own / "tiles.csv").open() as handle:
        cells = {row["path"]: row["seen by"] for row in csv.DictReader(handle)}
    assert (cells["north/a.png"], cells["gone.png"], cells["south/c.png"]) == ("Ann", "Bob", "")
    again = state(own)
    assert (
        importing.import_in_place(home, own, FolderDescription()).changed == ()
        and state(own) == again
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("tiles.csv", "who\nknows\n"), ("tiles.csv", "path\n../x.png\n"), ("dataset.json", "[1]"),
     ("dataset.json", "{"), ("tiles.csv", "path,latitude\na.png,high\n"),
     ("dataset.json", '{"own": NaN}'), ("dataset.json", '{"own": [-Infinity]}'),
     ("dataset.json", '{"own": %s}' % ("[" * 100_000 + "]" * 100_000)),
     ("dataset.json", '{"own": %s}' % ("[" * 990 + "]" * 990))],
)  # fmt: skip
def test_files_that_cannot_be_read_are_never_overwritten(
    own: Path, home: Home, name: str, text: str
) -> None:
    (own / name).write_text(text)
    before = state(own)
    with pytest.raises(DataError):
        importing.import_in_place(home, own, FolderDescription(credit="Me", name="x"))
    assert state(own) == before


def test_halves_of_characters_in_a_card_stay_as_they_are(own: Path, home: Home) -> None:
    text = '{"name": "a\\ud800b", "own": {"\\udfff": ["\\ud83d", "\\u00e4"]}}'
    (own / "dataset.json").write_text(text)
    imported = importing.import_in_place(home, own, FolderDescription(licence="MIT"))
    json.dumps(imported.to_json(), ensure_ascii=False).encode()
    written = json.loads((own / "dataset.json").read_text(encoding="utf-8"))
    assert written == {**json.loads(text), "licence": "MIT"}


def test_a_wrong_card_is_not_written(own: Path, home: Home) -> None:
    before = state(own)
    with pytest.raises(DataError, match="metres_per_pixel"):
        importing.import_in_place(home, own, FolderDescription(metres_per_pixel=-1.0, credit="Me"))
    assert state(own) == before


def test_a_folder_that_cannot_be_written_names_the_way_out(
    own: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "dataset.json").write_text('{"name": "old"}')
    before, write = state(own), files.replace_file

    def no_table(path: Path, how: Callable[..., object]) -> None:
        if path.name == "tiles.csv":
            raise files._unwritable(path, OSError(errno.EROFS, "Read-only file system"))
        write(path, how)

    monkeypatch.setattr("mirs_core.datasets.tile_table.replace_file", no_table)
    with pytest.raises(DataError, match="as a copy"):
        importing.import_in_place(home, own, FolderDescription(name="new", credit="Me"))
    assert state(own) == before


def test_folders_become_labels_only_when_asked(own: Path, home: Home) -> None:
    found = importing.import_in_place(home, own, FolderDescription())
    assert found.manifest.labelled == 0 and "labels from folder names" in found.notes[0]
    told = table(own.parent / "t.csv", "file,class", "c.png,pit")
    found = importing.import_in_place(home, own, FolderDescription(told, from_folders=True))
    assert found.notes == ()
    assert {tile.id: tile.label for tile in found.manifest.tiles} == {
        "north/a.png": "north", "north/b.png": "north", "south/a.png": "south",
        "south/c.png": "pit",
    }  # fmt: skip
    labelled = write_dataset(own.parent / "set", {"train": {"cra": 2}})
    with pytest.raises(DataError, match="already"):
        importing.import_in_place(home, labelled, FolderDescription(from_folders=True))


# --- as a copy -------------------------------------------------------------------------------


def test_a_copy_is_complete_and_leaves_the_original_alone(own: Path, home: Home) -> None:
    (own / "bad.png").write_text("no image")
    (own / "link.png").symlink_to(own / "north" / "a.png")
    (own / "out.png").symlink_to("/etc/hostname")
    os.mkfifo(own / "pipe.png")
    before = {n: d for n, d in state(own).items() if n != "out.png"}
    found = importing.import_copy(home, own, FolderDescription(title="Mine", credit="Me"))
    assert {n: d for n, d in state(own).items() if n != "out.png"} == before
    target = home.path / "data" / "my-tiles"
    assert found.manifest.root == target and found.copied
    copied = state(target)
    assert {n: d for n, d in copied.items() if n.endswith(".png")} == {
        name: data for name, data in before.items() if "/" in name
    }
    assert {bad.path for bad in found.unreadable} == {"bad.png", "link.png", "out.png", "pipe.png"}
    assert not any(path.is_symlink() for path in target.rglob("*"))
    assert (found.added, found.manifest.card.title) == (4, "Mine")
    assert read_table(target)["north/a.png"].credit == "Me"
    assert sorted(path.name for path in (home.path / "data").iterdir()) == ["my-tiles"]
    with pytest.raises(DataError, match="another name"):
        importing.import_copy(home, own, FolderDescription())
    assert (
        importing.import_copy(home, own, FolderDescription(name="Other")).manifest.root.name
        == "other"
    )


def test_a_copy_of_a_labelled_set_stays_one(home: Home, tmp_path: Path) -> None:
    card = {"name": "hills", "title": "Hills", "licence": "CC0", "distractors": ["rid"]}
    source = write_dataset(tmp_path / "s", {"train": {"cra": 2, "rid": 1}}, card=card)
    write_table(source, [TileRecord("train/cra/tile_0000.png", source="https://example.org/1")])
    found = importing.import_copy(home, source, FolderDescription(licence="MIT"))
    assert found.manifest.classes == {"cra": 2, "rid": 1}
    assert (found.manifest.card.licence, found.manifest.card.distractors) == ("MIT", ("rid",))
    assert read_table(found.manifest.root)["train/cra/tile_0000.png"].source


def test_a_copy_that_is_stopped_or_has_no_room_leaves_nothing(
    own: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "Copying tiles":
            raise StoppedError("Stopped.")

    with pytest.raises(StoppedError):
        importing.import_copy(home, own, FolderDescription(), stop)
    assert list((home.path / "data").iterdir()) == []
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(DataError, match="free some space"):
        importing.import_copy(home, own, FolderDescription())
    assert list((home.path / "data").iterdir()) == []


def test_a_copy_that_was_killed_is_made_anew(own: Path, home: Home) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from mirs_core.datasets import importing\n"
        "from mirs_core.workspace.home import Home\n"
        "from mirs_core.datasets.importing import copying\n"
        "real, calls = copying._copy, []\n"
        "def dies(*words):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 3: os._exit(9)\n"
        "    return real(*words)\n"
        "copying._copy = dies\n"
        "home, own = Home(Path(sys.argv[1])), Path(sys.argv[2])\n"
        "importing.import_copy(home, own, importing.FolderDescription())\n"
    )
    words = [sys.executable, "-c", code, str(home), str(own)]
    assert subprocess.run(words, cwd=ROOT, check=False, capture_output=True).returncode == 9
    left = home.path / "data" / ".my-tiles.import" / "set"
    assert len(list(left.rglob("*.png"))) == 2 and not (home.path / "data" / "my-tiles").exists()
    found = importing.import_copy(home, own, FolderDescription())
    assert found.added == 4 and [p.name for p in (home.path / "data").iterdir()] == ["my-tiles"]


def test_two_imports_do_not_work_on_one_name(own: Path, home: Home) -> None:
    with (
        lock_if_free(home.path / "data" / ".my-tiles.import" / "lock"),
        pytest.raises(DataError, match="Another import"),
    ):
        importing.import_copy(home, own, FolderDescription())
    assert importing.import_copy(home, own, FolderDescription()).added == 4


def test_words_that_are_no_unicode_or_too_long_do_no_harm(own: Path, home: Home) -> None:
    importing.import_in_place(home, own, FolderDescription(title="a\udcffb\nc", credit="\udcff"))
    assert json.loads((own / "dataset.json").read_text())["title"] == "a?b c"
    before = state(own)
    with pytest.raises(DataError, match="longer"):
        importing.import_in_place(home, own, FolderDescription(credit="x" * 3000))
    assert state(own) == before


# --- into another data set -------------------------------------------------------------------


@pytest.fixture
def target(tmp_path: Path) -> Path:
    layout = {"train": {"cra": 2, "rid": 2}, "test": {"cra": 1, "rid": 1}}
    return write_dataset(tmp_path / "target", layout, card={"name": "target", "licence": "CC0"})


def test_tiles_come_into_a_labelled_set_with_where_they_are_from(
    own: Path, home: Home, target: Path
) -> None:
    twin = target / "train" / "cra" / "tile_0000.png"
    (own / "south" / "twin.png").write_bytes(twin.read_bytes())
    before = state(target)
    told = table(own.parent / "t.csv", "file,label,split,lat,lon,licence", "c.png,cra,test,1,-2,",
                 "b.png,../up,train,,,CC-BY-4.0", "north/a.png,rid,,,,")  # fmt: skip
    said = FolderDescription(told, licence="MIT", credit="Me", source="https://example.org")
    found = importing.import_into(home, own, target, said)
    assert {name: state(target)[name] for name in before} == before
    assert (found.added, found.skipped, len(found.manifest.tiles)) == (4, 1, 10)
    new = {id_: tile for id_, tile in by_id(target).items() if id_ not in before}
    assert {id_: (tile.label, tile.split) for id_, tile in new.items()} == {
        "test/cra/import-my-tiles/south/c.png": ("cra", "test"),
        "train/up/import-my-tiles/north/b.png": ("../up", "train"),
        "train/rid/import-my-tiles/north/a.png": ("rid", "train"),
        "train/a.png": (None, "train"),
    }
    records = read_table(target)
    placed = records["test/cra/import-my-tiles/south/c.png"]
    assert (placed.latitude, placed.longitude, placed.licence) == (1, 358, "MIT")
    assert {record.source for record in records.values()} == {"https://example.org"}
    assert records["train/up/import-my-tiles/north/b.png"].licence == "CC-BY-4.0"
    assert any("without a split" in note for note in found.notes)
    after = state(target)
    again = importing.import_into(home, own, target, said)
    assert (again.added, again.skipped) == (0, 5) and state(target) == after


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_a_table_cannot_hold_are_left_out(own: Path, home: Home, target: Path) -> None:
    for name in (" first.png", "back\\slash.png", " x/inner.png"):
        (own / name).parent.mkdir(exist_ok=True)
        (own / name).write_bytes((own / "north" / "a.png").read_bytes())
    (own / "in side ").mkdir()
    (own / "north" / "b.png").rename(own / "in side " / "b c.png")
    for _ in range(2):
        found = importing.import_in_place(home, own, FolderDescription(credit="Me"))
        assert {bad.path for bad in found.unreadable} == {
            " first.png", "back\\slash.png", " x/inner.png"
        }  # fmt: skip
    assert {r.credit for r in read_table(own).values()} == {"Me"} and len(read_table(own)) == 4
    assert set(read_table(own)) == set(by_id(own))


@pytest.mark.parametrize("to", ["CC0", "unknown"])
def test_no_tile_takes_the_licence_or_the_credit_of_the_set_it_comes_to(
    own: Path, home: Home, tmp_path: Path, to: str
) -> None:
    card = {"name": "target", "licence": to, "citation": "Them 2020"}
    target = write_dataset(tmp_path / "loose", 1, card=card)
    importing.import_into(home, own, target, FolderDescription())
    theirs = write_dataset(
        tmp_path / "theirs", 1, start=60, card={"licence": "MIT", "citation": "You  2021"}
    )
    importing.import_into(home, theirs, target, FolderDescription())
    same = write_dataset(tmp_path / "same", 1, start=70, card={"citation": "Them 2020"})
    importing.import_into(home, same, target, FolderDescription(licence="CC-BY-4.0"))
    records = read_table(target)
    told = {
        name: [(r.licence, r.credit) for r in records.values() if f"import-{name}" in r.path]
        for name in ("my-tiles", "theirs", "same")
    }
    nobody = [] if to == "unknown" else [("unknown", None)] * 4
    assert [one for one in told["my-tiles"] if one != (None, None)] == nobody
    assert told["theirs"] == [("MIT", "You 2021")]
    assert told["same"] == [("CC-BY-4.0", None)]


def test_names_never_collide_and_labels_travel(home: Home, tmp_path: Path, target: Path) -> None:
    """A labelled folder into an unlabelled one, twice, with other pixels under the same names."""
    loose = write_dataset(tmp_path / "loose", 2, start=50)
    for start in (100, 200):
        source = write_dataset(
            tmp_path / f"s{start}" / "Same", {"train": {"cra": 1}, "test": {"rid": 1}}, start=start
        )
        for path in list(source.rglob("*.png")):
            path.rename(path.with_name("x.png"))
        found = importing.import_into(home, source, loose, FolderDescription())
        assert found.added == 2
    told = {id_: (tile.label, tile.split) for id_, tile in by_id(loose).items() if "import" in id_}
    assert told == {
        f"import-same{more}/{split}/{label}/x.png": (label, split)
        for more in ("", "-2")
        for split, label in (("train", "cra"), ("test", "rid"))
    }


def test_of_copies_in_the_folder_one_is_added(own: Path, home: Home, target: Path) -> None:
    (own / "copy.png").write_bytes((own / "north" / "a.png").read_bytes())
    found = importing.import_into(home, own, target, FolderDescription())
    assert (found.added, found.skipped, found.duplicates) == (4, 1, 1)
    assert found.manifest.duplicates == ()


def test_without_a_class_a_tile_comes_to_the_database_if_there_is_one(
    own: Path, home: Home, target: Path
) -> None:
    write_dataset(target, {"database": {"cra": 1}}, start=77)
    found = importing.import_into(home, own, target, FolderDescription())
    new = [tile.id for tile in found.manifest.tiles if tile.label is None]
    assert new == ["database/a-2.png", "database/a.png", "database/b.png", "database/c.png"]


@pytest.mark.parametrize("error", [DataError("no"), KeyboardInterrupt()])
def test_a_failure_leaves_the_data_set_as_it_was(
    own: Path, home: Home, target: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    write_table(target, [TileRecord("train/cra/tile_0000.png", credit="You")])
    before = state(target)

    def fail(*_: object, **__: object) -> None:
        write_table(target, [])
        raise error

    monkeypatch.setattr(importing.folders, "write_metadata", fail)
    with pytest.raises(type(error)):
        importing.import_into(home, own, target, FolderDescription())
    assert state(target) == before
    assert sorted(p.name for p in target.iterdir()) == [
        "dataset.json",
        "test",
        "tiles.csv",
        "train",
    ]


def test_tiles_of_a_killed_import_are_known_and_the_rest_follows(
    own: Path, home: Home, target: Path
) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from mirs_core.datasets import importing\n"
        "from mirs_core.workspace.home import Home\n"
        "real, calls = Path.rename, []\n"
        "def dies(*words):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 3: os._exit(9)\n"
        "    return real(*words)\n"
        "Path.rename = dies\n"
        "home, own, target = map(Path, sys.argv[1:])\n"
        "description = importing.FolderDescription(credit='Me')\n"
        "importing.import_into(Home(home), own, target, description)\n"
    )
    words = [sys.executable, "-c", code, *map(str, (home, own, target))]
    assert subprocess.run(words, cwd=ROOT, check=False, capture_output=True).returncode == 9
    half = by_id(target)
    assert len(half) == 8
    found = importing.import_into(home, own, target, FolderDescription(credit="Me"))
    assert (found.added, found.skipped, len(found.manifest.tiles)) == (2, 2, 10)
    assert found.manifest.duplicates == () and not (target / ".mirs-import").exists()
    told = read_table(target)
    new = [tile.id for tile in found.manifest.tiles if tile.label is None]
    assert len(new) == 4 and all(told[tile].credit == "Me" for tile in new)


def test_synthetic_and_real_tiles_do_not_mix(own: Path, home: Home, target: Path) -> None:
    with pytest.raises(DataError, match="cannot be mixed"):
        importing.import_into(home, own, target, FolderDescription(synthetic=True))
    (target / "dataset.json").write_text('{"synthetic": true}')
    with pytest.raises(DataError, match="state that they are synthetic"):
        importing.import_into(home, own, target, FolderDescription())
    assert importing.import_into(home, own, target, FolderDescription(synthetic=True)).added == 4


def test_a_data_set_is_not_added_to_itself_nor_behind_a_link(
    own: Path, home: Home, target: Path
) -> None:
    with pytest.raises(DataError, match="itself"):
        importing.import_into(home, target, target, FolderDescription())
    away = own.parent / "away"
    away.mkdir()
    (target / "train" / "fse").symlink_to(away)
    told = table(own.parent / "t.csv", "file,label", "b.png,fse", "c.png,fse")
    before = state(target)
    with pytest.raises(MirsError, match="link"):
        importing.import_into(home, own, target, FolderDescription(told))
    assert state(target) == before and not list(away.rglob("*.png"))


@pytest.mark.parametrize("verb", [["import", "--copy"], ["tile", "--out"]])
def test_what_is_to_follow_is_checked_before_anything_is_brought_in(
    own: Path, home: Home, tmp_path: Path, verb: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("MIRS_HOME", str(home))
    out = [str(tmp_path / "out")] if verb[0] == "tile" else []
    raster = tmp_path / "strip.tif"
    Image.fromarray(stripes(1)).save(raster)
    source = str(own if verb[0] == "import" else raster)
    assert cli.main(["data", *verb, *out, source, "--archive", "nope"]) == 2
    assert "no run 'nope'" in capsys.readouterr().err
    assert not (home.path / "data").exists() and not (tmp_path / "out").exists()


def test_what_new_tiles_are_taken_for_and_lose_is_said(
    own: Path, home: Home, tmp_path: Path
) -> None:
    card = {"name": "known", "metres_per_pixel": 6.0}
    target = write_dataset(tmp_path / "known", 2, start=700, card=card)
    (own / "strips.json").write_text('{"schema": 1, "strips": []}')
    notes = " ".join(importing.import_into(home, own, target, FolderDescription()).notes)
    assert "6 m per pixel" in notes and "footprints" in notes
    more = write_dataset(tmp_path / "more", 2, start=800)
    assert (
        importing.import_into(home, more, target, FolderDescription(metres_per_pixel=3.0)).notes
        == ()
    )


@pytest.mark.parametrize(
    ("head", "longitude"),
    [
        ("lat,lonW", 306.4),
        ("lat,lonw", 306.4),
        ("Latitude (deg N),Longitude (deg W)", 306.4),
        ("latitude,west_longitude", 306.4),
        ("lat,LON_W", 306.4),
        ("lat,Longitude (deg E)", 53.6),
        ("planetocentric latitude,east longitude", 53.6),
        ("lat,lon", 53.6),
    ],
)
def test_longitudes_are_read_in_their_direction(
    head: str, longitude: float, tmp_path: Path
) -> None:
    path = table(tmp_path / "t.csv", f"file,{head}", "a.png,-5,53.6")
    (record,) = match_rows(read_user_table(path).rows, ["a.png"]).records.values()
    assert (record.latitude, record.longitude) == (-5, pytest.approx(longitude))
    assert read_user_table(path).unread == ()


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = table(
        tmp_path / "t.csv",
        "file;lat;lon;planetographic latitude;lon_min;Remarks;",
        "a.png;1;2;3;4;5;",
    )
    (record,) = match_rows(read_user_table(path).rows, ["a.png"]).records.values()
    assert (record.latitude, record.longitude) == (1, 2)
    assert read_user_table(path).unread == ("planetographic latitude", "lon_min", "Remarks")


def test_half_a_place_and_labels_of_one_spelling_are_pointed_out(
    own: Path, home: Home, tmp_path: Path
) -> None:
    rows = table(
        tmp_path / "t.csv",
        "file,lat,degrees east,class",
        "north/a.png,1,2,Crater", "b.png,3,4,crater", "c.png,5,6,RSL",
    )  # fmt: skip
    imported = importing.import_in_place(home, own, FolderDescription(table=rows))
    notes = " ".join(imported.notes)
    assert "Columns not read: 'degrees east'." in notes
    assert "3 rows have a latitude but no longitude" in notes
    assert "'Crater', 'crater' differ in upper and lower case only" in notes
    assert imported.to_json()["placed"] == 0


def test_half_a_place_is_not_counted_as_coordinates(home: Home, own: Path) -> None:
    write_table(
        own,
        [TileRecord("north/a.png", latitude=1.0), TileRecord("north/b.png", None, None, 1.0, 2.0)],
    )
    assert registry._named(home, own).placed == 1
