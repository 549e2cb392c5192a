"""Tables that leave the program: no formulas, letters intact, one writer."""

import ast
import csv
import io
import re
import tomllib
from pathlib import Path

import pytest

from mirs_core.exchange.exports.spreadsheet import safe_cell, table

ROOT = Path(__file__).parents[3]
FILES = [ROOT / "app.py", *(ROOT / "mirs_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
# What the program itself reads again (tiles.csv), and the writer.
WRITERS = {"mirs_core/datasets/tile_table.py", "mirs_core/exchange/exports/spreadsheet.py"}
WRITING = {
    "writer", "DictWriter", "to_csv", "write_csv", "to_excel", "to_clipboard", "savetxt",
    "ExcelWriter",
}  # fmt: skip
# Files with a button for downloads, and what they offer: a table only through the writer above.
BUTTONS = {
    "pages/parts/downloads.py": "spreadsheet.table",
    "pages/parts/export_files.py": "ExportFormat",
    "pages/runs/details.py": "application/zip",
    "pages/data/labels_dialog.py": "label_table",
    "pages/map/similarity_layer.py": "geotiff",
    "pages/parts/region_filter.py": "geojson_bytes",
    "pages/search/query_table.py": "hit_tables",
    "pages/shared/session_files.py": "sessions.to_bytes",
}


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@a", "\t=1", "\r1", "\n=1", "  =1", "\u00a0=1", "\u3000@a", "\ufeff=1",
     "\u200b=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", " \uff1d1", "\x00=1"],
)  # fmt: skip
def test_formulas_are_neutralised_in_cells_and_names(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    content = table([{text: text}, {text: f"a{text}"}]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows == [[f"'{text}"], [f"'{text}"], [f"a{text}"]]


@pytest.mark.parametrize(
    "value", ["dune", "a=b", "1+1", "", " ", "dune, dark", -1, -1.5, None, True]
)
def test_other_cells_are_kept(value: object) -> None:
    assert safe_cell(value) == value


def test_letters_beyond_ascii_are_marked_for_spreadsheets() -> None:
    assert table([{"name": "Fl\u00e4che"}]).decode() == "\ufeffname\nFl\u00e4che\n"
    assert table([{"name": "a", "n": 3}, {"name": None, "n": float("nan")}]) == b"name,n\na,3\n,\n"


def called(source: str) -> set[str]:
    """The names of all functions that a source calls, or passes on, without their modules."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
    return names


def files_that_call(*names: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in FILES
        if called(path.read_text(encoding="utf-8")) & set(names)
    }


def test_there_is_no_other_way_out() -> None:
    assert len(FILES) > 200
    assert files_that_call(*WRITING) == WRITERS


def test_downloads_are_offered_in_few_places_only() -> None:
    assert files_that_call("download_button") == set(BUTTONS)
    for name, content in BUTTONS.items():
        assert content in (ROOT / name).read_text(encoding="utf-8")
    # Nor by hand: as a link with the data in it, or as text that calls itself CSV.
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "data:text/" not in text and "data:application/" not in text, path
        if re.search(r"""["']text/(csv|tab-separated-values)["']""", text):
            assert any(name in text for name in ("spreadsheet", "label_table", "hit_tables")), path
    # The two that make a table elsewhere make it with the writer.
    for name in ("label_table", "hit_tables"):
        (module,) = (path for path in FILES if path.stem == name)
        assert "spreadsheet" in module.read_text(encoding="utf-8"), module


def test_every_table_format_goes_through_the_writer() -> None:
    folder = ROOT / "mirs_core" / "exchange" / "exports"
    formats = [path for path in folder.rglob("*.py") if '".csv"' in path.read_text()]
    assert len(formats) >= 2
    assert all("spreadsheet" in path.read_text() for path in formats)


def test_streamlit_exports_no_table_of_its_own() -> None:
    with (ROOT / ".streamlit" / "config.toml").open("rb") as handle:
        client = tomllib.load(handle)["client"]
    assert client["disableDataExport"] is True
    assert files_that_call("dataframe", "data_editor"), "the option is for these"
    # Charts whose menu would save their data.
    assert not files_that_call(
        "line_chart", "bar_chart", "area_chart", "scatter_chart", "map_chart"
    )


def test_the_search_for_ways_out_sees_what_it_looks_for() -> None:
    assert called("from csv import writer\nframe.to_csv(x)\nst.download_button(y)") == {
        "writer", "to_csv", "download_button"
    }  # fmt: skip
