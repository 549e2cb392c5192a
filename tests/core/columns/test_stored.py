"""Archives on disk: what is written in segments is read back, grows, shrinks and stays in order."""

import dataclasses
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from mirs_core.columns import blocks, mapping, reading
from mirs_core.columns.checking import check, check_sums
from mirs_core.columns.files import NAMES, map_array
from mirs_core.columns.lookup import Lookup
from mirs_core.columns.manifest import read_list
from mirs_core.columns.mapping import map_file
from mirs_core.columns.reading import StoredArchive, is_stored, open_archive
from mirs_core.columns.ties import Ties, drawn
from mirs_core.columns.writing import ArchiveWriter
from mirs_core.datasets.items import PLACES, ROLES, Items
from mirs_core.errors import RunError

MODEL = "a" * 64


def items(n: int, start: int = 0, *, hashed: bool = True) -> Items:
    """Items in which every column has values of every kind, new ones among later tiles."""
    numbers = range(start, start + n)
    copies = [hashlib.sha256(b"%d" % (i // 2)).hexdigest() for i in numbers]
    return Items(
        ids=[f"deep/tile {i}.png" for i in numbers],
        labels=[None if i % 3 == 0 else f"class {i // 5}" for i in numbers],
        roles=[ROLES[i % 4] for i in numbers],
        strips=[None if i % 2 else f"P{i // 4}" for i in numbers],
        contents=copies if hashed else [f"{i}" for i in numbers],
        latitudes=[None if i % 4 == 0 else i / 7 for i in numbers],
        longitudes=[None if i % 4 == 0 else i * 1.1 for i in numbers],
    )  # fmt: skip


def codes(n: int, start: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (start + n, 4)).astype(np.uint8)[start:]


def opened(folder: Path) -> tuple[StoredArchive, Items]:
    archive = open_archive(folder)
    check(folder, archive, {"roles": ROLES, "places": PLACES})
    check_sums(folder, archive)
    columns: dict[str, Any] = archive.columns
    return archive, Items(**columns)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 8 tiles at most."""
    monkeypatch.setattr(blocks, "BLOCK", 8)


@pytest.mark.parametrize("steps", [[5], [8], [3, 3, 3], [20], [1] * 17, [0, 9, 0], [0]])
@pytest.mark.usefixtures("small")
def test_any_number_of_tiles_at_a_time_becomes_the_same_archive(
    tmp_path: Path, steps: list[int]
) -> None:
    n, start = sum(steps), 0
    with ArchiveWriter(tmp_path / "a", model=MODEL, distractors=("x",)) as writer:
        for step in steps:
            writer.append(codes(step, start), items(step, start).columns())
            start += step
        assert not is_stored(tmp_path / "a")
    archive, read = opened(tmp_path / "a")
    assert np.array_equal(archive.codes.whole(), codes(n)) and read == items(n)
    assert archive.listing.count == n and archive.listing.distractors == ("x",)
    assert [s.rows for s in archive.listing.segments] == [8] * (n // 8) + (
        [n % 8] if n % 8 or not n else []
    )
    assert archive.ties is None
    assert read.rows_of(list(items(n).ids)).tolist() == list(range(n))
    for name, column in items(n).columns().items():
        assert getattr(read, name) == column


def test_an_error_leaves_no_archive(tmp_path: Path) -> None:
    with pytest.raises(KeyError), ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(3), {})
    assert not is_stored(tmp_path / "a")


def grown(folder: Path) -> tuple[NDArray[np.uint8], Items, NDArray[np.float64]]:
    """An archive of 20 tiles that lost 3 and gained 10, with what it must hold and its order."""
    with ArchiveWriter(folder / "old", model=MODEL) as writer:
        writer.append(codes(20), items(20).columns())
    removed = np.array([0, 7, 19])
    places = drawn(10, np.random.default_rng(1))
    with ArchiveWriter(folder / "new", model=MODEL) as writer:
        writer.share(folder / "old", open_archive(folder / "old"), removed)
        writer.append(codes(10, 20), items(10, 20).columns(), places)
    rows = np.delete(np.arange(30), removed)
    order = np.concatenate([(np.arange(20) + 0.5) / 20, places])
    return codes(30)[rows], items(30).take(rows), order[rows]


@pytest.mark.usefixtures("small")
def test_an_archive_grows_and_shrinks_without_being_copied(tmp_path: Path) -> None:
    expected, there, order = grown(tmp_path)
    archive, read = opened(tmp_path / "new")
    assert np.array_equal(archive.codes.whole(), expected) and read == there
    assert archive.ties is not None
    assert np.array_equal(archive.ties.take(np.arange(len(read))), order)
    first = "segment-00000/codes.npy"
    assert (tmp_path / "old" / first).samefile(tmp_path / "new" / first)
    for tile in there.ids:
        assert read.row(tile) == there.row(tile)
    assert not read.has("deep/tile 7.png")
    for content in {*there.contents, "0" * 64}:
        assert read.rows_with_contents([content]).tolist() == [
            row for row, own in enumerate(there.contents) if own == content
        ]
    shutil.rmtree(tmp_path / "old")
    assert opened(tmp_path / "new")[1] == there


@pytest.mark.usefixtures("small")
def test_an_archive_that_grew_twice_keeps_what_was_removed_before(tmp_path: Path) -> None:
    _, there, order = grown(tmp_path)
    with ArchiveWriter(tmp_path / "third", model=MODEL) as writer:
        writer.share(tmp_path / "new", open_archive(tmp_path / "new"))
        writer.append(codes(2, 30), items(2, 30).columns(), np.array([0.1, 0.9]))
    archive, read = opened(tmp_path / "third")
    both = np.arange(len(there))
    assert read.take(both) == there and len(read) == len(there) + 2
    assert archive.ties is not None
    assert np.array_equal(archive.ties.take(both), order)
    assert archive.ties.take(both[-2:] + 2).tolist() == [0.1, 0.9]


def test_where_links_do_not_work_segments_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", fail)
    _, there, _ = grown(tmp_path)
    first = "segment-00000/codes.npy"
    assert not (tmp_path / "old" / first).samefile(tmp_path / "new" / first)
    assert opened(tmp_path / "new")[1] == there


def test_readers_go_on_with_what_they_opened(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    archive, read = opened(tmp_path / "a")
    shutil.rmtree(tmp_path / "a")
    assert np.array_equal(archive.codes.whole(), codes(9)) and read == items(9)


def test_an_open_archive_keeps_no_file_open(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("the system does not list open files")
    before = len(list(descriptors.iterdir()))
    archive, read = opened(tmp_path / "a")
    assert len(list(descriptors.iterdir())) == before and len(read) == len(archive.codes) == 9


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_contents_that_are_no_hashes_are_kept_as_they_are(
    tmp_path: Path, order: tuple[bool, bool]
) -> None:
    first, second = (items(8, 8 * number, hashed=hashed) for number, hashed in enumerate(order))
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(8), first.columns())
        writer.append(codes(8), second.columns())
    _, read = opened(tmp_path / "a")
    expected = [*first.contents, *second.contents]
    assert list(read.contents) == expected
    for row, content in enumerate(expected):
        assert row in read.rows_with_contents([content])


def test_columns_can_be_read_with_arrow_alone(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    with pa.ipc.open_file(tmp_path / "a" / "segment-00000" / "tiles.arrow") as reader:
        table = reader.read_all()
    assert table.column_names == list(NAMES.values())
    there = items(9)
    assert table["label"].to_pylist() == list(there.labels)
    assert table["latitude"].to_pylist() == list(there.latitudes)
    assert [value.hex() for value in table["content"].to_pylist()] == list(there.contents)


def test_a_changed_byte_is_noticed_by_its_checksum(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    path = tmp_path / "a" / "segment-00000" / "codes.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    archive = open_archive(tmp_path / "a")
    with pytest.raises(RunError, match=r"codes\.npy is damaged \(its checksum has changed\)"):
        check_sums(tmp_path / "a", archive)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("removed", [[3, 3], [5, 2], [-1, 2], [2, 30], [0.5, 1.5]], ids=str)
def test_a_damaged_list_of_removed_tiles_is_refused(tmp_path: Path, removed: list[Any]) -> None:
    grown(tmp_path)
    with ArchiveWriter(tmp_path / "bad", model=MODEL) as writer:
        writer.share(tmp_path / "new", open_archive(tmp_path / "new"), np.array(removed))
    with pytest.raises(RunError, match=r"removed\.npy is damaged"):
        open_archive(tmp_path / "bad")


@pytest.mark.parametrize("places", [[0.5, 0.4], [-0.1, 0.2], [0.5, 1.0], [0.1, np.nan]], ids=str)
def test_a_damaged_order_of_ties_is_refused(tmp_path: Path, places: list[float]) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(2), items(2).columns(), np.array(places))
    with pytest.raises(RunError, match="is damaged"):
        opened(tmp_path / "a")


@pytest.mark.usefixtures("small")
def test_segments_that_number_their_classes_differently_are_refused(tmp_path: Path) -> None:
    for name, start in (("a", 0), ("b", 100)):
        with ArchiveWriter(tmp_path / name, model=MODEL) as writer:
            writer.append(codes(16), items(16, start).columns())
    shutil.copy(tmp_path / "b" / "segment-00000" / "tiles.arrow", tmp_path / "a" / "segment-00000")
    with pytest.raises(RunError, match="damaged"):
        open_archive(tmp_path / "a")


def test_ties_that_follow_the_rows_need_no_places() -> None:
    layout = blocks.Layout((3, 2), (np.array([1]), np.array([], dtype=np.int64)))
    assert Ties.of([(0, 5), (3, 5)], layout) is None
    assert Ties.of([np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.9])], layout) is None
    ties = Ties.of([np.array([0.1, 0.2, 0.5]), (0, 2)], layout)
    assert ties is not None and ties.take(np.array([3, 0, 1, 2])).tolist() == [0.75, 0.1, 0.5, 0.25]


def test_arrays_are_mapped_not_read(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    array = map_array(tmp_path / "a" / "segment-00000" / "codes.npy")
    assert not array.flags.owndata and not array.flags.writeable
    assert read_list(tmp_path / "a").model == MODEL


def test_an_index_on_disk_is_not_sorted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    archive = open_archive(tmp_path / "a")

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("mirs_core.columns.lookup.FEW", -1)
    monkeypatch.setattr("mirs_core.columns.lookup.index_of", fail)
    columns: dict[str, Any] = archive.columns
    read = Items(**columns)
    assert read.row("deep/tile 4.png") == 4
    labels = [None] * len(read)
    assert dataclasses.replace(read, labels=labels).row("deep/tile 4.png") == 4
    with pytest.raises(AssertionError):
        Lookup(read.ids).rows_of(["x"])


def test_opening_and_looking_up_imports_no_pandas(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(9), items(9).columns())
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from mirs_core.columns.reading import open_archive\n"
        "from mirs_core.columns.checking import check\n"
        "from mirs_core.datasets.items import Items\n"
        f"folder = Path({str(tmp_path / 'a')!r})\n"
        "archive = open_archive(folder)\n"
        "check(folder, archive, {})\n"
        "read = Items(**archive.columns)\n"
        "assert read.row(read.ids[3]) == 3 and read.ids.index(read.ids[3]) == 3\n"
        "read.take(read.rows(['test']))\n"
        "print([name for name in ('pandas', 'torch', 'faiss') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def resident(name: str) -> int:
    """Kilobytes of a file that count as memory of this process."""
    total, counting = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counting = line.endswith(name)
        elif counting and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux")
@pytest.mark.parametrize("many", [True, False])
def test_memory_of_rows_that_were_looked_up_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    monkeypatch.setattr(reading, "_MANY", 0 if many else 4)
    n = 30_000
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(n), items(n).columns())
    archive, read = opened(tmp_path / "a")
    expected = items(n)
    assert read == expected
    table = str(tmp_path / "a" / "segment-00000" / "tiles.arrow")
    before = resident(table)
    archive.give_back()
    assert before > 1000 and (resident(table) == 0) == many
    # It is read again as if nothing had happened.
    fresh = Items(**archive.columns)  # type: ignore[arg-type]
    assert fresh == expected and resident(table) > 1000


def test_copies_of_files_are_never_given_back(tmp_path: Path) -> None:
    """Giving back memory that is not a file's own would lose what it holds."""
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 10_000)
    file = map_file(path)
    assert file.shared
    copy = pa.py_buffer(bytearray(path.read_bytes()))
    mapping.give_back([mapping.MappedFile(path, copy, False), file])
    assert copy.to_pybytes() == file.bytes.to_pybytes() == b"abc" * 10_000


def test_damaged_bytes_are_refused_or_read_but_nothing_else(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a", model=MODEL) as writer:
        writer.append(codes(120), items(120).columns())
    paths = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
    paths += [path for path in paths if path.suffix == ".arrow"] * 4
    rng, refused = np.random.default_rng(0), 0
    for _ in range(400):
        path = paths[rng.integers(len(paths))]
        sound = path.read_bytes()
        data = bytearray(sound)
        for place in rng.integers(0, len(data), rng.choice([1, 2, 20])):
            data[place] = rng.choice([0, 1, 127, 255, rng.integers(256)])
        path.write_bytes(data)
        try:
            archive = open_archive(tmp_path / "a")
            check(tmp_path / "a", archive, {"roles": ROLES, "places": PLACES})
            read = Items(**archive.columns)  # type: ignore[arg-type]
            read.take(np.arange(len(read))).to_json()
        except RunError:
            refused += 1
        path.write_bytes(sound)
    assert 200 < refused < 400
