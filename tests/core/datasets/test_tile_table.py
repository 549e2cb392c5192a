"""``tiles.csv``: read and written, refused where it is wrong, and heeded by a scan."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.tile_table import (
    TABLE_FILE,
    TileRecord,
    foreign_cells,
    read_table,
    records_of,
    write_table,
)
from mirs_core.errors import DataError, RunError

_words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20) | st.just(
    'a, "b" and\tc'
)
_paths = st.from_regex(r"[a-z0-9 ,\"é]{1,8}(/[a-z]{1,5}){0,2}\.jpg", fullmatch=True).map(str.strip)


@st.composite
def _records(draw: st.DrawFn) -> list[TileRecord]:
    paths = draw(
        st.lists(
            _paths.filter(lambda path: path[0] != "/" and len(path) > 4), max_size=5, unique=True
        )
    )
    latitude = st.floats(-90, 90)
    return [
        TileRecord(
            path=path,
            label=draw(st.none() | _words.map(lambda word: " ".join(word.split()))),
            split=draw(st.sampled_from([None, "train", "test"])),
            latitude=draw(latitude),
            longitude=draw(st.none() | st.floats(0, 359.9)),
            metres_per_pixel=draw(st.none() | st.floats(0.001, 1000)),
        )
        for path in paths
    ]


@given(records=_records())
def test_what_is_written_is_read(
    records: list[TileRecord], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("table")
    write_table(root, records)
    assert list(read_table(root).values()) == records


def test_there_need_be_no_table(tmp_path: Path) -> None:
    assert read_table(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,label\na.jpg,cra\n", "no column 'path'"),
        ("", "no column 'path'"),
        ("path\n../a.jpg\n", "line 2.*not a path inside"),
        ("path\n/etc/a.jpg\n", "line 2.*not a path inside"),
        ("path\na\\..\\..\\b.jpg\n", "not a path inside"),
        ("path,label\n,cra\n", "not a path inside"),
        ("path\na.jpg\na.jpg\n", "line 3.*listed twice"),
        ("path,latitude\na.jpg,91\n", "latitude '91'"),
        ("path,latitude\na.jpg,nan\n", "latitude 'nan'"),
        ("path,latitude\na.jpg,north\n", "latitude 'north'"),
        ("path,latitude,longitude\na.jpg,1,361\n", "longitude '361'"),
        ("path,longitude\na.jpg,10\n", "without a latitude"),
        ("path,split\na.jpg,exam\n", "split 'exam'"),
        ("path,metres_per_pixel\na.jpg,0\n", "metres_per_pixel '0'"),
        ("path,label\na.jpg," + "x" * 3000 + "\n", "longer than"),
        ("path,label\na.jpg,cra\nb.jpg,dune, dark\n", "line 3: 3 cells"),
        ("path,label,label\na.jpg,cra,rid\n", "two columns are called 'label'"),
        ("path,label\na.jpg,cra\nb\0.jpg,rid\n", "line 3: NUL"),
        ('path,label\na.jpg,"cra\nb.jpg,rid\n', "line 2: a quotation mark"),
        ("path;label\na.jpg;cra\n", "import the folder with it as the table"),
        ("path,latitude\na.jpg,1_0\n", "latitude '1_0'"),
    ],
)
def test_wrong_tables_are_refused(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / TABLE_FILE).write_text(text)
    with pytest.raises(DataError, match=words):
        read_table(tmp_path)


def test_columns_of_others_may_be_called_alike(tmp_path: Path) -> None:
    (tmp_path / TABLE_FILE).write_text("path,label,Label, label\na.jpg,cra,x,y,,\nb.jpg\n")
    assert [record.label for record in read_table(tmp_path).values()] == ["cra", None]
    write_table(tmp_path, read_table(tmp_path).values(), foreign_cells(tmp_path))
    assert (tmp_path / TABLE_FILE).read_text().splitlines()[:2] == [
        "path,label,Label, label", "a.jpg,cra,x,y"
    ]  # fmt: skip


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes("path,label\na.jpg,Krater \xe4".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        records_of(path)


def test_negative_longitudes_are_east(tmp_path: Path) -> None:
    (tmp_path / TABLE_FILE).write_text("path,latitude,longitude\na.jpg,-4.5,-137.4\n")
    assert read_table(tmp_path)["a.jpg"].longitude == pytest.approx(222.6)


def test_a_scan_heeds_the_table(tmp_path: Path) -> None:
    named = "P03_002287_2005_XI_20N072W_CX1_CY2.jpg"
    for number, name in enumerate(["a.png", "b.png", named]):
        pixels = np.random.default_rng(number).integers(0, 255, (32, 32), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / TABLE_FILE).write_text(
        "path,label,split,latitude,longitude,strip\na.png,cra,test,-5,10,S1\nlost.png,cra,,,,\n"
    )
    own, bare, ctx = sorted(scan(tmp_path).tiles, key=lambda tile: "ab".find(tile.path[0]) % 3)
    assert (own.label, own.split, own.strip) == ("cra", "test", "S1")
    assert (own.latitude, own.longitude, own.place) == (-5, 10, "tile")
    assert (bare.label, bare.latitude, bare.place) == (None, None, "")
    assert (ctx.latitude, ctx.longitude, ctx.place) == (20.5, 288.0, "strip centre")
    (tmp_path / "dataset.json").write_text('{"synthetic": true}')
    assert {tile.place for tile in scan(tmp_path).tiles} == {"invented", ""}


def test_items_keep_what_a_place_is_the_place_of() -> None:
    columns = {
        "ids": ["a", "b"],
        "labels": [None, None],
        "roles": ["archive", "archive"],
        "strips": [None, None],
        "contents": ["x", "y"],
        "latitudes": [1.0, None],
        "longitudes": [2.0, None],
    }
    assert Items.from_json(columns).places == ("strip centre", "")
    own = Items.from_json({**columns, "places": ["tile", ""]})
    assert own.places == ("tile", "") and Items.from_json(own.to_json()) == own
    with pytest.raises(RunError, match="kind of place"):
        Items.from_json({**columns, "places": ["home", ""]})
