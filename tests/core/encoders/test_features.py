"""Extraction: right features in the right order, and no tile encoded twice, whatever happens."""

import hashlib
import itertools
import json
import shutil
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, MakeDataset, make_fake_encoder
from PIL import Image
from safetensors import safe_open

from mirs_core.datasets.images import read_image
from mirs_core.datasets.manifest import Manifest, scan
from mirs_core.encoders import feature_store
from mirs_core.encoders.feature_store import (
    Extraction,
    count_missing,
    encode_one,
    extract,
    stream,
)
from mirs_core.errors import DataError


@pytest.fixture
def data(tmp_path: Path, make_dataset: MakeDataset) -> Manifest:
    return scan(make_dataset(tmp_path / "data", {"train": {"a": 90, "b": 60}}))


def test_features_are_those_of_each_tile(data: Manifest, tmp_path: Path) -> None:
    encoder, _ = make_fake_encoder()
    tiles = [data.tiles[i] for i in (5, 3, 3, 140, 0)]
    features = extract(data.root, tiles, encoder, tmp_path / "cache", batch_size=2)
    assert features.shape == (5, FakeNetwork.dim) and features.dtype == np.float32
    for row, tile in zip(features, tiles, strict=True):
        assert np.allclose(row, encode_one(read_image(data.root / tile.path), encoder), atol=1e-6)


def test_a_second_time_nothing_is_encoded(data: Manifest, tmp_path: Path) -> None:
    encoder, network = make_fake_encoder()
    first = extract(data.root, data.tiles, encoder, tmp_path / "cache")
    assert network.seen == 150
    again, untouched = make_fake_encoder()
    assert np.array_equal(extract(data.root, data.tiles, again, tmp_path / "cache"), first)
    assert untouched.seen == 0


def test_a_copy_of_a_tile_is_known(data: Manifest, tmp_path: Path) -> None:
    encoder, network = make_fake_encoder()
    extract(data.root, data.tiles[:10], encoder, tmp_path / "cache")
    (tmp_path / "other").mkdir()
    for i in range(2):
        shutil.copy(data.root / data.tiles[0].path, tmp_path / "other" / f"copy{i}.png")
    other = scan(tmp_path / "other")
    features = extract(other.root, other.tiles, encoder, tmp_path / "cache")
    assert network.seen == 10
    assert np.array_equal(features[0], features[1])


def test_features_of_an_earlier_reader_are_encoded_again_where_pixels_changed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    grey = np.random.default_rng(0).integers(1, 200, (32, 32)).astype(np.uint8)
    deep = Image.fromarray(grey.astype(np.uint16) * 100)
    same = {"a.jpg": "L", "a.png": "L", "b.tif": "L", "c.tif": "RGB"}
    for number, (name, mode) in enumerate(same.items()):
        Image.fromarray(grey + np.uint8(number)).convert(mode).save(folder / name)
    deep.save(folder / "deep.png")
    deep.save(folder / "deep.tif")
    Image.fromarray(grey).quantize(9).save(folder / "palette.tif")
    Image.fromarray(grey / np.float32(300)).save(folder / "float.tif")
    data = scan(folder)
    cache = tmp_path / "cache"
    as_shards(cache, data, extract(folder, data.tiles, make_fake_encoder()[0], cache))
    for seen in (4, 0):
        encoder, network = make_fake_encoder()
        features = extract(folder, data.tiles, encoder, tmp_path / "cache")
        assert network.seen == seen
    fresh = extract(folder, data.tiles, make_fake_encoder()[0], tmp_path / "fresh")
    assert np.allclose(features, fresh, atol=1e-6)


def test_other_weights_have_their_own_cache(data: Manifest, tmp_path: Path) -> None:
    extract(data.root, data.tiles[:4], make_fake_encoder("one")[0], tmp_path / "cache")
    encoder, network = make_fake_encoder("two")
    extract(data.root, data.tiles[:4], encoder, tmp_path / "cache")
    assert network.seen == 4


@pytest.mark.parametrize("after", [16, 80, 144])
def test_an_interrupted_extraction_goes_on(data: Manifest, tmp_path: Path, after: int) -> None:
    encoder, network = make_fake_encoder()

    def interrupt(stage: str, done: int, total: int) -> None:
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(data.root, data.tiles, encoder, tmp_path / "cache", interrupt)
    assert network.seen == after
    steps: list[tuple[int, int]] = []
    features = extract(
        data.root,
        data.tiles,
        encoder,
        tmp_path / "cache",
        lambda stage, done, total: steps.append((done, total)),
    )
    assert network.seen == 150
    assert steps[0] == (after, 150) and steps[-1] == (150, 150)
    fresh = extract(data.root, data.tiles, make_fake_encoder()[0], tmp_path / "fresh")
    assert np.array_equal(features, fresh)


def segments_of(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.safetensors"))


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "one row", "header", "wrong dim"])
def test_a_damaged_segment_is_encoded_again(data: Manifest, tmp_path: Path, damage: str) -> None:
    encoder, network = make_fake_encoder()
    cache = tmp_path / "cache"
    first = extract(data.root, data.tiles[:90], encoder, cache)
    extract(data.root, data.tiles[90:], encoder, cache)
    path = segments_of(cache)[-1]
    held = path.read_bytes()
    if damage == "one row":
        with safe_open(path, "np") as opened:
            row = opened.get_tensor("values")[3].tobytes()
        path.write_bytes(held.replace(row, row[:-1] + bytes([row[-1] ^ 1])))
    elif damage == "wrong dim":
        path.write_bytes(held.replace(b"[90, 48]", b"[48, 90]"))
    else:
        spoilt = {"cut": held[:-10], "garbage": b"garbage", "empty": b"", "header": b"}" * 40}
        path.write_bytes(spoilt[damage])
    with pytest.warns(UserWarning, match="damaged part of the feature cache"):
        assert np.array_equal(extract(data.root, data.tiles[:90], encoder, cache), first)
    assert network.seen == 150 + (1 if damage == "one row" else 90)
    seen = network.seen
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(extract(data.root, data.tiles[:90], encoder, cache), first)
    assert network.seen == seen


def test_a_segment_that_was_not_finished_does_not_count(data: Manifest, tmp_path: Path) -> None:
    encoder, network = make_fake_encoder()
    extract(data.root, data.tiles[:5], encoder, tmp_path / "cache")
    (path,) = segments_of(tmp_path / "cache")
    path.rename(path.with_name(f".{path.name}.0123abcd"))
    extract(data.root, data.tiles[:5], encoder, tmp_path / "cache")
    assert network.seen == 10


def as_shards(cache: Path, data: Manifest, features: np.ndarray, **about: int) -> list[Path]:
    """A cache of version 0.3.0 with these features instead of the present one."""
    (folder,) = cache.iterdir()
    shutil.rmtree(folder)
    folder.mkdir()
    for start in range(0, len(features), 64):
        path = folder / f"{start:032x}"
        np.save(path.with_suffix(".npy"), features[start : start + 64])
        value = {
            "sha256": hashlib.sha256(path.with_suffix(".npy").read_bytes()).hexdigest(),
            "contents": [tile.content for tile in data.tiles[start : start + 64]],
            **about,
        }
        path.with_suffix(".json").write_text(json.dumps(value))
    return sorted(folder.glob("*.json"))


def test_an_earlier_cache_is_taken_over(data: Manifest, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = extract(data.root, data.tiles, make_fake_encoder()[0], cache)
    assert len(as_shards(cache, data, first)) == 3
    encoder, network = make_fake_encoder()
    assert count_missing({tile.content for tile in data.tiles}, encoder, cache) == 0
    engines: Counter[str] = Counter()
    assert np.array_equal(extract(data.root, data.tiles, encoder, cache, engines=engines), first)
    assert network.seen == 0 and engines == {"torch": 150}
    assert not list(cache.rglob("*.json")) and not list(cache.rglob("*.npy"))


@pytest.mark.parametrize(
    "damage", ["cut", "garbage", "swapped", "no array", "bad json", "wrong dim", "no hash"]
)
def test_a_damaged_shard_is_encoded_again(data: Manifest, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "cache"
    first = extract(data.root, data.tiles, make_fake_encoder()[0], cache)
    index = as_shards(cache, data, first)[0]
    array = index.with_suffix(".npy")
    if damage == "cut":
        array.write_bytes(array.read_bytes()[:-10])
    elif damage == "garbage":
        array.write_bytes(b"garbage")
    elif damage == "swapped":
        other = sorted(cache.rglob("*.npy"))
        shutil.copy(next(path for path in other if path != array), array)
    elif damage == "no array":
        array.unlink()
    elif damage == "bad json":
        index.write_text("{")
    elif damage == "no hash":
        index.write_text(index.read_text().replace(data.tiles[0].content, "abc"))
    else:
        np.save(array, np.zeros((3, 2), np.float32))
    encoder, network = make_fake_encoder()
    with pytest.warns(UserWarning, match="damaged part of the feature cache"):
        assert np.array_equal(extract(data.root, data.tiles, encoder, cache), first)
    assert network.seen == 64
    extract(data.root, data.tiles, encoder, cache)
    assert network.seen == 64


def test_a_shard_without_its_index_does_not_count(data: Manifest, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = extract(data.root, data.tiles, make_fake_encoder()[0], cache)
    as_shards(cache, data, first)[0].unlink()
    encoder, network = make_fake_encoder()
    assert np.array_equal(extract(data.root, data.tiles, encoder, cache), first)
    assert network.seen == 64


def test_missing_tiles_are_counted_without_reading_any(data: Manifest, tmp_path: Path) -> None:
    encoder, _ = make_fake_encoder()
    contents = {tile.content for tile in data.tiles}
    assert count_missing(contents, encoder, tmp_path / "cache") == len(contents) == 150
    extract(data.root, data.tiles[:60], encoder, tmp_path / "cache")
    assert count_missing(contents, encoder, tmp_path / "cache") == 90
    assert count_missing(contents, encoder, tmp_path / "cache", view=1) == 150
    assert count_missing([], encoder, tmp_path / "cache") == 0


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize("is_kept", [True, False])
def test_blocks_are_the_features_in_order(
    data: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, is_kept: bool
) -> None:
    monkeypatch.setattr(feature_store, "BLOCK", block)
    tiles = [*data.tiles[:50], *data.tiles[:5], *data.tiles[140:]]
    expected = extract(data.root, tiles, make_fake_encoder()[0], tmp_path / "whole")
    encoder, network = make_fake_encoder()
    steps: list[tuple[int, int]] = []
    options = Extraction(lambda stage, done, total: steps.append((done, total)), is_kept=is_kept)
    blocks = stream(data.root, tiles, encoder, tmp_path / "cache", options)
    pieces = [(start, features.copy()) for start, features in blocks]
    assert [start for start, _ in pieces] == list(range(0, 65, block))
    assert np.allclose(np.concatenate([piece for _, piece in pieces]), expected, atol=1e-6)
    assert steps[0] == (0, 60) and steps[-1] == (60, 60)
    assert all(a[0] <= b[0] for a, b in itertools.pairwise(steps))
    assert sum(options.engines.values()) == 65
    assert network.seen >= 60 and (network.seen == 60 or not is_kept)
    assert count_missing({tile.content for tile in tiles}, encoder, tmp_path / "cache") == (
        0 if is_kept else 60
    )


def test_what_encoded_is_told(data: Manifest, tmp_path: Path) -> None:
    engines: Counter[str] = Counter()
    for _ in range(2):
        extract(data.root, data.tiles[:6], make_fake_encoder()[0], tmp_path / "c", engines=engines)
    (label,) = engines
    assert label.startswith("torch ") and engines[label] == 12


def test_a_file_that_is_gone_is_named(data: Manifest, tmp_path: Path) -> None:
    (data.root / data.tiles[7].path).unlink()
    with pytest.raises(DataError, match=data.tiles[7].path):
        extract(data.root, data.tiles, make_fake_encoder()[0], tmp_path / "cache")


def test_a_file_that_changed_is_named_and_not_cached(data: Manifest, tmp_path: Path) -> None:
    shutil.copy(data.root / data.tiles[8].path, data.root / data.tiles[7].path)
    with pytest.raises(DataError, match=f"{data.tiles[7].path} was changed"):
        extract(data.root, data.tiles[7:8], make_fake_encoder()[0], tmp_path / "cache")
    assert not segments_of(tmp_path / "cache")


def test_an_image_that_cannot_be_decoded_is_named(data: Manifest, tmp_path: Path) -> None:
    (data.root / "text.jpg").write_bytes(b"text")
    bad = replace(
        data.tiles[0], id="text.jpg", path="text.jpg", content=hashlib.sha256(b"text").hexdigest()
    )
    with pytest.raises(DataError, match=r"text\.jpg is not an image"):
        extract(data.root, [bad], make_fake_encoder()[0], tmp_path / "cache")


def test_no_tiles_give_no_features(tmp_path: Path) -> None:
    assert extract(tmp_path, [], make_fake_encoder()[0], tmp_path / "cache").shape == (0, 48)
