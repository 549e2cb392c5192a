"""Several views of a tile as one row of features: encoded together, cached view by view."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fakes import make_fake_encoder, stripes, write_dataset

from mirs_core.datasets.manifest import Manifest, scan
from mirs_core.datasets.views import view_of
from mirs_core.encoders.feature_store import count_missing, encode_one, extract


@pytest.fixture
def data(tmp_path: Path) -> Manifest:
    return scan(write_dataset(tmp_path / "tiles", 7), tmp_path / "scan.arrow")


@pytest.mark.parametrize("views", [1, 4, 8])
def test_the_features_of_an_image_are_those_of_its_views_in_a_row(views: int) -> None:
    encoder, image = make_fake_encoder()[0], stripes(1)
    each = [encode_one(view_of(image, view), encoder) for view in range(views)]
    turned = encoder.turned(views)
    assert turned.width == views * encoder.dim and turned.dim == encoder.dim
    assert np.allclose(encode_one(image, turned), np.concatenate(each), atol=1e-6)
    assert (encoder.views == 1 and turned.plain is encoder) or views == 1


def test_the_network_and_its_engine_are_shared() -> None:
    encoder, network = make_fake_encoder()
    turned = encoder.turned(4)
    assert turned.turned(1) is not turned and turned.turned(1).views == 1
    assert turned.turned(8).plain is encoder
    assert turned.load() is encoder.load() is network
    assert turned.engine() is encoder.engine()


def test_views_are_cached_where_trainings_look_for_them(tmp_path: Path, data: Manifest) -> None:
    cache, (encoder, network) = tmp_path / "cache", make_fake_encoder()
    engines: Counter[str] = Counter()
    rows = extract(data.root, data.tiles, encoder.turned(4), cache, batch_size=2, engines=engines)
    assert network.seen == 4 * 7 and engines.total() == 7
    for view in range(4):
        alone = extract(data.root, data.tiles, encoder, cache, view=view)
        assert np.array_equal(rows[:, view * 48 : (view + 1) * 48], alone)
    again = Counter[str]()
    assert np.array_equal(
        extract(data.root, data.tiles, encoder.turned(4), cache, engines=again), rows
    )
    assert network.seen == 4 * 7 and again == engines
    # Of eight views four are there: the tile is encoded again, and nothing is stored twice.
    contents = list(data.tiles.contents)
    assert count_missing(contents, encoder.turned(8), cache) == 7
    assert count_missing(contents, encoder.turned(4), cache) == 0
    extract(data.root, data.tiles, encoder.turned(8), cache)
    assert network.seen == 12 * 7
    folders = [path for path in cache.iterdir() if path.is_dir()]
    assert len(folders) == 8
    names = [path.name for folder in folders for path in folder.glob("*.safetensors")]
    assert sum(int(name.split("-")[0]) for name in names) == 8 * 7


def test_a_tile_of_which_one_view_is_missing_is_encoded(tmp_path: Path, data: Manifest) -> None:
    cache, (encoder, network) = tmp_path / "cache", make_fake_encoder()
    fresh = extract(data.root, data.tiles, encoder.turned(4), tmp_path / "fresh")
    for view in (0, 1, 3):
        extract(data.root, data.tiles, encoder, cache, view=view)
    extract(data.root, data.tiles[:5], encoder, cache, view=2)
    network.seen = 0
    rows = extract(data.root, data.tiles, encoder.turned(4), cache)
    assert network.seen == 2 * 4
    assert np.allclose(rows, fresh, atol=1e-6)
