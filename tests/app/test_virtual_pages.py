"""The app on virtual tiles: pictures come from the raster, and a raster that changes is noticed."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from virtual_archives import cut_virtually, window, write_raster

from mirs_core.datasets.registry import known_data_sets
from mirs_core.pipeline.indexing import index
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.shared import loaders


@pytest.fixture
def searcher(home: Home, tmp_path: Path) -> Searcher:
    """An archive of 30 virtual tiles of ``S.tif``."""
    cut_virtually(write_raster(tmp_path / "S.tif"), tmp_path / "tiles")
    return Searcher.open(home, index(home, "demo-mirs", tmp_path / "tiles").id)


def pixels_of(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float)


def html(app: Any) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def test_a_search_shows_windows_of_the_raster(
    searcher: Searcher, start: Any, tmp_path: Path
) -> None:
    tile = searcher.items.ids[0]
    app = start(tile=tile, models=searcher.summary.id)
    assert not app.exception and "Changed" not in html(app) and "missing" not in html(app)
    assert "data:image/jpeg" in html(app)
    pictures = loaders.thumbnails(searcher, searcher.items.ids[:5])
    for shown, picture in pictures.items():
        difference = np.abs(pixels_of(picture.uri) - window(tmp_path / "S.tif", shown))
        assert difference.mean() < 12, "JPEG changes noise a little"
    assert loaders.tile_size(searcher, tile) == (32, 32)
    # The raster is replaced while the app is open.
    before = pictures[tile]
    write_raster(tmp_path / "S.tif", seed=1)
    app.run()
    assert not app.exception
    assert "The raster has changed since it was archived" in html(app)
    labels = [button.label for button in app.button]
    assert "Search with new picture" in labels and "Re-encode" not in labels
    after = loaders.thumbnails(searcher, [tile])[tile]
    assert after.uri != before.uri and "Changed" in str(after)
    (tmp_path / "S.tif").unlink()
    app.run()
    assert not app.exception and "Raster missing" in html(app)


@pytest.mark.parametrize("page", ["pages/map/map.py", "pages/space/space.py", "pages/data/data.py"])
def test_other_pages_open_on_virtual_tiles(searcher: Searcher, start: Any, page: str) -> None:
    app = start(tile=searcher.items.ids[0], models=searcher.summary.id)
    app.switch_page(page).run()
    assert not app.exception and not app.error


def test_samples_of_a_data_set_are_windows(home: Home, searcher: Searcher) -> None:
    (data_set,) = [data for data in known_data_sets(home) if data.root == searcher.root]
    assert (data_set.tiles, data_set.placed) == (30, 30)
    assert len(loaders.sample_tiles(data_set, 6)) == 6
