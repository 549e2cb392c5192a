"""What scans remember: across kills, from older versions, and never wrongly from damaged files."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import MakeDataset
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.datasets import reading, scan_memory
from mirs_core.datasets.images import read_image
from mirs_core.datasets.manifest import Manifest, scan
from mirs_core.datasets.reading import read_contents, scanned_contents
from mirs_core.datasets.scan_memory import Entry, Remembered, ScanWriter

OLD = 10**18


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the images that are decoded from now on."""
    names: list[str] = []

    def counted(data: bytes, name: str = "") -> object:
        names.append(name)
        return read_image(data, name)

    monkeypatch.setattr(reading, "read_image", counted)
    return names


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 files."""
    monkeypatch.setattr(reading, "BLOCK", 8)
    monkeypatch.setattr(scan_memory, "BLOCK", 8)
    monkeypatch.setattr(reading, "_CHUNK", 4)


@pytest.fixture
def root(tmp_path: Path, make_dataset: MakeDataset) -> Path:
    """A folder of 30 old images and a damaged one."""
    folder: Path = make_dataset(tmp_path / "data", 30)
    (folder / "bad.png").write_text("bad")
    for path in folder.rglob("*.png"):
        os.utime(path, ns=(OLD, OLD))
    return folder


def stop_after(files: int) -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        if done > files:
            raise KeyboardInterrupt

    return progress


def as_json(root: Path, manifest: Manifest) -> str:
    """The file in which versions up to 0.3 remembered a scan."""
    rows = {t.path: [(root / t.path).stat().st_size, OLD, t.content, None] for t in manifest.tiles}
    for bad in manifest.unreadable:
        rows[bad.path] = [(root / bad.path).stat().st_size, OLD, None, bad.why]
    return json.dumps({"version": 2, "files": rows})


@pytest.mark.usefixtures("small_blocks")
def test_a_scan_that_is_stopped_goes_on_where_it_was(
    root: Path, tmp_path: Path, read: list[str]
) -> None:
    cache, whole = tmp_path / "cache" / "scan.arrow", scan(root)
    for stopped_after, expected in ((17, 16), (25, 8)):
        with pytest.raises(KeyboardInterrupt):
            scan(root, cache, stop_after(stopped_after))
        assert sum(1 for _ in Remembered(cache)) >= expected and not cache.exists()
    read.clear()
    assert scan(root, cache) == whole
    assert len(read) == 31 - 24 and list(cache.parent.iterdir()) == [cache]
    read.clear()
    assert scan(root, cache) == whole and read == []


@pytest.mark.usefixtures("small_blocks")
def test_json_of_older_versions_is_taken_over(root: Path, tmp_path: Path, read: list[str]) -> None:
    cache, whole = tmp_path / "scan.arrow", scan(root)
    old = tmp_path / "scan.json"
    old.write_text(as_json(root, whole))
    read.clear()
    assert scan(root, cache) == whole and read == []
    assert cache.exists() and not old.exists()
    assert scan(root, cache) == whole and read == []


@pytest.mark.usefixtures("small_blocks")
def test_damage_is_noticed_wherever_it_is(root: Path, tmp_path: Path) -> None:
    cache, whole = tmp_path / "scan.arrow", scan(root)
    scan(root, cache)
    data, true = cache.read_bytes(), scanned_contents(cache)
    assert len(true) == 30
    for place in range(0, len(data), 61):
        flipped = data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
        for damaged in (data[:place], flipped):
            cache.write_bytes(damaged)
            assert scanned_contents(cache).items() <= true.items()
    cache.write_bytes(data[: len(data) // 2])
    assert scan(root, cache) == whole and scanned_contents(cache) == true


def test_what_is_the_same_is_not_written_again_and_what_is_gone_is_forgotten(
    root: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "scan.arrow"
    first = scan(root, cache)
    number = cache.stat().st_ino
    scan(root, cache)
    assert cache.stat().st_ino == number
    (root / first.tiles[3].path).unlink()
    scan(root, cache)
    assert scanned_contents(cache).keys() == {t.path for t in first.tiles} - {first.tiles[3].path}


def test_other_versions_are_not_used(root: Path, tmp_path: Path, read: list[str]) -> None:
    text = as_json(root, scan(root)).replace('"version": 2', '"version": 1')
    (tmp_path / "scan.json").write_text(text)
    read.clear()
    scan(root, tmp_path / "scan.arrow")
    assert len(read) == 31


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)
ENTRIES = st.builds(
    Entry, st.integers(0, 9), st.integers(0, 2**62),
    st.binary(min_size=1, max_size=1).map(lambda data: hashlib.sha256(data).digest()), st.none(),
) | st.builds(Entry, st.just(-1), st.just(-1), st.none(), NAMES)  # fmt: skip


@given(
    files=st.dictionaries(NAMES, ENTRIES, max_size=20),
    others=st.sets(NAMES, min_size=1),
    size=st.integers(1, 7),
)
@settings(max_examples=40, deadline=None)
def test_results_are_those_of_a_dict(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, Entry], others: set[str], size: int
) -> None:
    cache = tmp_path_factory.mktemp("scan") / "scan.arrow"
    writer, paths = ScanWriter(cache), sorted(files)
    for start in range(0, len(paths), size):
        block = paths[start : start + size]
        writer.add(block, [files[path] for path in block], is_new=True)
    writer.finish(Remembered(cache))
    remembered = Remembered(cache)
    assert dict(remembered) == files
    asked = sorted(files.keys() | others)
    for start in range(0, len(asked), size):
        block = asked[start : start + size]
        assert remembered.find(block) == [files.get(path) for path in block]


def test_contents_are_those_of_the_files_one_by_one(root: Path, tmp_path: Path) -> None:
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*.png")]
    result = read_contents(root, paths[::-1], tmp_path / "scan.arrow")
    hashes = {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in paths}
    assert result.bad.keys() == {"bad.png"}
    assert list(result.pairs()) == sorted(item for item in hashes.items() if item[0] != "bad.png")


def test_two_scans_of_a_folder_at_once_both_end(tmp_path: Path) -> None:
    cache, entry = tmp_path / "scan.arrow", Entry(1, 1, b"a" * 32, None)
    writers = [ScanWriter(cache), ScanWriter(cache)]
    for writer in writers:
        writer.add(["a.png"], [entry], is_new=True)
    for writer in writers:
        writer.finish(Remembered(cache))
    assert dict(Remembered(cache)) == {"a.png": entry}
    assert [path.name for path in tmp_path.iterdir()] == ["scan.arrow"]
