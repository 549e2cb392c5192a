"""Files of archived tiles: changed, missing and unreadable ones are seen, and few are hashed."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.datasets.images import MAX_BYTES
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.scanning import scan_cached
from mirs_core.errors import DataError
from mirs_core.retrieval import archive_check, tile_files
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.tile_files import TileFiles, TileState
from mirs_core.workspace.home import Home

CURRENT, CHANGED = TileState.CURRENT, TileState.CHANGED
MISSING, UNREADABLE = TileState.MISSING, TileState.UNREADABLE


def old(path: Path, seconds: int = 1_600_000_000) -> None:
    """Makes a file look settled, so that a scan remembers it."""
    os.utime(path, (seconds, seconds))


@pytest.fixture
def files(tmp_path: Path, settled: None) -> TileFiles:
    manifest = scan(write_dataset(tmp_path / "tiles", 6))
    return TileFiles(manifest.root, Items.of(manifest.tiles, ["archive"] * 6))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that the test has just written count as settled."""
    monkeypatch.setattr(tile_files, "_SETTLED_NS", 0)
    tile_files._digest.cache_clear()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read."""
    names: list[str] = []
    original = tile_files._read

    def read(path: Path) -> str:
        names.append(path.name)
        return original(path)

    monkeypatch.setattr(tile_files, "_read", read)
    return names


def slow(root: Path, tile: str, content: str) -> TileState:
    """The state of a tile by reading its file, whatever was read before."""
    path = root / tile
    if not path.is_file():
        return MISSING
    return CURRENT if hashlib.sha256(path.read_bytes()).hexdigest() == content else CHANGED


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def same_size(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def same_size_and_time(path: Path) -> None:
    status = path.stat()
    same_size(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def to_huge_file(path: Path) -> None:
    with path.open("wb") as out:
        out.truncate(MAX_BYTES + 1)


def touch(path: Path) -> None:
    os.utime(path)


def rewrite(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)


@pytest.mark.parametrize(
    "change, state",
    [
        (append, CHANGED),
        (same_size, CHANGED),
        (same_size_and_time, CHANGED),
        (empty, CHANGED),
        (to_huge_file, CHANGED),
        (Path.unlink, MISSING),
        (to_folder, MISSING),
        (to_pipe, MISSING),
        (to_broken_link, MISSING),
        (touch, CURRENT),
        (rewrite, CURRENT),
    ],
)
def test_a_change_is_seen_at_once(
    files: TileFiles, change: Callable[[Path], None], state: TileState
) -> None:
    tile, *rest = files.items.ids
    assert files.state(tile) == CURRENT
    before = files.look(tile).stamp
    change(files.path(tile))
    assert files.state(tile) == state
    assert files.look(tile).stamp != before
    assert {files.state(other) for other in rest} == {CURRENT}


def test_a_file_that_comes_back_is_current_again(files: TileFiles, tmp_path: Path) -> None:
    tile = files.items.ids[0]
    path = files.path(tile)
    aside = Path(shutil.move(path, tmp_path / "aside"))
    assert files.state(tile) == MISSING
    shutil.move(aside, path)
    assert files.state(tile) == CURRENT


def test_a_folder_that_is_gone_has_no_tiles(files: TileFiles) -> None:
    shutil.rmtree(files.root)
    assert {files.state(tile) for tile in files.items.ids} == {MISSING}


def test_unreadable_is_not_missing(files: TileFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    tile = files.items.ids[0]

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        assert files.state(tile) == UNREADABLE
    assert files.state(tile) == CURRENT
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        assert files.look(tile) == tile_files.TileFile(files.path(tile), None, UNREADABLE)


def test_an_unknown_tile_is_an_error(files: TileFiles) -> None:
    for ask in (files.path, files.look, files.state):
        with pytest.raises(DataError, match="no tile"):
            ask("nothing.png")


def test_many_tiles_are_looked_at_together(files: TileFiles) -> None:
    ids = files.items.ids
    files.path(ids[1]).unlink()
    expected = {tile: files.look(tile) for tile in (ids[2], ids[1], ids[0])}
    together = files.look_at([ids[2], ids[1], ids[2], ids[0]])
    assert together == expected and list(together) == list(expected)
    assert files.look_at([]) == {}
    with pytest.raises(DataError, match="nothing"):
        files.look_at([ids[0], "nothing.png"])


def test_a_file_is_hashed_once(files: TileFiles, reads: list[str]) -> None:
    for _ in range(3):
        assert {files.state(tile) for tile in files.items.ids} == {CURRENT}
    assert len(reads) == 6
    tile = files.items.ids[2]
    same_size(files.path(tile))
    assert [files.state(tile), files.state(tile)] == [CHANGED, CHANGED]
    assert len(reads) == 7


def test_a_file_that_was_just_written_is_read_again(
    files: TileFiles, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two writes within the resolution of a file's times leave the same stamp.
    monkeypatch.setattr(tile_files, "_SETTLED_NS", 3_600_000_000_000)
    tile = files.items.ids[0]
    assert [files.state(tile), files.state(tile)] == [CURRENT, CURRENT]
    assert len(reads) == 2


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcdt")), max_size=12))
def test_states_are_those_of_reading_every_time(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    manifest = scan(write_dataset(tmp_path_factory.mktemp("any") / "tiles", 4))
    items = Items.of(manifest.tiles, ["archive"] * 4)
    files = TileFiles(manifest.root, items)
    changes = {"a": append, "b": same_size, "c": empty, "d": Path.unlink, "t": touch}
    for place, change in steps:
        path = files.path(items.ids[place])
        if path.is_file() and (change != "b" or path.stat().st_size):
            changes[change](path)
        for row, tile in enumerate(items.ids):
            assert files.state(tile) == slow(manifest.root, tile, items.contents[row])


@pytest.fixture
def archived(tmp_path: Path, settled: None) -> Searcher:
    """A searcher of ten tiles that were scanned as a run scans them, and settled before that."""
    from searchers import summary

    root, home = write_dataset(tmp_path / "tiles", 10), Home(tmp_path / "home")
    for path in root.iterdir():
        old(path)
    manifest = scan_cached(home, root)
    items = Items.of(manifest.tiles, ["archive"] * 10)
    retriever = type("Archive", (), {"items": items})()
    return Searcher(home, summary("a"), manifest.card, manifest.root, retriever)


def test_a_check_reads_what_the_last_scan_does_not_know(
    archived: Searcher, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = archived.items.ids
    assert archive_check.check(archived) == archive_check.ArchiveCheck(10, (), (), ())
    assert reads == []
    same_size(archived.files.path(ids[3]))
    touch(archived.files.path(ids[4]))
    archived.files.path(ids[5]).unlink()
    to_folder(archived.files.path(ids[6]))
    steps: list[tuple[int, int]] = []
    checked = archive_check.check(archived, lambda stage, done, total: steps.append((done, total)))
    assert checked == archive_check.ArchiveCheck(10, (ids[3],), (ids[5], ids[6]), ())
    assert checked.current == 7 and steps == [(10, 10)]
    assert sorted(reads) == [ids[3], ids[4]]
    expected = {ids[3]: CHANGED, ids[5]: MISSING, ids[6]: MISSING}
    every = {tile: expected.get(tile, CURRENT) for tile in ids}
    assert archive_check.states(archived, [*ids, ids[0]]) == every
    monkeypatch.setattr(archive_check, "_FEW", 2)
    assert archive_check.states(archived, ids) == every


def test_a_scan_after_the_change_hides_nothing(archived: Searcher, reads: list[str]) -> None:
    tile = archived.items.ids[0]
    same_size(archived.files.path(tile))
    old(archived.files.path(tile), 1_700_000_000)
    scan_cached(archived.home, archived.root)
    assert archive_check.check(archived).changed == (tile,)
    assert reads == []


def test_a_check_without_a_scan_reads_everything(archived: Searcher, reads: list[str]) -> None:
    shutil.rmtree(archived.home.scan_cache)
    assert archive_check.check(archived).current == 10
    assert len(reads) == 10


def test_a_check_of_a_folder_that_is_gone_is_refused(archived: Searcher) -> None:
    shutil.rmtree(archived.root)
    with pytest.raises(DataError, match=r"folder .* is missing"):
        archive_check.check(archived)
