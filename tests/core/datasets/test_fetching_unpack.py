"""Archives that are out to do harm are refused before anything of them is written."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from published import zipped

from mirs_core.datasets.download import unpack
from mirs_core.errors import DataError, StoppedError


def any_file(path: str) -> bool:
    return True


def refused(tmp_path: Path, packed: bytes, most: int = 1_000_000_000) -> str:
    """The message of an archive that is refused; nothing of it may be written anywhere."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    archive = tmp_path / "evil.zip"
    archive.write_bytes(packed)
    with pytest.raises(DataError) as error:
        unpack.unpack(archive, home / "out", any_file, most)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["evil.zip", "home"]
    assert "\n" not in str(error.value)
    return str(error.value)


def with_entry(name: str, mode: int = 0, content: bytes = b"x") -> bytes:
    """A zip with one good file and one under this very name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a.jpg", b"good")
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = name
        entry.external_attr = mode << 16
        packed.writestr(entry, content)
    return buffer.getvalue()


def test_wanted_files_are_unpacked_and_no_others(tmp_path: Path) -> None:
    files = {
        "data/a.jpg": b"1", "data/deep/er/b.jpg": b"22", "data/run.sh": b"3", ".hidden/c.jpg": b"4",
        "__MACOSX/data/._a.jpg": b"5", "data/.d.jpg": b"6",
    }  # fmt: skip
    (tmp_path / "a.zip").write_bytes(zipped(files))
    seen: list[tuple[str, int, int]] = []
    count = unpack.unpack(
        tmp_path / "a.zip", tmp_path / "out", lambda path: path.endswith(".jpg"), 1000,
        lambda *step: seen.append(step),
    )  # fmt: skip
    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == {"data/a.jpg": b"1", "data/deep/er/b.jpg": b"22"} and count == 2
    assert seen == [("Unpacking", 1, 2), ("Unpacking", 2, 2)]
    assert not any(path.stat().st_mode & 0o111 for path in (tmp_path / "out").rglob("*.jpg"))


@pytest.mark.parametrize(
    "name",
    ["../b.jpg", "a/../../b.jpg", "/etc/b.jpg", "//host/b.jpg", "C:/b.jpg", "..\\b.jpg", "a\\b.jpg",
     "a//b.jpg", "./b.jpg", "a/./b.jpg", "con", "a/NUL.jpg", "com1.txt", "b.jpg ", "b.", "a /b.jpg",
     "b\n.jpg", "b\x00.jpg", "b\x7f.jpg", "x" * 300 + ".jpg", "a/" * 300 + "b.jpg", "b:stream.jpg"],
)  # fmt: skip
def test_names_that_lead_out_or_elsewhere(tmp_path: Path, name: str) -> None:
    assert "not a safe path" in refused(tmp_path, with_entry(name))


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    packed = with_entry("link.jpg", kind | 0o777, b"/etc/passwd")
    assert "plain file" in refused(tmp_path, packed)


def test_a_folder_that_says_it_is_a_link(tmp_path: Path) -> None:
    assert "plain file" in refused(tmp_path, with_entry("link/", stat.S_IFLNK | 0o777, b""))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.jpg", "A.JPG"])
def test_one_name_twice(tmp_path: Path, second: str) -> None:
    assert "twice" in refused(tmp_path, with_entry(second))


def test_a_bomb_of_zeros(tmp_path: Path) -> None:
    packed = zipped({"zeros.jpg": bytes(120_000_000)})
    assert len(packed) < 200_000
    assert "too large" in refused(tmp_path, packed)


def test_a_bomb_of_many_small_files(tmp_path: Path) -> None:
    packed = zipped({f"{i}.jpg": bytes(900_000) for i in range(30)})
    assert "too large" in refused(tmp_path, packed)


def claiming(size: int) -> bytes:
    """A zip whose directory gives its one file this size."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.jpg", bytes(2_000_000))
        packed.infolist()[0].file_size = size
    return buffer.getvalue()


def test_a_claim_of_ten_gigabytes(tmp_path: Path) -> None:
    assert "too large" in refused(tmp_path, claiming(10_000_000_000))


@pytest.mark.parametrize("size", [10, 0, 2_100_000])
def test_a_size_that_is_not_true(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "MAX_GROWTH", 10_000)
    message = refused(tmp_path, claiming(size))
    assert "damaged" in message or "than it declares" in message


def test_more_than_this_data_set_can_be(tmp_path: Path) -> None:
    packed = zipped({f"{i}.jpg": bytes(100) for i in range(11)})
    assert "too large" in refused(tmp_path, packed, most=1000)


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MAX_ENTRIES", 3)
    assert "entries" in refused(tmp_path, zipped({f"{i}.jpg": b"x" for i in range(4)}))


def encrypted() -> bytes:
    packed = bytearray(zipped({"a.jpg": b"secret"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + offset] |= 1
    return bytes(packed)


def flipped() -> bytes:
    packed = bytearray(zipped({"a.jpg": bytes(range(256)) * 40, "b.jpg": b"good"}))
    packed[60] ^= 0xFF
    return bytes(packed)


@pytest.mark.parametrize(
    "packed",
    [b"", b"not a zip", zipped({"a.jpg": b"x"})[:-30], encrypted(), flipped()],
    ids=range(5),
)
def test_damaged_archives(tmp_path: Path, packed: bytes) -> None:
    refused(tmp_path, packed)


def test_a_stop_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({f"{i}.jpg": b"x" for i in range(5)}))

    def stop(stage: str, done: int, total: int) -> None:
        if done == 3:
            raise StoppedError("Stopped.")

    with pytest.raises(StoppedError):
        unpack.unpack(tmp_path / "a.zip", tmp_path / "out", any_file, 1000, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"a.jpg": b"x"}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="cannot be written"):
        unpack.unpack(tmp_path / "a.zip", tmp_path / "out", any_file, 1000)
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_a_full_disk_is_seen_before_the_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 100_000_000

    monkeypatch.setattr(
        "mirs_core.datasets.download.disk_space.shutil.disk_usage", lambda _: Usage()
    )
    assert "free some space" in refused(tmp_path, zipped({"a.jpg": b"x"}))
