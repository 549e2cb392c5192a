"""Undeclared fill values: any that lie along the edge, far from all others; several at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio import Affine

from mirs_core.datasets.images import read_image
from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.raster import open_strip

SIDE = 96
SCENE = np.random.default_rng(0).integers(100, 4000, (SIDE, SIDE))
FILLS = {
    "int16": (32767, -9999, -20000),
    "uint16": (60000,),
    "int32": (-2147483648, 2147483647, -99999),
    "uint32": (4294967295,),
    "float32": (-1e32, 1e20, -99999.0, 65535.0, -3.4e37),
    "float64": (9.96921e36, -99999.0),
}
PAIRS = [(kind, fill) for kind, fills in FILLS.items() for fill in fills]


def write(path: Path, values: np.ndarray, **options: Any) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[2], height=values.shape[1],
        count=len(values), dtype=values.dtype, crs="IAU_2015:49910",
        transform=Affine(6, 0, 0, 0, -6, 0), **options,
    ) as out:  # fmt: skip
        out.write(values)
    return path


def stretched(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    low, high = np.percentile(values[..., valid], (0.5, 99.5))
    grey = np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255)
    grey[..., ~valid] = 0
    return grey[0] if len(grey) == 1 else np.moveaxis(grey, 0, -1)


def check(path: Path, values: np.ndarray, valid: np.ndarray) -> tuple[str, ...]:
    """Asserts the pixels of both readers; what the strip says of its edge."""
    pixels = read_image(path)
    with open_strip(path) as raster:
        survey = raster.survey()
        strip, is_there = raster.read(0, 0, SIDE, SIDE, survey.stretch)
        warnings = raster.edge_warnings
    assert np.array_equal(pixels, strip) and np.array_equal(is_there, valid)
    assert np.abs(pixels - stretched(values, valid)).max() <= 1
    return warnings


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize(("kind", "fill"), PAIRS)
def test_any_value_far_from_all_others_is_fill(
    kind: str, fill: float, bands: int, tmp_path: Path
) -> None:
    values = np.stack([np.roll(SCENE, band, 1) for band in range(bands)]).astype(kind)
    valid = np.ones((SIDE, SIDE), bool)
    valid[:, :20] = valid[70:, 60:] = False
    values[:, ~valid] = fill
    (warning,) = check(write(tmp_path / "a.tif", values), values, valid)
    assert f"value {float(np.array(fill, kind)):.10g} along its edge" in warning


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [("float32", 0, -9999), ("int16", 0, -9999), ("int16", -9999, 32767), ("float32", -1e32, 0)],
)
def test_several_fills_are_all_missing(
    kind: str, first: float, second: float, tmp_path: Path
) -> None:
    values = SCENE[None].astype(kind) + (0.25 if kind == "float32" else 0)
    values[:, :, :25], values[:, :20] = first, second
    valid = np.ones((SIDE, SIDE), bool)
    valid[:, :25] = valid[:20] = False
    (warning,) = check(write(tmp_path / "a.tif", values), values, valid)
    assert "has the values" in warning and " and " in warning


def test_another_fill_than_the_declared_one_is_missing_too(tmp_path: Path) -> None:
    values = SCENE[None].astype("uint16")
    values[:, :20], values[:, 80:] = 0, 65535
    valid = np.ones((SIDE, SIDE), bool)
    valid[:20] = valid[80:] = False
    (warning,) = check(write(tmp_path / "a.tif", values, nodata=0), values, valid)
    assert "65535" in warning
    result = cut_strip(tmp_path / "a.tif", tmp_path / "out", CutSettings(size=32))
    assert warning in result.warnings


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("value", [4100, 5000, 99])
def test_flat_ground_at_the_edge_within_the_range_of_others_is_kept(
    value: int, kind: str, tmp_path: Path
) -> None:
    values = SCENE[None].astype(kind)
    values[:, :20] = value
    assert not check(write(tmp_path / "a.tif", values), values, np.ones((SIDE, SIDE), bool))


def test_fill_of_a_deep_png(tmp_path: Path) -> None:
    values = SCENE.astype(np.uint16)
    values[:30], values[80:] = 0, 65535
    valid = (values > 0) & (values < 65535)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert np.abs(read_image(tmp_path / "a.png") - stretched(values[None], valid)).max() <= 1
