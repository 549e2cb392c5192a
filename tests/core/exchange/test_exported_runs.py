"""A run as one file: there and back, and everything that such a file can be instead."""

import dataclasses
import io
import json
import pickle
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import SEGMENT_FILES, grow, rewrite, segment, store_as_before
from fakes import make_fake_encoder, write_dataset

from mirs_core.config.presets import from_preset
from mirs_core.datasets import stored_items
from mirs_core.datasets.stored_items import read_items
from mirs_core.encoders import run_encoder
from mirs_core.errors import RunError
from mirs_core.exchange import exported_runs
from mirs_core.exchange.exported_runs import layout
from mirs_core.files import sha256
from mirs_core.pipeline import training
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
PRESETS = ("baseline-centred", "mirs")
ARCHIVE = tuple(
    f"archive/{name}"
    for name in ("archive.json", *(f"segment-00000/{file}" for file in SEGMENT_FILES))
)
CODES = "archive/segment-00000/codes.npy"
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with a run of each kind and their exports; tests copy what they change."""
    root = tmp_path_factory.mktemp("transfer")
    data, home = write_dataset(root / "tiles", LAYOUT), root / "home"
    encoder, _ = make_fake_encoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
        for preset in PRESETS:
            changes = ["training.epochs=2", "training.views=1"] if preset == "mirs" else []
            config = from_preset(preset, data=str(data), seed=3, changes=changes)
            training.train(Home(home), training.prepare(Home(home), config, run_id=preset))
    annotations.change(Home(home), "mirs", name="Ω craters", tags=["good"], notes="from here")
    for preset in PRESETS:
        exported_runs.save_run(Home(home), preset, root / f"{preset}.mirs.zip")
    return root


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "other")


def unpacked(made: Path, preset: str = "mirs") -> Files:
    with zipfile.ZipFile(made / f"{preset}.mirs.zip") as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files: Files, *, sums: bool = True) -> io.BytesIO:
    """A zip of ``files``; its manifest is made to agree with them, as a liar would."""
    if sums and "manifest.json" in files:
        about = json.loads(files["manifest.json"])
        about["files"] = {name: sha256(d) for name, d in files.items() if name != "manifest.json"}
        files = {**files, "manifest.json": json.dumps(about).encode()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as sink:
        for name, data in files.items():
            sink.writestr(name, data)
    return target


def changed(made: Path, name: str, change: Callable[[Any], Any], preset: str = "mirs") -> Files:
    files = unpacked(made, preset)
    return {**files, name: json.dumps(change(json.loads(files[name]))).encode()}


def refused(home: Home, source: Path | io.BytesIO, **more: str) -> str:
    """The message of an import that fails, which leaves nothing behind."""
    before = sorted(home.path.rglob("*"))
    with pytest.raises(RunError) as found:
        exported_runs.load_run(home, source, **more)
    assert [p for p in sorted(home.path.rglob("*")) if p != home.path / "runs"] == [
        p for p in before if p != home.path / "runs"
    ]
    assert ".import-" not in str(found.value) and "\n" not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_run_arrives_as_it_left(made: Path, home: Home, preset: str) -> None:
    assert exported_runs.load_run(home, made / f"{preset}.mirs.zip") == preset
    (came,), old = runs.list_runs(home), runs.folder(Home(made / "home"), preset)
    there = runs.summary(Home(made / "home"), old, None)
    assert came == dataclasses.replace(there, served=False)
    run = runs.folder(home, preset)
    for name in ("model.safetensors", *ARCHIVE, "metrics.json"):
        assert (run.path / name).read_bytes() == (old.path / name).read_bytes()
    assert run.provenance() == {**old.provenance(), "imported": True}
    assert annotations.read(home, preset) == annotations.read(Home(made / "home"), preset)
    searcher = Searcher.open(home, preset)
    query = searcher.query_by_id(searcher.items.ids[0])
    assert searcher.search(query, 3)
    assert [path.name for path in (home.path / "runs").iterdir()] == [preset]


def test_equal_runs_give_equal_files_without_pickle_or_tiles(made: Path) -> None:
    again = io.BytesIO()
    exported_runs.write_run(Home(made / "home"), "mirs", again)
    assert again.getvalue() == (made / "mirs.mirs.zip").read_bytes()
    assert set(unpacked(made)) == {
        "manifest.json", "annotation.json", "config.json", "provenance.json", "model.safetensors",
        *ARCHIVE, "metrics.json", "progress.jsonl",
    }  # fmt: skip


def test_a_run_can_come_back_under_another_id(made: Path, home: Home) -> None:
    source = made / "mirs.mirs.zip"
    exported_runs.load_run(home, source)
    annotations.change(home, "mirs", name="mine")
    before = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    assert "another id" in refused(home, source)
    assert {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()} == before
    assert "cannot be a run id" in refused(home, source, run_id="../x")
    assert exported_runs.load_run(home, source, "other") == "other"
    assert {run.id for run in runs.list_runs(home)} == {"mirs", "other"}


def test_a_stopped_run_that_can_be_searched_travels_too(made: Path, home: Home) -> None:
    copy = shutil.copytree(made / "home", home.path.with_name("copy"))
    runs.folder(Home(copy), "mirs").set_status("stopped")
    exported_runs.load_run(home, exported_runs.save_run(Home(copy), "mirs", copy / "x.mirs.zip"))
    assert runs.list_runs(home)[0].state == "stopped"


def test_only_finished_runs_are_exported_and_no_file_is_overwritten(
    made: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(made / "home", tmp_path / "copy")
    path = exported_runs.save_run(Home(copy), "mirs", tmp_path)
    assert path == tmp_path / "mirs.mirs.zip"
    with pytest.raises(RunError, match="exists already"):
        exported_runs.save_run(Home(copy), "mirs", path)
    runs.folder(Home(copy), "mirs").set_status("failed")
    with pytest.raises(RunError, match="only a finished run can be exported"):
        exported_runs.save_run(Home(copy), "mirs", tmp_path / "new.zip")
    (segment(runs.folder(Home(copy), "baseline-centred").path) / "tiles.arrow").unlink()
    with pytest.raises(RunError, match="is missing"):
        exported_runs.save_run(Home(copy), "baseline-centred", tmp_path / "new.zip")
    with pytest.raises(RunError, match="There is no run"):
        exported_runs.save_run(Home(copy), "../copy", tmp_path / "new.zip")
    assert not (tmp_path / "new.zip").exists()


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + bytes(60)])
def test_other_files_are_refused(home: Home, data: bytes) -> None:
    assert "not an exported run" in refused(home, io.BytesIO(data))


def test_a_missing_file_is_named(home: Home) -> None:
    assert "No such file" in refused(home, home.path / "nothing.mirs.zip")


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_is_refused(made: Path, home: Home, where: float) -> None:
    data = (made / "mirs.mirs.zip").read_bytes()
    refused(home, io.BytesIO(data[: int(where * len(data))]))


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "/etc/evil.json", "archive/../../evil.json", "..\\evil.json", "status.json",
     "archive/extra.npy", "evil.pkl", "served.json", "archive/"],
)  # fmt: skip
def test_files_of_any_other_name_are_refused(made: Path, home: Home, name: str) -> None:
    assert "not a file of a run" in refused(home, packed({**unpacked(made), name: b"{}"}))
    assert not list(home.path.parent.rglob("evil*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR])
def test_links_and_pipes_are_refused(made: Path, home: Home, kind: int) -> None:
    files, target = unpacked(made), io.BytesIO()
    with zipfile.ZipFile(target, "w") as sink:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            if name == "config.json":
                entry.external_attr, data = (kind | 0o777) << 16, b"/etc/passwd"
            sink.writestr(entry, data)
    assert "plain file" in refused(home, target)


def test_a_repeated_file_name_is_refused(made: Path, home: Home) -> None:
    target = packed(unpacked(made))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "a") as sink:
        sink.writestr("config.json", b"{}")
    assert "twice" in refused(home, target)


def test_a_zip_bomb_is_refused_by_its_header(
    made: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = packed({**unpacked(made), CODES: bytes(300 * layout.CHUNK)})
    assert "compression ratio" in refused(home, bomb)
    monkeypatch.setitem(layout.SEGMENT, "codes.npy", layout.CHUNK)
    assert "too large" in refused(home, bomb)


def test_a_zip_bomb_with_a_false_size_is_refused(made: Path, home: Home) -> None:
    real, said = 30 * layout.CHUNK, 1000
    bomb = packed({**unpacked(made), CODES: bytes(real)}).getvalue()
    size = real.to_bytes(4, "little")
    assert bomb.count(size) == 2
    bomb = bomb.replace(size, said.to_bytes(4, "little"))
    with zipfile.ZipFile(io.BytesIO(bomb)) as sent:
        assert sent.getinfo(CODES).file_size == said
    refused(home, io.BytesIO(bomb))


def test_a_changed_file_is_refused_by_its_checksum(made: Path, home: Home) -> None:
    files = {**unpacked(made), "metrics.json": b"{}"}
    assert "wrong checksum for metrics.json" in refused(home, packed(files, sums=False))


@pytest.mark.parametrize("name", [*layout.REQUIRED, *ARCHIVE])
def test_a_missing_file_is_refused(made: Path, home: Home, name: str) -> None:
    files = unpacked(made)
    del files[name]
    says = "its list describes" if name in ARCHIVE[1:] else "lacks"
    assert says in refused(home, packed(files))
    assert "manifest lists" in refused(home, packed(files, sums=False))


@pytest.mark.parametrize(
    "change",
    [{"format": "other"}, {"schema": 2}, {"state": "running"}, {"run": "../up"}, {"run": 5},
     {"run": ""}, {"run": ".hidden"}, {"run": "x" * 5000}, {"files": []}],
    ids=str,
)  # fmt: skip
def test_a_hostile_manifest_is_refused(made: Path, home: Home, change: dict[str, Any]) -> None:
    files = changed(made, "manifest.json", lambda value: {**value, **change})
    assert len(refused(home, packed(files, sums=change != {"files": []}))) < 400


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff\xfe"])
@pytest.mark.parametrize(
    "name",
    ["manifest.json", "config.json", "provenance.json", *ARCHIVE, "metrics.json",
     "annotation.json", "model.safetensors"],
)  # fmt: skip
def test_damaged_content_is_refused(made: Path, home: Home, name: str, data: bytes) -> None:
    refused(home, packed({**unpacked(made), name: data}, sums=name != "manifest.json"))


def before(made: Path, preset: str) -> Files:
    """The files of an exported run as version 0.3.0 stored it."""
    files = {n: d for n, d in unpacked(made, preset).items() if n not in ARCHIVE}
    copy = shutil.copytree(
        made / "home" / "runs" / preset, made / f"old-{preset}", dirs_exist_ok=True
    )
    if not (copy / "archive" / "items.json").exists():
        store_as_before(copy)
    return {**files, **archived(copy)}


def archived(folder: Path) -> Files:
    """The files of a run's archive by their names in an exported run."""
    paths = (path for path in (folder / "archive").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def agreed(files: Files) -> Files:
    """The same files with a list of the archive that has their sizes and checksums."""
    about = json.loads(files[ARCHIVE[0]])
    for part in about["segments"]:
        for name in part["files"]:
            data = files[f"archive/{part['name']}/{name}"]
            part["files"][name] = {"bytes": len(data), "sha256": sha256(data)}
    return {**files, ARCHIVE[0]: json.dumps(about).encode()}


def npy(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    np.save(target, array, allow_pickle=True)
    return target.getvalue()


def huge_header() -> bytes:
    """An array that says it holds ten million million codes."""
    good = npy(np.zeros((10, 16), np.uint8))
    length = len(good) - 160
    text = "{'descr': '|u1', 'fortran_order': False, 'shape': (10000000000000, 16), }"
    return good[:10] + text.ljust(length - 11).encode() + b"\n" + bytes(160)


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Bomb()),
        npy(np.array([Bomb()], dtype=object)),
        npy(np.zeros((2, 16), np.uint8)),
        npy(np.zeros((39, 16), np.int32)),
        npy(np.asfortranarray(np.zeros((39, 16), np.uint8))),
        npy(np.zeros((39, 16), np.uint8))[:-1],
        huge_header(),
    ],
    ids=["pickle", "object", "rows", "type", "order", "cut", "huge"],
)
def test_arrays_that_are_not_codes_are_refused(made: Path, home: Home, data: bytes) -> None:
    refused(home, packed(agreed({**unpacked(made), CODES: data})))
    old = {**before(made, "mirs"), "archive/codes.npy": data}
    refused(home, packed(old))


def test_features_that_are_not_finite_are_refused(made: Path, home: Home) -> None:
    files = unpacked(made, "baseline-centred")
    codes = np.load(io.BytesIO(files[CODES]), allow_pickle=False)
    codes[3, 4] = np.nan
    assert "not finite numbers" in refused(home, packed(agreed({**files, CODES: npy(codes)})))
    old = {**before(made, "baseline-centred"), "archive/codes.npy": npy(codes)}
    assert "not finite numbers" in refused(home, packed(old))


@pytest.mark.parametrize(
    "change",
    [{"name": 5}, {"name": "a\x1b[2J"}, {"data_title": "x" * 501}, {"seconds": {"total": "long"}},
     {"manifest": "../../"}, {"archive_id": None}, {"synthetic": "no"}, {"epochs": "many"}],
    ids=str,
)  # fmt: skip
def test_a_provenance_that_cannot_be_shown_is_refused(
    made: Path, home: Home, change: dict[str, Any]
) -> None:
    files = changed(made, "provenance.json", lambda value: {**value, **change})
    assert "provenance.json" in refused(home, packed(files))


def test_ids_that_lead_out_of_the_data_set_are_refused(made: Path, home: Home) -> None:
    copy = shutil.copytree(made / "home" / "runs" / "mirs", home.path.with_name("copy"))
    ids = ["../../secret.png", *read_items(runs.RunFolder(copy)).ids[1:]]
    rewrite(copy, lambda items: dataclasses.replace(items, ids=ids), check=False)
    refused(home, packed({**unpacked(made), **archived(copy)}))
    old = before(made, "mirs")
    items = {**json.loads(old["archive/items.json"]), "ids": ids}
    refused(home, packed({**old, "archive/items.json": json.dumps(items).encode()}))


def test_every_value_of_a_large_archive_is_checked(
    made: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_items, "_SMALL", 0)
    copy = shutil.copytree(made / "home" / "runs" / "mirs", home.path.with_name("copy"))
    ids = ["../../secret.png", *read_items(runs.RunFolder(copy)).ids[1:]]
    rewrite(copy, lambda items: dataclasses.replace(items, ids=ids), check=False)
    assert "inconsistent" in refused(home, packed({**unpacked(made), **archived(copy)}))


def test_an_archive_whose_checksums_are_wrong_is_refused(made: Path, home: Home) -> None:
    files = unpacked(made)
    codes = bytearray(files[CODES])
    codes[-1] ^= 1
    assert "inconsistent" in refused(home, packed({**files, CODES: bytes(codes)}))


def test_segments_that_the_archive_does_not_list_are_refused(made: Path, home: Home) -> None:
    files = unpacked(made)
    more = {**files, "archive/segment-00001/codes.npy": files[CODES]}
    assert "its list describes" in refused(home, packed(more))


def test_a_run_of_version_0_3_0_travels_as_it_is(made: Path, home: Home) -> None:
    copy = shutil.copytree(made / "home", home.path.with_name("copy"))
    store_as_before(copy / "runs" / "mirs")
    file = exported_runs.save_run(Home(copy), "mirs", copy / "x.mirs.zip")
    exported_runs.load_run(home, file)
    run = runs.folder(home, "mirs")
    assert sorted(path.name for path in run.archive.iterdir()) == ["codes.npy", "items.json"]
    there = runs.folder(Home(made / "home"), "mirs")
    assert read_items(run) == read_items(there)


def test_a_grown_archive_travels_with_all_its_segments(made: Path, home: Home) -> None:
    copy = shutil.copytree(made / "home", home.path.with_name("copy"))
    grow(copy / "runs" / "mirs")
    file = exported_runs.save_run(Home(copy), "mirs", copy / "x.mirs.zip")
    exported_runs.load_run(home, file)
    ours, theirs = (Searcher.open(place, "mirs") for place in (home, Home(copy)))
    assert ours.items == theirs.items and len(ours.items.ids.layout.sizes) == 2
    query = ours.query_by_id(ours.items.ids[0])
    assert [h.id for h in ours.search(query)] == [h.id for h in theirs.search(query)]


def test_an_unknown_role_of_a_learnt_tile_is_refused(made: Path, home: Home) -> None:
    assert "unknown split" in refused(
        home, packed({**unpacked(made), "learnt.json": b'{"a": "king"}'})
    )


def test_another_version_is_named(made: Path, home: Home) -> None:
    files = changed(made, "config.json", lambda value: {**value, "schema": 99})
    assert "schema 99" in refused(home, packed(files))


def test_a_failure_at_the_last_step_leaves_nothing(
    made: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RunError("The disc is full.")

    monkeypatch.setattr(annotations, "write", fail)
    assert "disc is full" in refused(home, made / "mirs.mirs.zip")
