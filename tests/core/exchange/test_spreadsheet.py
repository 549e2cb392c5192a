"""Tables that leave the program: no formulas, letters intact, one writer."""

import csv
import io
import re
from pathlib import Path

import pytest

from mirs_core.exchange.exports.spreadsheet import safe_cell, table

ROOT = Path(__file__).parents[3]
# What the program itself reads again (tiles.csv), and the writer.
WRITERS = {"mirs_core/datasets/tile_table.py", "mirs_core/exchange/exports/spreadsheet.py"}
OTHER_WAYS = re.compile(r"\bcsv\w*\.(writer|DictWriter)\b|\.to_(csv|excel|clipboard)\(")


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


def test_there_is_no_other_way_out() -> None:
    files = [ROOT / "app.py", *(ROOT / "mirs_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    assert len(files) > 200
    others = {
        str(path.relative_to(ROOT))
        for path in files
        if OTHER_WAYS.search(path.read_text(encoding="utf-8"))
    }
    assert others <= WRITERS
