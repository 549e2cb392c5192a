"""Scanning folders as people have them: classes, odd names, broken files, links."""

import os
import shutil
import unicodedata
from pathlib import Path

import pytest
from fakes import MakeDataset

from mirs_core.datasets import reading
from mirs_core.datasets.images import read_image
from mirs_core.datasets.manifest import Card, Unreadable, read_card, scan
from mirs_core.datasets.reading import scanned_contents
from mirs_core.errors import DataError

LAYOUT = {"train": {"cra": 3, "aec": 2}, "val": {"cra": 1}, "test": {"aec": 2}}


def test_a_labelled_data_set(tmp_path: Path, make_dataset: MakeDataset) -> None:
    manifest = scan(make_dataset(tmp_path, LAYOUT))
    assert [tile.path for tile in manifest.tiles] == sorted(tile.path for tile in manifest.tiles)
    assert all(tile.id == tile.path for tile in manifest.tiles)
    assert manifest.labelled == 8
    assert manifest.classes == {"aec": 4, "cra": 4}
    assert manifest.splits == {"train": 5, "val": 1, "test": 2}
    assert (manifest.strips, manifest.duplicates, manifest.unreadable) == (0, (), ())
    first = manifest.tiles[0]
    assert (first.split, first.label, first.strip) == ("test", "aec", None)
    assert len(first.content) == 64
    assert manifest.card == Card.named(tmp_path.name)


def test_an_unlabelled_folder_is_read_to_the_bottom(
    tmp_path: Path, make_dataset: MakeDataset
) -> None:
    make_dataset(tmp_path, 2)
    make_dataset(tmp_path / "a" / "b", 1, side=50)
    manifest = scan(tmp_path)
    assert len(manifest.tiles) == 3
    assert {(tile.label, tile.split) for tile in manifest.tiles} == {(None, "")}
    assert manifest.classes == {}
    assert manifest.splits == {"": 3}


def test_a_database_and_no_training(tmp_path: Path, make_dataset: MakeDataset) -> None:
    manifest = scan(make_dataset(tmp_path, {"test": {"a": 1}, "database": {"a": 2}}))
    assert manifest.splits == {"test": 1, "database": 2}
    assert manifest.classes == {"a": 3}


def test_one_class_is_a_data_set(tmp_path: Path, make_dataset: MakeDataset) -> None:
    assert scan(make_dataset(tmp_path, {"train": {"dune": 3}})).classes == {"dune": 3}


def test_loose_files_of_a_split_have_no_label(tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path, {"train": {"a": 2, "": 1}})
    assert [tile.label for tile in scan(tmp_path).tiles] == ["a", "a", None]


def test_strips_and_places_come_from_names(tmp_path: Path, make_dataset: MakeDataset) -> None:
    manifest = scan(make_dataset(tmp_path, {"train": {"a": 6}}, strips=2))
    assert manifest.strips == 2
    assert {(tile.latitude, tile.longitude) for tile in manifest.tiles} == {(20.5, 288.0)}


@pytest.mark.parametrize("name", ["кратер", "火星 クレーター", "🪐", "Größe & <b>", "a'b\"c"])
def test_names_in_any_script(name: str, tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path / name, {"train": {name: 2}})
    for path in sorted((tmp_path / name / "train" / name).iterdir()):
        path.rename(path.with_name(f"{name} {path.name}"))
    manifest = scan(tmp_path / name)
    assert manifest.classes == {unicodedata.normalize("NFC", name): 2}
    assert all((tmp_path / name / tile.path).is_file() for tile in manifest.tiles)


def test_two_spellings_of_one_class_are_one(tmp_path: Path, make_dataset: MakeDataset) -> None:
    composed, decomposed = (unicodedata.normalize(form, "düne") for form in ("NFC", "NFD"))
    make_dataset(tmp_path, {"train": {composed: 1}, "test": {decomposed: 1}})
    manifest = scan(tmp_path)
    assert manifest.classes == {composed: 2}
    assert all((tmp_path / tile.path).is_file() for tile in manifest.tiles)


def test_a_name_that_is_no_unicode_is_reported(tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path, 1)
    good = next(tmp_path.iterdir())
    shutil.copy(os.fsencode(good), os.fsencode(tmp_path) + b"/bad\xff.png")
    manifest = scan(tmp_path)
    assert len(manifest.tiles) == 1
    assert manifest.unreadable[0].path == "bad\\xff.png"


def test_broken_files_are_named_and_skipped(tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path, {"train": {"a": 2}})
    folder = tmp_path / "train" / "a"
    whole = next(folder.glob("*.png")).read_bytes()
    (folder / "text.jpg").write_text("not an image")
    (folder / "empty.png").touch()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.png")
    manifest = scan(tmp_path)
    assert len(manifest.tiles) == 2
    reasons = {one.path.rsplit("/", 1)[1]: one.why for one in manifest.unreadable}
    assert set(reasons) == {"text.jpg", "empty.png", "cut.png", "folder.jpg", "pipe.png"}
    assert "not an image" in reasons["text.jpg"]
    assert "empty" in reasons["empty.png"]
    assert "damaged" in reasons["cut.png"]
    assert "folder" in reasons["folder.jpg"]
    assert "regular file" in reasons["pipe.png"]


def test_what_is_no_tile_is_passed_over(tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path, 1)
    tile = next(tmp_path.iterdir())
    for name in ("._a.png", ".hidden/a.png", "__MACOSX/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(tile, tmp_path / name)
    for name in ("labels.csv", "read me.txt", "a.png.aux.xml"):
        (tmp_path / name).write_text("text")
    manifest = scan(tmp_path)
    assert len(manifest.tiles) == 1
    assert manifest.unreadable == ()


def test_links_out_in_and_in_circles(tmp_path: Path, make_dataset: MakeDataset) -> None:
    outside = make_dataset(tmp_path / "outside", 1)
    secret = next(outside.iterdir())
    root = make_dataset(tmp_path / "root", 2, side=44)
    inside = next(root.iterdir())
    (root / "out.png").symlink_to(secret)
    (root / "nowhere.png").symlink_to(root / "gone")
    (root / "circle.png").symlink_to(root / "circle.png")
    (root / "loop").symlink_to(root)
    (root / "in.png").symlink_to(inside)
    manifest = scan(root)
    assert len(manifest.tiles) == 3
    assert manifest.duplicates == (("in.png", inside.name),)
    assert {one.path for one in manifest.unreadable} == {
        "out.png",
        "nowhere.png",
        "circle.png",
        "loop",
    }


def test_a_data_set_behind_a_link_is_a_data_set(tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path / "real", LAYOUT)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert scan(tmp_path / "link").digest == scan(tmp_path / "real").digest


def test_duplicates_name_the_first_copy(tmp_path: Path, make_dataset: MakeDataset) -> None:
    make_dataset(tmp_path, {"train": {"a": 2}})
    tile = sorted((tmp_path / "train" / "a").iterdir())[0]
    for name in ("x.png", "y.png"):
        shutil.copy(tile, tile.with_name(name))
    manifest = scan(tmp_path)
    assert len(manifest.tiles) == 4
    first = "train/a/tile_0000.png"
    assert manifest.duplicates == ((first, "train/a/x.png"), (first, "train/a/y.png"))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        scan(tmp_path / "gone")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(DataError, match="There is no folder"):
        scan(tmp_path / "a.txt")
    with pytest.raises(DataError, match="There are no images"):
        scan(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match=r"No image .* a\.png .*empty"):
        scan(tmp_path)


def test_the_digest_sees_what_matters_only(tmp_path: Path, make_dataset: MakeDataset) -> None:
    one = scan(make_dataset(tmp_path / "one", LAYOUT)).digest
    assert scan(make_dataset(tmp_path / "two", LAYOUT, card={"name": "x"})).digest == one
    (tmp_path / "two" / "train" / "cra").rename(tmp_path / "two" / "train" / "crb")
    assert scan(tmp_path / "two").digest != one


def test_the_cache_spares_reading(
    tmp_path: Path, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = make_dataset(tmp_path / "data", LAYOUT), tmp_path / "cache" / "scan.json"
    (root / "train" / "cra" / "bad.png").write_text("bad")
    for path in root.rglob("*.png"):
        os.utime(path, ns=(10**18, 10**18))
    first = scan(root, cache)
    calls: list[str] = []

    def counted(data: bytes, name: str = "") -> object:
        calls.append(name)
        return real(data, name)

    real = read_image
    monkeypatch.setattr(reading, "read_image", counted)
    assert scan(root, cache) == first
    assert calls == []
    changed = root / "train" / "cra" / "tile_0001.png"
    shutil.copy(root / "train" / "cra" / "tile_0000.png", changed)
    os.utime(changed, ns=(10**18 + 1, 10**18 + 1))
    second = scan(root, cache)
    assert calls == ["tile_0001.png"]
    assert second.digest != first.digest
    assert second.unreadable == first.unreadable


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2, "files": {"a": [1]}}', '{"version": 2, "files": 3}', "\xff"],
)
def test_a_damaged_cache_is_ignored(text: str, tmp_path: Path, make_dataset: MakeDataset) -> None:
    root, cache = make_dataset(tmp_path / "data", LAYOUT), tmp_path / "scan.json"
    cache.write_bytes(text.encode("latin-1"))
    assert len(scan(root, cache).tiles) == 8


def test_files_that_just_changed_are_not_cached(tmp_path: Path, make_dataset: MakeDataset) -> None:
    root, cache = make_dataset(tmp_path / "data", 3), tmp_path / "scan.json"
    scan(root, cache)
    assert not cache.exists() and not scanned_contents(cache)


def test_progress_ends_at_all(tmp_path: Path, make_dataset: MakeDataset) -> None:
    steps: list[tuple[int, int]] = []
    scan(make_dataset(tmp_path, 70), None, lambda stage, done, total: steps.append((done, total)))
    assert steps == [(64, 70), (70, 70)]


def test_a_full_card(tmp_path: Path, make_dataset: MakeDataset) -> None:
    card = {
        "name": "mine",
        "title": "My tiles",
        "instrument": "CTX",
        "metres_per_pixel": 6,
        "distractors": ["other"],
        "licence": "MIT",
        "citation": "me",
        "synthetic": True,
        "unknown": [1],
    }
    expected = Card("mine", "My tiles", "CTX", 6.0, ("other",), "MIT", "me", True)
    assert scan(make_dataset(tmp_path, 1, card=card)).card == expected


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"name": 3}',
        '{"metres_per_pixel": "6"}',
        '{"metres_per_pixel": -1}',
        '{"metres_per_pixel": NaN}',
        '{"metres_per_pixel": true}',
        '{"distractors": "other"}',
        '{"distractors": [1]}',
        '{"synthetic": "no"}',
        "[" * 100_000,
    ],
)
def test_a_wrong_card_is_an_error_that_names_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=r"dataset\.json"):
        read_card(tmp_path)


def test_an_empty_card_takes_the_name_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text('{"name": " ", "metres_per_pixel": null}')
    assert read_card(tmp_path) == Card.named(tmp_path.name)


def test_a_missing_file_is_told_from_an_unreadable_one() -> None:
    assert Unreadable("a", "b") != Unreadable("a", "c")


def test_the_real_data_sets(real_data: Path) -> None:
    ctx, plain = scan(real_data / "ctx"), scan(real_data / "ctx_unlabelled")
    assert ctx.splits == {"train": 486, "val": 59, "test": 136}
    assert len(ctx.classes) == 15 and ctx.card.instrument == "CTX"
    assert (len(plain.tiles), plain.labelled) == (88, 0)
    assert ctx.unreadable == plain.unreadable == ()


def test_no_real_observation_is_in_two_splits(real_data: Path) -> None:
    hirise = scan(real_data / "hirise")
    assert len(hirise.tiles) == 1865 and hirise.card.distractors == ("other",)
    splits = {tile.strip: tile.split for tile in hirise.tiles}
    assert all(tile.split == splits[tile.strip] for tile in hirise.tiles)
