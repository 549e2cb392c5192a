"""The picture of a landform map, pixel by pixel."""

import dataclasses
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mirs_core.datasets.images import read_image
from mirs_core.datasets.strips.strip_list import Strip
from mirs_core.exchange.exports.strip_picture import TINTS, picture
from mirs_core.landform_map import CLOSE, FAR, SURE
from mirs_core.mars.landforms import describe

STRIP = Strip(
    name="S", file="s.tif", content="", crs="", transform=(6.0, 0.0, 0.0, 0.0, -6.0, 0.0),
    width=96, height=64, side=32, stride=32, max_nodata=0.05, min_contrast=2.0, nodata="",
    stretch=None, outline=(), metres_per_pixel=6.0,
)  # fmt: skip


def drawn(tmp_path: Path, strip: Strip, states: list[str], grey: int = 100) -> Any:
    """The picture of tiles in the upper row, one a state, all of class cra; at half the scale."""
    ids = [f"S/S_X{column * strip.stride:06d}_Y000000.png" for column in range(len(states))]
    (tmp_path / "S").mkdir(exist_ok=True)
    for tile in ids:
        Image.fromarray(np.full((32, 32), grey, np.uint8)).save(tmp_path / tile)
    searcher = SimpleNamespace(
        items=SimpleNamespace(ids=[*ids, "elsewhere.png"]),
        files=SimpleNamespace(pixels=lambda tile: read_image(tmp_path / tile)),
    )
    votes = SimpleNamespace(winner=np.zeros(len(states) + 1, dtype=int))
    found = SimpleNamespace(
        rows=np.arange(len(states) + 1), classes=("cra",), states=(*states, SURE), votes=votes
    )
    data = picture(searcher, found, strip, side=48)  # type: ignore[arg-type]
    return np.asarray(Image.open(io.BytesIO(data)))


def mixed(grey: int, share: float) -> tuple[int, ...]:
    colour = describe("cra").colour
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return tuple(round(grey * (1 - share) + part * share) for part in parts)


def test_tiles_stand_where_they_were_cut_in_the_strength_of_their_estimate(tmp_path: Path) -> None:
    pixels = drawn(tmp_path, STRIP, [SURE, CLOSE, FAR])
    assert pixels.shape == (32, 48, 4)
    for column, state in enumerate((SURE, CLOSE, FAR)):
        inside = pixels[:16, column * 16 : (column + 1) * 16]
        assert np.abs(inside[..., :3].astype(int) - mixed(100, TINTS.get(state, 0))).max() <= 1
        assert (inside[..., 3] == 255).all()
    assert (pixels[16:, :, 3] == 0).all(), "no tile, no picture"


def test_of_tiles_that_overlap_each_has_its_middle(tmp_path: Path) -> None:
    strip = dataclasses.replace(STRIP, stride=16, width=64, height=32)
    pixels = drawn(tmp_path, strip, [SURE, FAR])
    # 64 pixels on 48: tiles of 24 that begin at 0 and 12, each with its middle half.
    assert (pixels[:, :6, 3] == 0).all() and (pixels[:, 30:, 3] == 0).all()
    first, second = pixels[12, 12], pixels[12, 24]
    assert tuple(second[:3]) == (100, 100, 100) and tuple(first[:3]) != (100, 100, 100)


def test_a_tile_whose_file_is_gone_is_grey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mirs_core.exchange.exports import strip_picture

    monkeypatch.setattr(strip_picture, "_MOST_IMAGES", 0)
    pixels = drawn(tmp_path, STRIP, [FAR], grey=30)
    assert tuple(pixels[8, 8, :3]) == (150, 150, 150)


def test_a_long_strip_keeps_a_width_that_can_be_seen(tmp_path: Path) -> None:
    from mirs_core.exchange.exports.strip_picture import LEAST, SIDE

    def size(width: int, height: int) -> tuple[int, int]:
        strip = dataclasses.replace(STRIP, width=width, height=height)
        searcher = SimpleNamespace(items=SimpleNamespace(ids=[]))
        found = SimpleNamespace(rows=np.arange(0))
        data = picture(searcher, found, strip)  # type: ignore[arg-type]
        return Image.open(io.BytesIO(data)).size

    assert size(4000, 5000) == (960, SIDE) and size(500, 5000) == (LEAST, 3000)
