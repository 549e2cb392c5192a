"""The basemap: its polar maps show what the global one does, without seams."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mirs_core.mars.basemap import EDGE, make, mixed, seen_from_pole
from mirs_core.mars.geography import polar

KEPT = Path(__file__).resolve().parents[3] / "assets" / "mars"


def planet() -> np.ndarray:
    """Grey by place: bright to the north, and a wave along the longitude."""
    rows, columns = np.mgrid[0:180, 0:360] + 0.5
    return (128 + (90 - rows) + 30 * np.cos(np.radians(columns))).astype(np.uint8)


@pytest.mark.parametrize("north", [True, False])
def test_a_polar_map_shows_each_place_where_it_is(north: bool) -> None:
    side, sign = 256, 1 if north else -1
    found = seen_from_pole(planet(), side, north=north)
    reach = float(polar(sign * EDGE, 90.0, north=north)[0])
    for latitude in (57, 70, 84):
        for longitude in (2, 95, 181, 300, 359):
            x, y = polar(sign * latitude, longitude, north=north)
            column, row = ((v / reach + 1) / 2 * side - 0.5 for v in (float(x), -float(y)))
            expected = 128 + sign * latitude + 30 * np.cos(np.radians(longitude))
            assert abs(float(found[round(row), round(column)]) - expected) < 4


def test_the_seam_at_180_is_mended() -> None:
    flat = np.full((4, 20, 3), 100, dtype=np.uint8)
    flat[:, 9:11] = 60
    assert (mixed(flat) == 100).all()


def test_three_files_are_made(tmp_path: Path) -> None:
    Image.fromarray(np.stack([planet()] * 3, axis=-1)).save(tmp_path / "mars.png")
    made = make(tmp_path / "mars.png", tmp_path, side=64)
    with_sizes = {}
    for path in made:
        with Image.open(path) as image:
            with_sizes[path.name] = (image.size, image.mode)
    assert with_sizes == {
        "global.jpg": ((360, 180), "L"),
        "north.jpg": ((64, 64), "L"),
        "south.jpg": ((64, 64), "L"),
    }


def test_the_kept_maps_are_those_that_the_readme_makes() -> None:
    with Image.open(KEPT / "global.jpg") as opened:
        whole = np.asarray(opened)
    assert whole.shape == (1024, 2048)
    for name in ("north", "south"):
        with Image.open(KEPT / f"{name}.jpg") as opened:
            kept = np.asarray(opened).astype(float)
        again = seen_from_pole(whole, len(kept), north=name == "north").astype(float)
        assert np.abs(kept - again).mean() < 3, name
