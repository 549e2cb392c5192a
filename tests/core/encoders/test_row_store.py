"""Rows by content hash: found again whatever was merged, by whom, and in which order."""

import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from mirs_core.encoders import row_segment, row_store
from mirs_core.encoders.row_store import RowStore


def rows(count: int, seed: int = 0, width: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    return keys, rng.normal(size=(count, width)).astype(np.float32)


def store_in(folder: Path, version: int = 1) -> RowStore:
    return RowStore(folder, 5, np.float32, version, "the store")


def read(store: RowStore, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, Counter[str]]:
    out, origins = np.zeros((len(keys), store.width), store.dtype), Counter[str]()
    return store.read(store.find(keys), out, origins), out, origins


def test_an_empty_store_has_nothing(tmp_path: Path) -> None:
    keys, _ = rows(3)
    there, _, origins = read(store_in(tmp_path / "none"), keys)
    assert not there.any() and not origins and not (tmp_path / "none").exists()


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=30),
    fan=st.integers(2, 4),
    seed=st.integers(0, 9999),
)
def test_it_is_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], fan: int, seed: int
) -> None:
    """The slow twin: a dictionary in which the first row of a key stays."""
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(seed)
    keys, values = rows(60, seed)
    twin: dict[int, np.ndarray] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_store, "_FAN", fan)
        patch.setattr(row_store, "_SMALLEST", 4)
        patch.setattr(row_segment, "_CHUNK", 7)
        store = store_in(folder)
        for size in sizes:
            chosen = rng.choice(60, size, replace=False)
            fresh = np.array([row not in twin for row in chosen])
            store.add(keys[chosen[fresh]], values[chosen[fresh]], "first")
            twin |= {int(row): values[row] for row in chosen}
            store = store if rng.random() < 0.5 else store_in(folder)
    there, out, origins = read(store_in(folder), keys)
    assert set(np.flatnonzero(there).tolist()) == set(twin) and len(store) == len(twin)
    assert all(np.array_equal(out[row], value) for row, value in twin.items())
    assert origins == {"first": len(twin)}


def test_segments_stay_few(tmp_path: Path) -> None:
    keys, values = rows(6400)
    store = store_in(tmp_path)
    for start in range(0, 6400, 64):
        store.add(keys[start : start + 64], values[start : start + 64], "a")
    assert len(list(tmp_path.glob("*.safetensors"))) <= 8 * 3
    assert read(store_in(tmp_path), keys)[0].all()
    store.add(*rows(row_store.LARGEST, 9), "b")
    large = max(tmp_path.glob("*.safetensors"))
    for seed in range(10, 30):
        store.add(*rows(600, seed), "a")
    assert large.is_file()


def test_a_higher_version_replaces_a_row_wherever_it_is(tmp_path: Path) -> None:
    keys, values = rows(40)
    store_in(tmp_path, 2).add(keys[:10], values[:10], "new")
    store_in(tmp_path, 1).add(keys, values + 1, "old")
    store_in(tmp_path, 2).add(keys[10:20], values[10:20], "new")
    for _ in range(2):
        store = store_in(tmp_path, 2)
        there, out, origins = read(store, keys)
        assert there.all() and origins == {"new": 20, "old": 20}
        assert np.array_equal(out[:20], values[:20]) and np.array_equal(out[20:], values[20:] + 1)
        assert store.find(keys).versions.tolist() == [2] * 20 + [1] * 20
        segments = list(store._segments)
        store._replace(segments, segments)  # merged, the same once more
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


def test_who_reads_a_segment_goes_on_while_another_merges(tmp_path: Path) -> None:
    keys, values = rows(80)
    reader = None
    for start in range(0, 80, 10):
        if start == 70:
            reader = store_in(tmp_path)
        store_in(tmp_path).add(keys[start : start + 10], values[start : start + 10], "a")
    assert len(list(tmp_path.glob("*.safetensors"))) == 1 and reader is not None
    there, out, _ = read(reader, keys)
    assert there[:70].all() and np.array_equal(out[:70], values[:70])
    reader.refresh()
    assert read(reader, keys)[0].all()


def test_several_processes_add_at_once(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
import numpy as np
from mirs_core.encoders.row_store import RowStore
store = RowStore(Path(sys.argv[1]), 5, np.float32, 1, "the store")
rng = np.random.default_rng(int(sys.argv[2]))
for turn in range(40):
    keys = rng.integers(0, 256, (8, 32), dtype=np.uint8)
    keys[:, 0] = int(sys.argv[2])
    store.add(keys, keys[:, :5].astype(np.float32), f"process {sys.argv[2]}")
"""
    root = Path(__file__).parents[3]
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, str(tmp_path / "s"), str(n)], cwd=root
        )
        for n in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    store = store_in(tmp_path / "s")
    for number in range(3):
        rng = np.random.default_rng(number)
        drawn = [rng.integers(0, 256, (8, 32), dtype=np.uint8) for _ in range(40)]
        keys = np.concatenate(drawn)
        keys[:, 0] = number
        there, out, origins = read(store, keys)
        assert there.all() and origins == {f"process {number}": 320}
        assert np.array_equal(out, keys[:, :5])


def test_rows_of_bytes(tmp_path: Path) -> None:
    keys, _ = rows(20)
    codes = np.arange(20 * 16, dtype=np.uint8).reshape(20, 16)
    RowStore(tmp_path, 16, np.uint8).add(keys, codes, "a model")
    there, out, _ = read(RowStore(tmp_path, 16, np.uint8), keys[::-1])
    assert there.all() and np.array_equal(out, codes[::-1])


def test_rows_of_another_kind_are_removed(tmp_path: Path) -> None:
    keys, values = rows(20)
    store_in(tmp_path).add(keys, values, "a")
    with pytest.warns(UserWarning, match="damaged part of codes"):
        assert not read(RowStore(tmp_path, 5, np.uint8, 1, "codes"), keys)[0].any()
    assert not list(tmp_path.glob("*.safetensors"))


def test_the_files_are_safetensors(tmp_path: Path) -> None:
    keys, values = rows(20)
    store_in(tmp_path, 3).add(keys, values, "an engine")
    (path,) = tmp_path.glob("*.safetensors")
    with safe_open(path, "np") as opened:
        assert opened.metadata() == {"origins": '["an engine"]'}
        order = sorted(range(20), key=lambda row: keys[row].tobytes())
        assert np.array_equal(opened.get_tensor("contents"), keys[order])
        assert np.array_equal(opened.get_tensor("values"), values[order])
        assert opened.get_tensor("versions").tolist() == [3] * 20


def test_intact_rows_of_a_damaged_segment_are_kept(tmp_path: Path) -> None:
    keys, values = rows(20)
    store_in(tmp_path).add(keys, values, "a")
    (path,) = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes().replace(values[7].tobytes(), bytes(20)))
    assert read(store_in(tmp_path), keys[:7])[0].all()
    with pytest.warns(UserWarning, match="wrong checksum"):
        read(store_in(tmp_path), keys)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        there, out, _ = read(store_in(tmp_path), keys)
    assert np.flatnonzero(~there).tolist() == [7]
    assert np.array_equal(np.delete(out, 7, 0), np.delete(values, 7, 0))


@pytest.mark.parametrize("place", range(20))
def test_a_damaged_hash_never_gives_a_wrong_row(tmp_path: Path, place: int) -> None:
    keys, values = rows(20)
    store_in(tmp_path).add(keys, values, "a")
    (path,) = tmp_path.glob("*.safetensors")
    other = np.random.default_rng(1).integers(0, 256, (1, 32), dtype=np.uint8)
    path.write_bytes(path.read_bytes().replace(keys[place].tobytes(), other.tobytes()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there, out, _ = read(store_in(tmp_path), np.concatenate([keys, other]))
    assert not there[place] and not there[20]
    assert np.array_equal(out[:20][there[:20]], values[there[:20]])


def test_a_full_disk_is_an_error_of_the_writer_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, values = rows(80)
    monkeypatch.setattr(row_store, "_FAN", 3)
    store, written = store_in(tmp_path), row_store.write_segment

    def full(path: Path, parts: list[object]) -> None:
        if len(parts) > 1:
            raise row_store.MirsError("the disk is full")
        written(path, parts)  # type: ignore[arg-type]

    monkeypatch.setattr(row_store, "write_segment", full)
    with pytest.warns(UserWarning, match="the store cannot be tidied up: the disk is full"):
        for start in range(0, 80, 20):
            store.add(keys[start : start + 20], values[start : start + 20], "a")
    assert read(store_in(tmp_path), keys)[0].all()
