"""A table is looked at before it is imported; rows that cannot be used do not end it all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fakes import write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core import cli
from mirs_core.datasets.importing import TableLayout, preview_table
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.proposed_splits import Divisible, proposed_splits
from mirs_core.errors import DataError

COUNT = 401
PATHS = [f"tiles/t{n:03}.png" for n in range(COUNT)]
HEAD = "file;label;lat;lon"
GOOD = [f"t{n:03}.png;{'crater' if n % 2 else 'dune'};-4,5;{n / 10:.1f}".replace(".", ",").replace(
    ",png", ".png") for n in range(COUNT)]  # fmt: skip


def with_rows(tmp_path: Path, change: Callable[[list[str]], None], encoding: str = "utf-8") -> Path:
    rows = list(GOOD)
    change(rows)
    path = tmp_path / "t.csv"
    path.write_bytes("\r\n".join([HEAD, *rows, ""]).encode(encoding))
    return path


def replaced(place: int, text: str) -> Callable[[list[str]], None]:
    return lambda rows: rows.__setitem__(place, text)


BAD_ROWS = {
    "latitude": ("t007.png;dune;95;1", "line 9: latitude '95'"),
    "no-number": ("t007.png;dune;north;1", "latitude 'north'"),
    "point": ("t007.png;dune;-4.5;1", "decimal point"),
    "too-many": ("t007.png;dune;1;2;3", "5 cells"),
    "error": ("t007.png;#N/A;1;2", "#N/A"),
    "half-a-place": ("t007.png;dune;;2", "a longitude without a latitude"),
    "long": (f"t007.png;{'x' * 3000};1;2", "longer than"),
    "contradiction": ("t008.png;crater;1;2", "also in line 10, with other values"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_bad_row_is_left_out_and_named_and_the_others_are_read(kind: str, tmp_path: Path) -> None:
    row, why = BAD_ROWS[kind]
    path = with_rows(tmp_path, replaced(7, row))
    preview = preview_table(path, PATHS)
    contradicts = kind == "contradiction"
    assert len(preview.matched.problems) == 1 + contradicts
    assert "line 9" in preview.matched.problems[0].text and why in preview.matched.problems[0].text
    assert len(preview.matched.records) == COUNT - 1 - contradicts
    assert preview.rows == COUNT and "tiles/t007.png" not in preview.matched.records
    assert ("tiles/t008.png" in preview.matched.records) != contradicts, "neither is certain"
    (note,) = [n for n in preview.notes if "not used" in n]
    assert note.startswith("2 rows are" if contradicts else "1 row is") and "line 9" in note
    with pytest.raises(DataError, match=r"line 9|listed twice"):
        preview_table(path, PATHS, strict=True)


def test_a_row_that_says_the_same_again_is_counted(tmp_path: Path) -> None:
    path = with_rows(tmp_path, lambda rows: rows.append(rows[7]))
    preview = preview_table(path, PATHS)
    assert preview.matched.repeated == 1 and preview.matched.problems == ()
    assert (
        len(preview.matched.records) == COUNT and "1 row repeats an earlier one." in preview.notes
    )


def test_a_table_that_is_mostly_wrong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"t{n:03}.png,{'ninety' if n < 6 else '1'}" for n in range(10)]
    path.write_text("\n".join(["file,lat", *lines]))
    with pytest.raises(DataError, match=r"6 of 10 rows .*line 2: latitude 'ninety'"):
        preview_table(path, PATHS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_output_of_excel_in_any_locale_is_recognised(encoding: str, tmp_path: Path) -> None:
    path = with_rows(tmp_path, replaced(0, "t000.png;Düne;1,5;2"), encoding)
    preview = preview_table(path, PATHS)
    assert preview.matched.records["tiles/t000.png"].label == "Düne"
    form = preview.table.format
    assert (form.separator, form.decimal_mark) == (";", ",")
    assert preview.table.columns == {
        "path": "file", "label": "label", "latitude": "lat", "longitude": "lon"
    }  # fmt: skip
    assert preview.classes == {"Düne": 1, "crater": 200, "dune": 200}


def test_what_was_recognised_wrongly_can_be_stated(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("Kachel;Klasse;Notiz;N;O\nt000.png;дюна;крат;1;2\n".encode("cp1251"))
    layout = TableLayout.of_words(
        "semicolon", "cp1251", columns=["label=Klasse", "latitude=n", "longitude=O"]
    )
    preview = preview_table(path, PATHS, layout)
    record = preview.matched.records["tiles/t000.png"]
    assert (record.label, record.latitude, record.longitude) == ("дюна", 1, 2)
    assert any("'Kachel' was read as the path" in note for note in preview.notes)
    other = preview_table(path, PATHS, TableLayout.of_words("", "cp1251", "", ["label=Notiz"]))
    assert other.matched.records["tiles/t000.png"].label == "крат"
    assert other.table.unread == ("Klasse", "N", "O")


def test_a_column_that_is_not_to_be_read_is_not_read(tmp_path: Path) -> None:
    path = with_rows(tmp_path, replaced(0, "t000.png;dune;no;number"))
    layout = TableLayout(columns={"latitude": "", "longitude": ""})
    preview = preview_table(path, PATHS, layout)
    assert preview.matched.problems == () and len(preview.matched.records) == COUNT
    assert preview.table.unread == ("lat", "lon")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"separator": "dash"}, "separator 'dash'"),
        ({"encoding": "klingon"}, "no encoding 'klingon'"),
        ({"encoding": "base64"}, "no encoding 'base64'"),
        ({"columns": ["label"]}, "COLUMN=HEADER"),
        ({"columns": ["colour=x"]}, "COLUMN=HEADER"),
        ({"columns": ["label=none"]}, "no column 'none'; it has 'file', 'label'"),
        ({"columns": ["path="]}, "which file a row refers to"),
        ({"encoding": "ascii"}, "not written in ascii"),
        ({"sheet": "Two"}, "no visible sheet 'Two'; it has One"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_a_layout_that_cannot_be_gets_one_line(
    words: dict[str, Any], why: str, tmp_path: Path
) -> None:
    path = with_rows(tmp_path, replaced(0, "t000.png;Düne;1;2"))
    if "sheet" in words:
        path = tmp_path / "t.xlsx"
        book = openpyxl.Workbook()
        assert book.active is not None
        book.active.title = "One"
        book.active.append(["file"])
        book.save(path)
    with pytest.raises(DataError, match=why) as error:
        preview_table(path, PATHS, TableLayout.of_words(**words))
    assert "\n" not in str(error.value)


def test_the_sheet_of_a_workbook_can_be_chosen(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title, label in (("First", "dune"), ("Second", "crater")):
        sheet = book.create_sheet(title)
        sheet.append(["file", "label"])
        sheet.append(["t000.png", label])
    book.save(tmp_path / "t.xlsx")
    for sheet_name, label in (("", "dune"), ("First", "dune"), ("Second", "crater")):
        preview = preview_table(tmp_path / "t.xlsx", PATHS, TableLayout(sheet=sheet_name))
        assert preview.matched.records["tiles/t000.png"].label == label
        assert set(preview.table.format.sheets) == {"Sheet", "First", "Second"}


def test_the_command_line_imports_what_can_be_used_and_says_what_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    own = write_dataset(tmp_path / "own", 4)
    path = tmp_path / "t.csv"
    path.write_text("Bild,Art\n" + "".join(f"tile_000{n}.png,dune\n" for n in range(4)) + "a,b,c\n")
    words = ["data", "import", str(own), "--table", str(path), "--column", "label=Art", "--json"]
    assert cli.main([*words, "--strict"]) == 2
    assert "line 6: 3 cells" in capsys.readouterr().err and not (own / "tiles.csv").exists()
    assert cli.main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["labelled"], answer["problem_rows"]) == (4, 1)
    assert "line 6" in answer["problems"][0] and any("line 6" in n for n in answer["notes"])


# --- a split on request ----------------------------------------------------------------------


def divisible(counts: dict[str, int], strips: int = 0) -> list[Divisible]:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [
        Divisible(f"t{n}", label, f"{n:064x}", f"s{n % strips}" if strips else None)
        for n, label in enumerate(labels)
    ]


@given(
    counts=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 40), min_size=1),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=60)
def test_each_class_has_its_shares(counts: dict[str, int], seed: int) -> None:
    tiles = divisible(counts)
    splits = proposed_splits(tiles, seed)
    assert set(splits) == {tile.id for tile in tiles}
    for label, count in counts.items():
        mine = [splits[tile.id] for tile in tiles if tile.label == label]
        assert mine.count("test") == (max(1, round(count * 0.2)) if count >= 4 else 0)
        assert mine.count("val") == (max(1, round(count * 0.1)) if count >= 10 else 0)
    assert proposed_splits(list(reversed(tiles)), seed) == splits


def test_another_seed_is_another_split_and_copies_stay_together() -> None:
    tiles = divisible({"a": 50})
    assert proposed_splits(tiles, 0) != proposed_splits(tiles, 1)
    copies = [Divisible(f"copy{n}", "a", tiles[n].content) for n in range(50)]
    splits = proposed_splits([*tiles, *copies], 0)
    assert all(splits[f"copy{n}"] == splits[f"t{n}"] for n in range(50))
    assert list(splits.values()).count("test") == 20


@given(strips=st.integers(2, 30), seed=st.integers(0, 1000))
@settings(max_examples=30)
def test_strips_stay_whole(strips: int, seed: int) -> None:
    tiles = divisible({"a": 60, "b": 40}, strips)
    splits = proposed_splits(tiles, seed, by_strip=True)
    for strip in {tile.strip for tile in tiles}:
        assert len({splits[tile.id] for tile in tiles if tile.strip == strip}) == 1
    assert list(splits.values()).count("test") <= 20


def test_a_labelled_flat_folder_can_be_evaluated_after_an_import_with_a_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    own = write_dataset(tmp_path / "own", {"cra": {"": 12}, "rid": {"": 12}, "smo": {"": 3}})
    words = ["data", "import", str(own), "--labels-from-folders", "--split", "7", "--json"]
    assert cli.main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["splits"] == {"train": 21, "val": 2, "test": 4}
    assert any("with seed 7" in note for note in answer["notes"])
    assert any("Too few tiles for test tiles: smo" in note for note in answer["notes"])
    assert {t.split for t in scan(own).tiles} == {"train", "val", "test"}
    assert cli.main(words) == 2
    assert "is in the split" in capsys.readouterr().err, "a second split would not be the first"
