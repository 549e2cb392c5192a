"""Tables as spreadsheets write them: read in whatever form, or refused with the line."""

import csv
import io
import json
import random
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core import cli
from mirs_core.datasets.importing import numbers, workbook
from mirs_core.datasets.importing.csv_table import UserTable, read_user_table
from mirs_core.datasets.importing.table_matching import match_rows
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError

HEAD = ["file", "label", "lat", "lon", "metres_per_pixel"]
ROWS = [
    ["a.png", "Fläche", "-4.5", "137.25", "0.25"],
    ["b.png", "dune, dark; wide|\tflat", "12", "-0.5", "6"],
    ["c.png", 'the "wall"\nof a crater', "", "", ""],
]
MEANING = {
    "a.png": TileRecord("a.png", "Fläche", None, -4.5, 137.25, metres_per_pixel=0.25),
    "b.png": TileRecord("b.png", "dune, dark; wide| flat", None, 12, 359.5, metres_per_pixel=6),
    "c.png": TileRecord("c.png", 'the "wall" of a crater'),
}


def written(separator: str = ",", ends: str = "\r\n", mark: str = ".") -> str:
    """The table as a spreadsheet program writes it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=ends)
    writer.writerow(HEAD)
    for name, label, *values in ROWS:
        writer.writerow([name, label, *(value.replace(".", mark) for value in values)])
    return text.getvalue()


def read(tmp_path: Path, data: bytes | str, name: str = "t.csv") -> UserTable:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_user_table(path)


def meaning(table: UserTable) -> dict[str, TileRecord]:
    return match_rows(table.rows, ["a.png", "b.png", "c.png"]).records


ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_form_of_a_table_says_the_same(
    encoding: str, separator: str, ends: str, tmp_path: Path
) -> None:
    for mark in (".", ","):
        table = read(tmp_path, written(separator, ends, mark).encode(encoding))
        assert meaning(table) == MEANING
        form = table.format
        assert (form.encoding, form.separator) == (ENCODINGS[encoding], separator)
        assert form.decimal_mark == mark
    guessed = [note for note in table.notes if "Windows-1252" in note and "'Fläche'" in note]
    assert len(guessed) == (encoding == "cp1252") == len(table.notes)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_with_a_mark_is_read_in_its_byte_order(mark: bytes, tmp_path: Path) -> None:
    codec = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    table = read(tmp_path, mark + written("\t").encode(codec))
    assert meaning(table) == MEANING and table.format.encoding == "UTF-16"


def test_the_line_that_names_the_separator_is_none_of_the_table(tmp_path: Path) -> None:
    table = read(tmp_path, "sep=;\r\n" + written(";"))
    assert meaning(table) == MEANING and table.rows[0].where == "t.csv, line 3"


def test_the_separator_is_that_of_the_known_columns(tmp_path: Path) -> None:
    table = read(tmp_path, "file|lat, lon, and more, of this|lat\na.png|x, y|1.5\n")
    assert (table.format.separator, table.rows[0].cells["latitude"]) == ("|", "1.5")
    assert table.unread == ("lat, lon, and more, of this",)
    assert read(tmp_path, "file\na.png\n").format.separator == ","


def test_the_format_is_told_in_words(tmp_path: Path) -> None:
    table = read(tmp_path, written(";", mark=","))
    assert table.format.described() == "UTF-8, separated by semicolons, decimal commas"


# --- what does not fit -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("file,label\na.png,x,y\n", "line 2: 3 cells.*header has 2.*'y'"),
        ("file,label\n\na.png,x\nb.png,dune, dark\n", "line 4: 3 cells"),
        ("file,label\r\na.png,x\r\n,,pit\r\n", "line 3: 3 cells"),
        ("file,Label,label \na.png,x,y\n", "line 1: two columns are called 'label'"),
        ("file,remarks,Remarks\na.png,x,y\n", "two columns are called"),
        ("file,lat,latitude\na.png,1,2\n", "'latitude' and 'lat' both hold the latitude"),
        ("file,lat,lon,lonW\na.png,1,2,3\n", "'lon' and 'lonW' both hold the longitude"),
        ("file,lat,lon_e,lon_w\na.png,1,2,3\n", "'lon_e' and 'lon_w' both hold"),
        ("file,licence,license\na.png,x,y\n", "both hold the licence"),
        ("file,label\na.png,x\nb\0.png,y\n", "line 3: NUL"),
        (b"file,label\ra.png,x\rb.png,\0\r", "line 3: NUL"),
        ('file,label\na.png,"x\nb.png,y\nc.png,z\n', "line 2: a quotation mark.*never closed"),
        ('file,label\na.png,"x\nb.png,"y"\n', "line 2: text after a closing quotation mark"),
        ('file,label\na.png,"x" y\n', "line 2: text after a closing"),
        ("file,label\na.png," + "x" * 140_000, "line 2: a cell of more than"),
        ("file;lat\na.png;4,5\nb.png;4.5\n", "'4,5' has a decimal comma, but '4.5' a decimal"),
        ("file;lat\na.png;1.234,5\n", "latitude '1.234,5' is not a number"),
        ("file,lat\na.png,1_5\n", "latitude '1_5' is not a number"),
        ('file,metres_per_pixel\na.png,"1,234"\n', "may be a decimal number or thousands"),
        ("file\tmetres_per_pixel\na.png\t1,234\n", "write 1.234 or 1234"),
        ("file,label\na.png,#N/A\n", "line 2: label is the error #N/A of a spreadsheet"),
        ("file,label\na.png,Fläche ä\n".encode() + b"b.png,\xe4\n", "line 3: .*partly UTF-8"),
        (b"file,label\na.png,\x81\x8d\n", "neither UTF-8 nor Windows-1252"),
        (b"\xff\xfef\0i\0l", "not intact UTF-16"),
        (b"\xd0\xcf\x11\xe0old", "password-protected"),
        (b"PK\x03\x04rest", "damaged workbook"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    data: bytes | str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        match_rows(read(tmp_path, data).rows, ["a.png"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ("file,label,lat\na.png,x,1,,\nb.png,y,2\n", 0),
        ("file,label,lat,,\na.png,x,1,,\n", 0),
        ("file,label,lat\na.png,x\nb.png\nc.png,z,3\n", 1),
    ],
)
def test_empty_cells_at_the_end_do_not_matter(data: str, notes: int, tmp_path: Path) -> None:
    table = read(tmp_path, data)
    assert len(table.notes) == notes and table.rows[0].cells["label"] == "x"
    assert all("2 rows have fewer cells" in n and "line 2" in n for n in table.notes)


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.floats(-89, 89).map(lambda value: f"{value:.4f}"), min_size=1, max_size=6),
    separator=st.sampled_from([",", ";", "\t", "|"]),
)
def test_decimal_commas_are_worth_what_points_are(
    values: list[str], separator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerows(
        [["file", "lat"], *([f"{n}.png", v.replace(".", ",")] for n, v in enumerate(values))]
    )
    table = read(tmp_path_factory.mktemp("marks"), text.getvalue())
    assert [float(row.cells["latitude"]) for row in table.rows] == [float(v) for v in values]


def test_a_unicode_minus_is_one() -> None:
    cells = {"latitude": "−4,5", "longitude": "−3", "metres_per_pixel": ""}
    assert numbers.with_points([("line 2", cells)], True) == ","
    assert (cells["latitude"], cells["longitude"]) == ("-4.5", "-3")


# --- workbooks -------------------------------------------------------------------------------


def book(path: Path, *rows: list[object], title: str = "Tiles") -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    made.save(path)
    return made


def edited(path: Path, part: str, change: dict[str, str]) -> None:
    """Replaces text in one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode()
    for before, after in change.items():
        assert before in text
        text = text.replace(before, after)
    parts[part] = text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_says_what_a_csv_table_says(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["a.png", "Fläche", -4.5, 137.25, 0.25],
        ["b.png", "dune, dark; wide|\tflat", 12, -0.5, 6],
        [None],
        ["c.png", 'the "wall"\nof a crater'],
    ]
    book(tmp_path / "t.xlsx", list(HEAD), *rows)
    table = read_user_table(tmp_path / "t.xlsx")
    assert meaning(table) == MEANING and table.notes == ()
    assert table.format.described() == "sheet 'Tiles' of a workbook"
    assert [row.where for row in table.rows] == [f"t.xlsx, row {n}" for n in (2, 3, 5)]


def test_the_first_visible_sheet_with_files_is_read(tmp_path: Path) -> None:
    made = book(tmp_path / "t.xlsx", ["about", "me"], title="Notes")
    hidden, tiles = made.create_sheet("Old"), made.create_sheet("Data")
    hidden.append(["file", "label"])
    hidden.append(["a.png", "wrong"])
    hidden.sheet_state = "hidden"
    tiles.append(["file", "label"])
    tiles.append(["a.png", 7])
    made.save(tmp_path / "t.xlsx")
    table = read_user_table(tmp_path / "t.xlsx")
    assert (table.format.sheet, table.rows[0].cells["label"]) == ("Data", "7")


def test_stored_results_of_formulas_are_read_and_missing_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book(path, ["file", "label", "lat"], ["a.png", '="du"&"ne"', "=2*3"])
    with pytest.raises(DataError, match=r"t.xlsx, row 2: label is a formula whose result is not"):
        read_user_table(path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read(SHEET).decode()
    label = next(c for c in text.split("<c ") if "du" in c)
    latitude = next(c for c in text.split("<c ") if "2*3" in c)
    stored = {
        label: label.replace("<v></v>", "<v>dune</v>")
        .replace("<v />", "<v>dune</v>")
        .replace("<v/>", "<v>dune</v>")
        .replace('r="B2"', 'r="B2" t="str"'),
        latitude: latitude.replace("<v></v>", "<v>6</v>")
        .replace("<v />", "<v>6</v>")
        .replace("<v/>", "<v>6</v>"),
    }
    edited(path, SHEET, stored)
    cells = read_user_table(path).rows[0].cells
    assert (cells["label"], cells["latitude"]) == ("dune", "6")
    edited(path, SHEET, {"<v>dune</v>": "<v></v>"})
    assert read_user_table(path).rows[0].cells["label"] == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"</sheetData>": "</sheetDat>"}, "damaged workbook"),
        ({'<row r="2"': '<row r="99999999999"'}, "more rows or cells"),
        ({' t="n"': ' t="s"'}, "damaged workbook"),
    ],
)
def test_wrong_workbooks_get_one_line(change: dict[str, str], says: str, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book(path, ["file", "label"], ["a.png", 12345])
    edited(path, SHEET, change)
    with pytest.raises(DataError, match=says) as caught:
        read_user_table(path)
    assert "\n" not in str(caught.value)


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_bombs_and_other_archives_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "t.ods", {"content.xml": b"<a/>"})
    with pytest.raises(DataError, match="not an Excel workbook"):
        read_user_table(path)
    bomb = {"xl/workbook.xml": b"<a/>", SHEET: b" " * 20_000_000}
    with pytest.raises(DataError, match="unpacks to far more"):
        read_user_table(packed(tmp_path / "bomb.xlsx", bomb))
    entities = {"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}
    with pytest.raises(DataError, match="XML entities"):
        read_user_table(packed(tmp_path / "laughs.xlsx", entities))
    book(tmp_path / "t.xlsx", ["file"], ["a.png"])
    monkeypatch.setattr(workbook, "_MOST_BYTES", 100)
    with pytest.raises(DataError, match="too large"):
        read_user_table(tmp_path / "t.xlsx")


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_a_mutated_workbook_is_a_table_or_gets_one_line(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "t.xlsx"
    book(path, ["file", "label", "lat"], ["a.png", "dune", "=1+1"], ["b.png", "pit", 2.5])
    content, draw = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(draw.randint(1, 8)):
        content[draw.randrange(4, len(content))] = draw.randrange(256)
    path.write_bytes(content[: draw.choice([len(content), draw.randrange(10, len(content))])])
    try:
        read_user_table(path)
    except DataError as error:
        assert "\n" not in str(error)


# --- the command -----------------------------------------------------------------------------


def test_the_command_says_how_the_table_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fakes import stripes
    from PIL import Image

    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    (tmp_path / "own").mkdir()
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        Image.fromarray(stripes(40 + number)).save(tmp_path / "own" / name)
    path = tmp_path / "t.csv"
    path.write_bytes(written(";", mark=",").encode("cp1252"))
    command = ["data", "import", str(tmp_path / "own"), "--table", str(path)]
    assert cli.main(command) == 0
    text = capsys.readouterr().out
    assert "Table: Windows-1252, separated by semicolons, decimal commas." in text
    assert "for example 'Fläche'" in text and "2 with coordinates" in text
    assert cli.main([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["table"]["separator"] == ";" and answer["placed"] == 2
