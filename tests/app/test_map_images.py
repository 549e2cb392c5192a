"""Pixels of strips on the map: what the browser asks for, what it is sent, on a page."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from virtual_archives import cut_virtually, write_raster

from mirs_core.landform_map.strip_pixels import MapWindow
from mirs_core.pipeline.indexing import index
from mirs_core.workspace.home import Home
from pages.components.mars_map.mars_images import webp, window_of
from pages.map import planet, strip_images

PART = {"view": "global", "edges": [67.3, 16.99, 67.5, 16.8], "size": [60, 40]}


def test_what_a_browser_asks_for_is_checked() -> None:
    assert window_of(PART) == MapWindow("global", 67.3, 16.99, 67.5, 16.8, 60, 40)
    for wrong in (
        None, [], {}, {**PART, "view": 3}, {**PART, "view": "mars"}, {**PART, "edges": [1, 2, 3]},
        {**PART, "edges": [1, 2, 3, "4"]}, {**PART, "edges": [1, True, 3, 0]},
        {**PART, "edges": [0, 1, float("nan"), 0]}, {**PART, "edges": [0, 10**400, 1, 0]},
        {**PART, "size": [60]}, {**PART, "size": [60.0, 40]}, {**PART, "size": [0, 40]},
        {**PART, "size": [2000, 2000]}, {**PART, "size": [True, 1]},
    ):  # fmt: skip
        assert window_of(wrong) is None, wrong


def test_a_picture_is_transparent_where_no_strip_is() -> None:
    picture = np.full((20, 30, 3), 90, np.uint8)
    shown = np.zeros((20, 30), bool)
    assert webp(picture, shown) == ""
    shown[:, :10] = True
    kind, _, data = webp(picture, shown).partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        pixels = np.asarray(image.convert("RGBA"))
    assert pixels.shape == (20, 30, 4)
    assert (pixels[..., 3] == np.where(shown, 255, 0)).all()
    assert np.abs(pixels[..., 0][shown].astype(int) - 90).max() < 8


def test_a_page_with_strips_answers_with_their_pixels(
    home: Home, start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_virtually(write_raster(tmp_path / "S.tif"), tmp_path / "tiles")
    run = index(home, "demo-mirs", tmp_path / "tiles").id
    asked: dict[str, Any] = {}

    def images(key: str, subject: str, look: Any) -> None:
        asked["subject"], asked["pixels"] = subject, look(window_of(PART))

    def mars_map(key: str, content: Any, actions: Any) -> None:
        asked["content"] = content

    monkeypatch.setattr(planet, "mars_map", mars_map)
    monkeypatch.setattr(strip_images, "images", images)
    app = start(models=run)
    app.switch_page("pages/map/map.py").run()
    assert not app.exception
    assert asked["content"].images == asked["subject"] != ""
    picture, shown = asked["pixels"]
    assert picture.shape == (40, 60, 3) and shown.any() and not shown.all()
    next(one for one in app.selectbox if one.label == "Strip").set_value("S").run()
    next(one for one in app.selectbox if one.label == "Similarity map").set_value(run).run()
    assert not app.exception
    layer = asked["content"].similarity
    assert layer is not None and "footprints" in layer.note and np.isfinite(layer.values).any()
