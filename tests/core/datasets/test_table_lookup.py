"""Records of a large table by path, against the strict reading of all its rows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mirs_core.datasets import table_lookup
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.table_lookup import TableLookup
from mirs_core.datasets.tile_table import TABLE_FILE, TileRecord, read_table
from mirs_core.errors import DataError

PATHS = ["a/1.png", "b\\2.png", "é 3.png", 'a "quoted" 4.png', "a,5.png"]


@pytest.fixture(params=[0, 1 << 40], ids=["columns", "records"], autouse=True)
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test with tables that are large, and with small ones."""
    monkeypatch.setattr(table_lookup, "LARGE", request.param)
    table_lookup._records.cache_clear()
    yield
    table_lookup._records.cache_clear()


def quoted(path: str) -> str:
    doubled = path.replace('"', '""')
    return f'"{doubled}"'


TABLES = {
    "numbers": "path,latitude,longitude,metres_per_pixel\n"
    + "".join(f"{quoted(path)}, -4.5 ,-10, 0.25\n" for path in PATHS),
    "texts": "credit,path,label,strip,source,split,more\n"
    + "".join(f'"A,\nB",{quoted(path)}, cra ,  P  1,,test,x\n' for path in PATHS),
    "with a byte order mark": "\ufeffpath,label\r\n a/1.png ,\r\n\r\nb/2.png,slo\r\n",
    "short rows": "path,label,strip\na/1.png\nb/2.png,slo\n",
    "words that look like nulls": "path,label,strip\na/1.png,NA,null\nb/2.png,nan,1\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_records_are_those_of_the_table(tmp_path: Path, name: str) -> None:
    (tmp_path / TABLE_FILE).write_text(TABLES[name], encoding="utf-8", newline="")
    expected = read_table(tmp_path)
    assert len(expected) >= 2
    ids = [*expected, "gone.png"]
    records = TableLookup((tmp_path,)).records(ids)
    assert records == [*expected.values(), None]
    assert [TableLookup((tmp_path,)).records([tile])[0] for tile in ids] == records


@pytest.mark.parametrize("rows", ["a.png,1\na.png,2\n", 'a.png,"1\n', "a.png,1,2\n"])
def test_an_unreadable_table_is_ignored(tmp_path: Path, rows: str) -> None:
    (tmp_path / TABLE_FILE).write_text(f"path,label\n{rows}", encoding="utf-8")
    with pytest.raises(DataError):
        read_table(tmp_path)
    assert TableLookup((tmp_path, tmp_path / "none")).records(["a.png"]) == [None]


def test_the_first_folder_that_lists_a_tile_counts_and_a_new_table_is_read(tmp_path: Path) -> None:
    for name, labels in (("set", ["cra", ""]), ("run", ["slo", "rid", "mix"])):
        (tmp_path / name).mkdir()
        rows = "".join(f"{n}.png,{label}\n" for n, label in enumerate(labels))
        (tmp_path / name / TABLE_FILE).write_text(f"path,label\n{rows}", encoding="utf-8")
    tables = TableLookup((tmp_path / "set", tmp_path / "run"))
    labels = [record and record.label for record in tables.records(["0.png", "1.png", "2.png"])]
    assert labels == ["cra", None, "mix"]
    (tmp_path / "set" / TABLE_FILE).write_text("path,strip\n2.png,P01\n", encoding="utf-8")
    assert tables.records(["2.png"]) == [TileRecord("2.png", strip="P01")]


def test_a_scan_reads_tables_of_any_size_alike(tmp_path: Path) -> None:
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        Image.fromarray(np.full((16, 16), number, np.uint8)).save(tmp_path / name)
    table = "strip,path,label,split,latitude,longitude\nP1,a.png,cra,test,-4,361e-1\n,c.png,,,5,\n"
    (tmp_path / TABLE_FILE).write_text(table, encoding="utf-8")
    columns = [
        (t.id, t.label, t.split, t.strip, t.latitude, t.longitude) for t in scan(tmp_path).tiles
    ]
    assert columns == [
        ("a.png", "cra", "test", "P1", -4.0, 36.1),
        ("b.png", None, "", None, None, None),
        ("c.png", None, "", None, 5.0, None),
    ]
    for row, why in (
        ("P,a.png,cra,,1,2", "line 4: a.png is listed twice"),
        (",b.png,,valid,,", "line 4: split 'valid'"),
        (",b.png,,,95,", "line 4: latitude '95'"),
        (',b.png,"x,,,', "line 4: a quotation mark"),
    ):
        (tmp_path / TABLE_FILE).write_text(f"{table}{row}\n", encoding="utf-8")
        with pytest.raises(DataError, match=why):
            scan(tmp_path)
