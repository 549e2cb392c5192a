"""An archive as a Parquet table: there and back, and everything that such a table can be."""

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import make_fake_encoder, write_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from mirs_core.config.presets import from_preset
from mirs_core.datasets.scanning import archive_id
from mirs_core.datasets.tile_table import TileRecord, write_table
from mirs_core.encoders import run_encoder
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.exchange import exported_runs, parquet_archives
from mirs_core.exchange.parquet_archives import cells, reading
from mirs_core.files import sha256
from mirs_core.pipeline import growing, training
from mirs_core.retrieval import retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
PRESETS = ("baseline-centred", "mirs")
CARD = {"name": "hills", "title": "Hills of Mars", "licence": "CC0", "citation": "Cite Ann",
        "distractors": ["smo"]}  # fmt: skip
Change = Callable[[dict[str, Any], dict[str, Any]], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a run of each kind and their tables."""
    root = tmp_path_factory.mktemp("interchange")
    data = write_dataset(root / "tiles", LAYOUT, card=CARD, strips=5)
    tile = next((data / "train" / "cra").iterdir()).relative_to(data).as_posix()
    write_table(data, [TileRecord(tile, latitude=-4.5, longitude=137.4, licence="MIT",
                                  credit="Ann", source="https://example.org/1")])  # fmt: skip
    home, (encoder, _) = root / "home", make_fake_encoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
        for preset in PRESETS:
            changes = ["training.epochs=2", "training.views=1"] if preset == "mirs" else []
            config = from_preset(preset, data=str(data), seed=3, changes=changes)
            training.train(Home(home), training.prepare(Home(home), config, run_id=preset))
    for preset in PRESETS:
        parquet_archives.write_archive(Home(home), preset, root / f"{preset}.parquet")
    return root


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    """Another machine: the same models came by file, and the tiles are not there."""
    home = tmp_path / "there"
    for preset in PRESETS:
        file = exported_runs.save_run(Home(made / "home"), preset, tmp_path / f"{preset}.zip")
        exported_runs.load_run(Home(home), file)
        run = runs.folder(Home(home), preset)
        # Its own archive is another one, so that nothing but the table can bring the tiles.
        found = retriever.load(run)
        rows = found.items.rows(["train", "val"])
        small = retriever.Retriever(
            found.model, found.codes[rows], found.items.take(rows), found.distractors
        )
        small.save(run)
    return Home(home)


def written(made: Path, target: Path, change: Change, preset: str = "mirs") -> Path:
    """The table after ``change(columns, about)``, written as carefully as any liar would."""
    table = pq.read_table(made / f"{preset}.parquet")
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    about = json.loads(table.schema.metadata[b"mirs"])
    change(columns, about)
    data = about if isinstance(about, bytes) else json.dumps(about).encode()
    names = list(columns)
    new = pa.table([columns[name] for name in names], names=names)
    pq.write_table(new.replace_schema_metadata({b"mirs": data}), target)
    return target


def put(columns: dict[str, Any], name: str, row: int, value: Any) -> None:
    cells = columns[name].to_pylist()
    cells[row] = value
    columns[name] = pa.array(cells, columns[name].type)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_round_trip_gives_the_same_codes_items_and_results(
    made: Path, home: Home, preset: str, tmp_path: Path
) -> None:
    run, tiles = parquet_archives.read_archive(home, made / f"{preset}.parquet", preset)
    before, after = Searcher.open(Home(made / "home"), preset), Searcher.open(home, run.id)
    assert tiles == len(before.items)
    assert after.retriever.codes.tobytes() == before.retriever.codes.tobytes()
    assert after.retriever.codes.dtype == before.retriever.codes.dtype
    assert (after.items, after.retriever.distractors) == (before.items, ("smo",))
    for tile in before.items.ids[::7]:
        hits = [one.search(one.query_by_id(tile)) for one in (before, after)]
        assert [(h.id, h.distance, h.role) for h in hits[0]] == [
            (h.id, h.distance, h.role) for h in hits[1]
        ]
    mine, theirs = (json.loads(runs.folder(where, one).metrics.read_text())
                    for where, one in ((home, run.id), (Home(made / "home"), preset)))  # fmt: skip
    assert mine["map_at_64"] == theirs["map_at_64"]
    provenance = run.provenance()
    assert (provenance["parent"], provenance["origin"]) == (preset, preset)
    assert (after.card.title, after.card.licence, after.card.citation) == (
        "Hills of Mars", "CC0", "Cite Ann",
    )  # fmt: skip
    assert not after.root.exists()
    with pytest.raises(DataError, match="is missing"):
        after.image_path(after.items.ids[0])
    again = parquet_archives.write_archive(home, run.id, tmp_path / "again.parquet")
    one, other = (pq.read_table(path) for path in (made / f"{preset}.parquet", again.path))
    assert one.equals(other)


def test_the_table_reads_with_programs_that_know_nothing_of_this_one(made: Path) -> None:
    run = retriever.load(runs.folder(Home(made / "home"), "mirs"))
    frame = pd.read_parquet(made / "mirs.parquet")
    codes = np.stack([np.frombuffer(code, np.uint8) for code in frame["code"]])
    assert np.array_equal(codes, run.codes) and frame["id"].tolist() == list(run.items.ids)
    floats = pd.read_parquet(made / "baseline-centred.parquet")["code"]
    other = retriever.load(runs.folder(Home(made / "home"), "baseline-centred"))
    assert np.array_equal(np.stack(floats.tolist()), other.codes)
    told = frame[frame["credit"] == "Ann"].iloc[0]
    assert (told["licence"], told["source"], told["place"]) == (
        "MIT", "https://example.org/1", "tile",
    )  # fmt: skip
    assert set(frame["licence"]) == {"CC0", "MIT"}
    places = gpd.read_parquet(made / "mirs.parquet")
    assert places.crs == CRS.from_user_input("IAU_2015:49900") and places.crs != CRS(4326)
    point = places[places["credit"] == "Ann"].geometry.iloc[0]
    assert (point.x, point.y) == (137.4, -4.5)
    about = json.loads(pq.read_schema(made / "mirs.parquet").metadata[b"mirs"])
    model = runs.folder(Home(made / "home"), "mirs").model
    assert about["model_sha256"] == sha256(model.read_bytes())
    assert (about["bits"], about["distance"], about["tiles"]) == (128, "hamming", len(frame))
    assert str(made) not in json.dumps(about)


def test_own_licences_and_sources_stay_with_the_run(made: Path, home: Home, tmp_path: Path) -> None:
    run, _ = parquet_archives.read_archive(home, made / "mirs.parquet", "mirs", name="Theirs")
    (home.path / "annotations").mkdir(exist_ok=True)
    less = growing.remove(home, run.id, [Searcher.open(home, run.id).items.ids[0]])
    file = exported_runs.save_run(home, less.run.id, tmp_path / "x.zip")
    exported_runs.load_run(Home(tmp_path / "third"), file)
    for where in (home, Home(tmp_path / "third")):
        searcher = Searcher.open(where, less.run.id)
        told = [searcher.metadata(tile) for tile in searcher.items.ids]
        assert [one.licence for one in told if one.credit == "Ann"] == ["MIT"]
        assert searcher.card.licence == "CC0"


def test_where_the_new_run_looks_for_its_tiles(made: Path, home: Home, tmp_path: Path) -> None:
    file = made / "mirs.parquet"
    run, _ = parquet_archives.read_archive(Home(made / "home"), file, "mirs")
    assert run.config().data == str(made / "tiles")
    runs.delete(Home(made / "home"), run.id)
    copy = shutil.copytree(made / "tiles", tmp_path / "copy")
    run, _ = parquet_archives.read_archive(home, file, "mirs", data=copy)
    searcher = Searcher.open(home, run.id)
    assert all(searcher.image_path(tile).is_file() for tile in searcher.items.ids)
    one, other = sorted((copy / "train" / "cra").iterdir())[:2]
    shutil.copyfile(one, other)
    with pytest.raises(DataError, match="another image"):
        parquet_archives.read_archive(home, file, "mirs", data=copy)
    with pytest.raises(DataError, match="no folder"):
        parquet_archives.read_archive(home, file, "mirs", data=tmp_path / "nowhere")


def refused(home: Home, file: Path, run: str = "mirs") -> str:
    """The one line of a refusal, which leaves nothing behind."""
    before = sorted(home.path.rglob("*"))
    with pytest.raises(MirsError) as found:
        parquet_archives.read_archive(home, file, run)
    assert sorted(home.path.rglob("*")) == before
    assert "\n" not in str(found.value)
    return str(found.value)


def test_another_model_is_refused(made: Path, home: Home) -> None:
    assert "another model" in refused(home, made / "mirs.parquet", "baseline-centred")
    model = runs.folder(home, "mirs").model
    model.write_bytes((made / "home" / "runs" / "baseline-centred" / model.name).read_bytes())
    with pytest.raises(RunError):
        parquet_archives.read_archive(home, made / "mirs.parquet", "mirs")


HOSTILE: dict[str, tuple[Change, str]] = {
    "id up": (lambda c, a: put(c, "id", 0, "../../x.png"), "is not a path"),
    "id root": (lambda c, a: put(c, "id", 0, "/etc/passwd"), "is not a path"),
    "id drive": (lambda c, a: put(c, "id", 0, "C:/x.png"), "is not a path"),
    "id backslash": (lambda c, a: put(c, "id", 0, "a\\..\\x.png"), "is not a path"),
    "id empty": (lambda c, a: put(c, "id", 0, ""), "is not a path"),
    "id twice": (lambda c, a: put(c, "id", 0, c["id"][1].as_py()), "twice"),
    "id null": (lambda c, a: put(c, "id", 0, None), "lacks a value in column id"),
    "id bell": (lambda c, a: put(c, "id", 0, "a\x07.png"), "control"),
    "id turned": (lambda c, a: put(c, "label", 0, "a\u202eb"), "control"),
    "long label": (lambda c, a: put(c, "label", 0, "x" * 900), "900 bytes"),
    "role": (lambda c, a: put(c, "role", 0, "king"), "unknown split"),
    "place": (lambda c, a: put(c, "place", 0, "moon"), "unknown split or kind"),
    "no place": (lambda c, a: put(c, "place", 0, ""), "coordinates without a place"),
    "latitude": (lambda c, a: put(c, "latitude", 0, 91.0), "latitude out of range"),
    "latitude nan": (lambda c, a: put(c, "latitude", 0, float("nan")), "out of range"),
    "longitude": (lambda c, a: put(c, "longitude", 0, 360.0), "longitude out of range"),
    "sha": (lambda c, a: put(c, "sha256", 0, "0" * 63), "sha256"),
    "code null": (lambda c, a: put(c, "code", 0, None), "lacks a hash code"),
    "code narrow": (
        lambda c, a: c.update(code=pa.array([b"x" * 8] * len(c["id"]), pa.binary(8))),
        "a column code of type",
    ),
    "code loose": (
        lambda c, a: c.update(code=pa.array([b"x" * 16] * len(c["id"]), pa.binary())),
        "a column code of type",
    ),
    "latitude text": (
        lambda c, a: c.update(latitude=pa.array(["1"] * len(c["id"]))),
        "a column latitude of type",
    ),
    "role number": (lambda c, a: c.update(role=pa.array([1] * len(c["id"]))), "a column role"),
    "no column": (lambda c, a: c.pop("strip"), "no column strip"),
    "column struct": (
        lambda c, a: c.update(strip=pa.array([{"x": "y"}] * len(c["id"]))),
        "a column strip of type",
    ),
    "format": (lambda c, a: a.update(format="x"), "another version"),
    "version": (lambda c, a: a.update(version=2), "another version"),
    "count": (lambda c, a: a.update(tiles=3), "does not hold the tiles"),
    "archive": (lambda c, a: a.update(archive_id="abcdef"), "does not hold the tiles"),
    "digest": (lambda c, a: a.update(manifest="../x"), "digest"),
    "model": (lambda c, a: a.update(model_sha256="0" * 64), "another model"),
    "encoder": (lambda c, a: a.update(encoder_fingerprint="0" * 64), "another model"),
    "bits": (lambda c, a: a.update(bits=64), "another model"),
    "distance": (lambda c, a: a.update(distance="cosine"), "another model"),
    "size": (lambda c, a: a.update(width=True), "size"),
    "card": (lambda c, a: a.update(data=3), "data set"),
    "title": (lambda c, a: a["data"].update(title="x\ny"), "data set"),
    "long title": (lambda c, a: a["data"].update(title="x" * 501), "data set"),
    "scale": (lambda c, a: a["data"].update(metres_per_pixel=-1), "data set"),
    "distractors": (lambda c, a: a.update(distractors=[1]), "distractors"),
    "run": (lambda c, a: a.update(run=["x"]), "metadata of its run"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_inconsistent_table_is_refused(
    made: Path, home: Home, tmp_path: Path, name: str
) -> None:
    change, says = HOSTILE[name]
    assert re.search(says, refused(home, written(made, tmp_path / "x.parquet", change)))


def test_tiles_that_the_model_has_learnt_from_cannot_be_called_new(
    made: Path, home: Home, tmp_path: Path
) -> None:
    def hide(columns: dict[str, Any], about: dict[str, Any]) -> None:
        roles = ["archive" if role == "train" else role for role in columns["role"].to_pylist()]
        columns["role"] = pa.array(roles)
        items = dataclasses.replace(
            retriever.load(runs.folder(Home(made / "home"), "mirs")).items, roles=tuple(roles)
        )
        about["archive_id"] = archive_id(items)

    assert "was trained on" in refused(home, written(made, tmp_path / "x.parquet", hide))


def test_features_that_are_not_finite_are_refused(made: Path, home: Home, tmp_path: Path) -> None:
    def infinite(columns: dict[str, Any], about: dict[str, Any]) -> None:
        codes = np.stack(columns["code"].to_numpy(zero_copy_only=False))
        codes[3, 5] = np.inf
        columns["code"] = parquet_archives.writing.code_array(codes)

    file = written(made, tmp_path / "x.parquet", infinite, "baseline-centred")
    assert "not finite numbers" in refused(home, file, "baseline-centred")


def test_an_unchanged_table_and_one_with_more_columns_are_taken(
    made: Path, home: Home, tmp_path: Path
) -> None:
    def more(columns: dict[str, Any], about: dict[str, Any]) -> None:
        columns["mine"] = pa.array(range(len(columns["id"])))
        del columns["geometry"]

    file = written(made, tmp_path / "x.parquet", more)
    run, _ = parquet_archives.read_archive(home, file, "mirs")
    assert (
        Searcher.open(home, run.id).items.ids
        == Searcher.open(Home(made / "home"), "mirs").items.ids
    )


def test_the_length_of_a_repeated_text_is_checked_before_it_is_expanded(
    made: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(columns: dict[str, Any], about: dict[str, Any]) -> None:
        count = len(columns["id"])
        word = pa.DictionaryArray.from_arrays(pa.array([0] * count), pa.array(["x" * 50_000_000]))
        columns["label"] = word

    file = written(made, tmp_path / "x.parquet", endless)
    assert file.stat().st_size < 5_000_000
    assert "50,000,000 bytes" in refused(home, file)
    monkeypatch.setattr(cells, "_MOST_ROWS", 5)
    assert "too many" in refused(home, made / "mirs.parquet")
    monkeypatch.setattr(reading, "_MOST_BYTES", 5)
    assert "not a Parquet archive" in refused(home, made / "mirs.parquet")


def test_other_files_are_refused_with_one_line(made: Path, home: Home, tmp_path: Path) -> None:
    plain = tmp_path / "plain.parquet"
    pq.write_table(pa.table({"id": ["a"]}), plain)
    assert "is not marked as an archive" in refused(home, plain)
    (tmp_path / "text").write_text("no table")
    os.mkfifo(tmp_path / "pipe")
    for name, says in (
        ("text", "not a readable Parquet"),
        ("pipe", "not a Parquet archive"),
        (".", "not a Parquet archive"),
        ("no", "no file"),
    ):
        assert says in refused(home, tmp_path / name)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1), value=st.integers(1, 255), cut=st.booleans())
def test_a_damaged_table_is_refused_or_the_same(
    made: Path, home: Home, tmp_path: Path, place: float, value: int, cut: bool
) -> None:
    data = bytearray((made / "mirs.parquet").read_bytes())
    at = min(int(place * len(data)), len(data) - 1)
    data[at] ^= value
    file = tmp_path / "x.parquet"
    file.write_bytes(data[:at] if cut else data)
    try:
        run, _ = parquet_archives.read_archive(home, file, "mirs")
    except MirsError as error:
        assert "\n" not in str(error)
        return
    codes = retriever.load(run).codes
    assert np.array_equal(codes, retriever.load(runs.folder(Home(made / "home"), "mirs")).codes)
    runs.delete(home, run.id)


def test_only_finished_runs_are_exported_and_no_file_is_overwritten(
    made: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="exists already"):
        parquet_archives.write_archive(Home(made / "home"), "mirs", made / "mirs.parquet")
    with pytest.raises(RunError, match="no run"):
        parquet_archives.write_archive(Home(made / "home"), "nothing", tmp_path / "x.parquet")
    assert (
        parquet_archives.write_archive(Home(made / "home"), "mirs", tmp_path).path
        == tmp_path / "mirs.parquet"
    )
    assert (tmp_path / "mirs.parquet").read_bytes() == (made / "mirs.parquet").read_bytes()


def test_many_row_groups_keep_the_order(
    made: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_archives.writing, "ROWS_IN_GROUP", 7)
    monkeypatch.setattr(cells, "ROWS_IN_GROUP", 4)
    file = parquet_archives.write_archive(Home(made / "home"), "mirs", tmp_path / "x.parquet").path
    assert pq.ParquetFile(file).num_row_groups == 6
    run, _ = parquet_archives.read_archive(home, file, "mirs")
    before, after = retriever.load(runs.folder(Home(made / "home"), "mirs")), retriever.load(run)
    assert np.array_equal(before.codes, after.codes) and before.items == after.items
