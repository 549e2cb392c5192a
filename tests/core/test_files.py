from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core import files
from mirs_core.columns import files as columns_files
from mirs_core.errors import RunError


@pytest.mark.parametrize("name", ["a", "mirs-ctx-s0-1a2b3c", "demo.1", "0_x"])
def test_safe_names(name: str) -> None:
    assert files.is_safe_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "A", "a b", ".hidden", "a\n", "x" * 81]
)
def test_unsafe_names(name: str) -> None:
    assert not files.is_safe_name(name)


@given(st.text())
def test_slugs_are_safe(text: str) -> None:
    assert files.is_safe_name(files.slug(text))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(ValueError):
        files.write_json(path, {"a": float("nan")})
    with pytest.raises(RuntimeError):
        files.replace_file(path, _fail)
    assert files.read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def _fail(handle: object) -> None:
    raise RuntimeError("disk full")


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="MIRS_HOME"):
        files.write_json(tmp_path / "file" / "x.json", {})
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@given(st.text(st.characters(), max_size=5) | st.sampled_from(["\ud800", "a\udfffb", "\ud83d"]))
def test_json_keeps_every_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "text.json"
    files.write_json(path, {text: [text]})
    assert files.read_json(path) == {text: [text]}
    path.read_bytes().decode("utf-8")


def test_damaged_files_are_explained(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY")
    for read, name in ((files.read_json, "x.json"), (files.read_array, "x.npy")):
        with pytest.raises(RunError, match="cannot be read"):
            read(tmp_path / name)
        with pytest.raises(RunError, match="is missing"):
            read(tmp_path / "nothing")


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'shape': (2,",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } }",
        b"  x\n y",
        b"'\n",
        b"[" * 100 + b"]" * 100,
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (10**9, 10**9), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000,), }",
        b"{'descr': 'O', 'fortran_order': False, 'shape': (2,), }",
        b"{'descr': [('a', 'zz')], 'fortran_order': False, 'shape': (2,), }",
        b"{1: 2}",
        b"\xff\0\xff",
        b"",
    ],
)
@pytest.mark.parametrize("read", [files.read_array, files.map_array, columns_files.map_array])
def test_damaged_headers_of_arrays_are_explained(
    header: bytes, read: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "x.npy"
    size = len(header).to_bytes(2, "little")
    path.write_bytes(b"\x93NUMPY\x01\0" + size + header + bytes(8))
    with pytest.raises(RunError) as error:
        read(path)
    assert len(str(error.value).splitlines()) == 1


def test_arrays_with_objects_are_never_read(tmp_path: Path) -> None:
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RunError):
        files.read_array(tmp_path / "evil.npy")


def test_arrays_survive(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    files.write_array(tmp_path / "a" / "x.npy", array)
    np.testing.assert_array_equal(files.read_array(tmp_path / "a" / "x.npy"), array)


def test_a_copy_is_whole_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_bytes(b"new")
    files.copy_file(source, target)
    assert target.read_bytes() == b"new"
    with pytest.raises(RunError, match="cannot be read"):
        files.copy_file(tmp_path / "gone", target)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    source.write_bytes(b"newer")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunError, match="No space left"):
        files.copy_file(source, target)
    assert target.read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 2
