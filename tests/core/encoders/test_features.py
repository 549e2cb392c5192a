"""Extraction: right features in the right order, and no tile encoded twice, whatever happens."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, MakeDataset, make_fake_encoder
from PIL import Image

from mirs_core.datasets.images import read_image
from mirs_core.datasets.manifest import Manifest, scan
from mirs_core.encoders.feature_store import encode_one, extract
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
    extract(folder, data.tiles, make_fake_encoder()[0], tmp_path / "cache")
    for index in (tmp_path / "cache").rglob("*.json"):
        about = json.loads(index.read_text())
        del about["reader"]
        index.write_text(json.dumps(about))
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


@pytest.mark.parametrize(
    "damage", ["cut", "garbage", "swapped", "no array", "bad json", "wrong dim"]
)
def test_a_damaged_shard_is_encoded_again(data: Manifest, tmp_path: Path, damage: str) -> None:
    encoder, network = make_fake_encoder()
    cache = tmp_path / "cache"
    first = extract(data.root, data.tiles, encoder, cache)
    index = sorted(cache.rglob("*.json"))[0]
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
    else:
        np.save(array, np.zeros((3, 2), np.float32))
    with pytest.warns(UserWarning, match="damaged part of the feature cache"):
        assert np.array_equal(extract(data.root, data.tiles, encoder, cache), first)
    assert 150 < network.seen < 300
    seen = network.seen
    extract(data.root, data.tiles, encoder, cache)
    assert network.seen == seen


def test_a_shard_without_its_index_does_not_count(data: Manifest, tmp_path: Path) -> None:
    encoder, network = make_fake_encoder()
    extract(data.root, data.tiles[:5], encoder, tmp_path / "cache")
    next((tmp_path / "cache").rglob("*.json")).unlink()
    extract(data.root, data.tiles[:5], encoder, tmp_path / "cache")
    assert network.seen == 10


def test_a_file_that_is_gone_is_named(data: Manifest, tmp_path: Path) -> None:
    (data.root / data.tiles[7].path).unlink()
    with pytest.raises(DataError, match=data.tiles[7].path):
        extract(data.root, data.tiles, make_fake_encoder()[0], tmp_path / "cache")


def test_a_file_that_changed_is_named_and_not_cached(data: Manifest, tmp_path: Path) -> None:
    shutil.copy(data.root / data.tiles[8].path, data.root / data.tiles[7].path)
    with pytest.raises(DataError, match=f"{data.tiles[7].path} was changed"):
        extract(data.root, data.tiles[7:8], make_fake_encoder()[0], tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_an_image_that_cannot_be_decoded_is_named(data: Manifest, tmp_path: Path) -> None:
    import hashlib

    (data.root / "text.jpg").write_bytes(b"text")
    bad = replace(data.tiles[0], path="text.jpg", content=hashlib.sha256(b"text").hexdigest())
    with pytest.raises(DataError, match=r"text\.jpg is not an image"):
        extract(data.root, [bad], make_fake_encoder()[0], tmp_path / "cache")


def test_no_tiles_give_no_features(tmp_path: Path) -> None:
    assert extract(tmp_path, [], make_fake_encoder()[0], tmp_path / "cache").shape == (0, 48)
