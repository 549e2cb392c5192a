"""Strips cut into tiles: true coordinates, honest refusals, little memory, nothing done twice."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import rasterio.warp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.enums import ColorInterp

from mirs_core import cli
from mirs_core.datasets.bands import Bands
from mirs_core.datasets.card import read_card
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.strips import CutSettings, StripDetails, cut_strip, cutting, image_tiles
from mirs_core.datasets.strips.grid import stride_of, tile_count, windows
from mirs_core.datasets.strips.raster import StripRaster, content_of
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.datasets.tile_table import read_table
from mirs_core.errors import DataError, ImageError, RunError, StoppedError
from mirs_core.landform_map.footprints import footprints, strip_outlines
from mirs_core.system.processes import lock_if_free

SMALL = CutSettings(size=32)
RADIUS = 3_396_190.0
EQUIRECTANGULAR = "IAU_2015:49910"


def noise(height: int = 160, width: int = 192, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 230, (1, height, width)).astype(np.uint8)


def write(path: Path, bands: np.ndarray, crs: Any = EQUIRECTANGULAR, metres: float = 6.0,
          corner: tuple[float, float] = (-600.0, 480.0), **more: Any) -> Path:  # fmt: skip
    count, height, width = bands.shape
    given = {
        "transform": Affine(metres, 0, corner[0], 0, -metres, corner[1]), "tiled": True,
        "blockxsize": 64, "blockysize": 64, "crs": crs, **more,
    }  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count, dtype=bands.dtype,
        **given,
    ) as out:  # fmt: skip
        out.write(bands)
    return path


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places (longitude, latitude) on the sphere."""
    east, north = np.radians([one[0], other[0]]), np.radians([one[1], other[1]])
    a = (
        math.sin((north[1] - north[0]) / 2) ** 2
        + math.cos(north[0]) * math.cos(north[1]) * math.sin((east[1] - east[0]) / 2) ** 2
    )
    return 2 * RADIUS * math.asin(math.sqrt(a))


@pytest.mark.parametrize(
    ("crs", "corner", "metres"),
    [
        ("IAU_2015:49910", (4_000_000.0, -270_000.0), 6.0),
        ("IAU_2015:49910", (-1000.0, 480.0), 6.0),  # both sides of the meridian 0
        ("IAU_2015:49910", (10_660_000.0, 300_000.0), 60.0),  # beyond 180 degrees
        ("IAU_2015:49915", (-2_400_000.0, 1_200_000.0), 6.0),
        ("IAU_2015:49930", (-700_000.0, 300_000.0), 6.0),
        ("IAU_2015:49930", (-600.0, 480.0), 6.0),  # over the pole itself
        ("IAU_2015:49935", (200_000.0, 200_480.0), 25.0),
        ("IAU_2015:49900", (359.9, 45.0), 0.0015),
        # As HiRISE projects: to its own latitude, from a sphere of the radius there.
        ("+proj=eqc +lat_ts=-5 +lon_0=180 +R=3396036 +units=m", (-2e6, -300_000.0), 0.5),
        ("+proj=stere +lat_0=90 +lon_0=0 +R=3376200 +units=m", (90_000.0, 40_000.0), 0.5),
    ],
)
def test_centres_agree_with_gdal_to_a_metre(
    crs: str, corner: tuple[float, float], metres: float, tmp_path: Path
) -> None:
    path = write(tmp_path / "strip.tif", noise(256, 256), crs, metres, corner)
    cut_strip(path, tmp_path / "out", SMALL)
    records = list(read_table(tmp_path / "out").values())
    assert len(records) >= 50
    with rasterio.open(path) as raster:
        for record in records:
            column, row = (int(word[1:]) for word in Path(record.path).stem.split("_")[-2:])
            x, y = raster.transform @ (column + 16, row + 16)
            (east,), (north,) = rasterio.warp.transform(raster.crs, "IAU_2015:49900", [x], [y])
            assert record.longitude is not None and record.latitude is not None
            assert 0 <= record.longitude < 360
            assert apart((record.longitude, record.latitude), (east, north)) < 0.01
    rings = footprints(tmp_path / "out")
    assert set(rings) == {record.path for record in records}


def test_planetographic_latitudes_become_planetocentric(tmp_path: Path) -> None:
    wkt = CRS.from_proj4("+proj=stere +lat_0=90 +a=3396190 +b=3376200 +units=m").to_wkt()
    path = write(tmp_path / "strip.tif", noise(), wkt, 6.0, (-1_500_000.0, 900_000.0))
    cut_strip(path, tmp_path / "out", SMALL)
    to_degrees = Transformer.from_crs(wkt, CRS.from_wkt(wkt).geodetic_crs, always_xy=True)
    for record in read_table(tmp_path / "out").values():
        column, row = (int(word[1:]) for word in Path(record.path).stem.split("_")[-2:])
        x, y = -1_500_000 + 6 * (column + 16), 900_000 - 6 * (row + 16)
        east, graphic = np.radians(to_degrees.transform(x, y))
        # A point on the ellipsoid, and the angle under which its centre sees it.
        e2 = 1 - (3376200 / 3396190) ** 2
        n = 3396190 / math.sqrt(1 - e2 * math.sin(graphic) ** 2)
        centric = math.atan2(n * (1 - e2) * math.sin(graphic), n * math.cos(graphic))
        assert record.latitude == pytest.approx(math.degrees(centric), abs=1e-8)
        assert record.longitude == pytest.approx(math.degrees(east) % 360, abs=1e-8)
        assert abs(record.latitude - math.degrees(graphic)) > 0.1


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (None, "no coordinate system"),
        ("EPSG:32633", "Earth"),
        ("EPSG:4326", "Earth"),
        ("IAU_2015:30110", "not Mars"),
        ("IAU_2015:19910", "not Mars"),
        ('LOCAL_CS["paper",UNIT["metre",1]]', "is not one of Mars"),
    ],
)
def test_other_places_than_mars_are_refused(crs: Any, words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "strip.tif", noise(), crs, 0.001, (10.0, 10.0))
    with pytest.raises(DataError, match=words):
        cut_strip(path, tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (Affine(6, 0, 0, 0, -6, 9e6), "outside its map projection"),
        (Affine(6, 6, 0, 3, 3, 0), "no area"),
        (Affine(6, 0, 0, 0, -600, 0), "much longer than wide.*gdalwarp"),
    ],
)
def test_rasters_that_do_not_lie_straight_on_mars_are_refused(
    transform: Affine, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "strip.tif", noise(), transform=transform)
    with pytest.raises(DataError, match=words):
        cut_strip(path, tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


def tiles_of(root: Path) -> dict[tuple[int, int], np.ndarray]:
    found = {}
    for path in root.glob("*/*.png"):
        column, row = (int(word[1:]) for word in path.stem.split("_")[-2:])
        found[column, row] = np.asarray(Image.open(path))
    return found


def test_eight_bits_stay_as_they_are(tmp_path: Path) -> None:
    values = noise(170, 200)
    made = cut_strip(write(tmp_path / "strip.tif", values), tmp_path / "out", SMALL)
    found = tiles_of(tmp_path / "out")
    assert set(found) == {(x, y) for x in range(0, 192, 32) for y in range(0, 160, 32)}
    for (column, row), pixels in found.items():
        assert (pixels == values[0, row : row + 32, column : column + 32]).all()
    assert made.strip.tiles == len(found) and made.strip.stretch is None


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("uint16", 600, 4095), ("uint16", 6000, 60_000), ("int16", -3000, 9000), ("float32", 0.01, 1)],
)
def test_one_stretch_for_the_whole_strip(
    kind: str, low: float, high: float, tmp_path: Path
) -> None:
    ramp = np.linspace(low, high, 192)[None, None].repeat(160, axis=1)
    values = (ramp + np.random.default_rng(0).normal(0, (high - low) / 50, ramp.shape)).astype(kind)
    made = cut_strip(write(tmp_path / "strip.tif", values), tmp_path / "out", SMALL)
    assert made.strip.stretch is not None
    dark, bright = np.percentile(values, (0.5, 99.5))
    assert made.strip.stretch == pytest.approx((dark, bright), rel=1e-6)
    found = tiles_of(tmp_path / "out")
    for (column, row), pixels in found.items():
        window = values[0, row : row + 32, column : column + 32].astype(float)
        slow = np.clip(np.rint((window - dark) / (bright - dark) * 255), 0, 255)
        assert np.abs(pixels - slow).max() <= 1
    # Were each tile stretched by itself, all of them would have the same mean.
    assert found[160, 0].mean() - found[0, 0].mean() > 150


def holes(kind: str, missing: float) -> np.ndarray:
    """Noise of which the upper left tile is missing, 5 % of the second, 40 % of the third."""
    values = noise().astype(kind)
    values[0, :32, :32] = missing
    values[0, :32, 32:33] = missing
    values[0, :32, 64:77] = missing
    return values


@pytest.mark.parametrize(
    ("kind", "missing", "more"),
    [
        ("uint16", 7, {"nodata": 7}),
        ("uint8", 0, {}),
        ("uint16", 0, {}),
        ("int16", -32768, {}),
        ("int16", -32765, {"nodata": -1}),
        ("float32", np.nan, {}),
        ("float32", np.nan, {"nodata": np.nan}),
        ("float32", -9999, {"nodata": -9999}),
        ("float32", np.inf, {}),
        ("float32", float(np.float32(-3.4028226550889045e38)), {}),
    ],
)
def test_missing_pixels_are_known(
    kind: str, missing: float, more: dict[str, Any], tmp_path: Path
) -> None:
    path = write(tmp_path / "strip.tif", holes(kind, missing), **more)
    made = cut_strip(path, tmp_path / "out", SMALL)
    found = tiles_of(tmp_path / "out")
    assert made.strip.without_data == 2
    assert (0, 0) not in found and (64, 0) not in found
    assert (found[32, 0][:, 0] == 0).all() and found[32, 0][:, 1:].mean() > 90


@pytest.mark.parametrize("bands", [1, 3])
def test_alpha_and_masks_mark_missing_pixels(bands: int, tmp_path: Path) -> None:
    values = np.concatenate([noise(seed=seed) for seed in range(bands)])
    alpha = np.full_like(values[:1], 255)
    alpha[0, :32, :32] = 0
    path = write(tmp_path / "strip.tif", np.concatenate([values, alpha]))
    with rasterio.open(path, "r+") as out:
        colours = [ColorInterp.red, ColorInterp.green, ColorInterp.blue][:bands]
        out.colorinterp = [*(colours if bands == 3 else [ColorInterp.gray]), ColorInterp.alpha]
    made = cut_strip(path, tmp_path / "out", SMALL)
    found = tiles_of(tmp_path / "out")
    assert made.strip.without_data == 1 and (0, 0) not in found
    expected = values[0, :32, 32:64] if bands == 1 else np.moveaxis(values[:, :32, 32:64], 0, -1)
    assert (found[32, 0] == expected).all()
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(tmp_path / "masked.tif", values)
        with rasterio.open(path, "r+") as out:
            out.write_mask(alpha[0])
    made = cut_strip(path, tmp_path / "masked", SMALL)
    assert made.strip.without_data == 1


def test_flat_tiles_are_left_out(tmp_path: Path) -> None:
    values = noise()
    values[0, 32:64, 32:64] = 90
    values[0, 32:64, 64:96] = 90 + np.arange(32) % 4  # a standard deviation of 1.1
    path = write(tmp_path / "strip.tif", values)
    made = cut_strip(path, tmp_path / "out", SMALL)
    assert made.strip.flat == 2 and not {(32, 32), (64, 32)} & set(tiles_of(tmp_path / "out"))
    made = cut_strip(path, tmp_path / "all", CutSettings(size=32, min_contrast=1.0))
    assert made.strip.flat == 1


def test_metres_and_stride(tmp_path: Path) -> None:
    path = write(tmp_path / "strip.tif", noise(), metres=25.0)
    made = cut_strip(path, tmp_path / "out", CutSettings(metres=1200, stride=24))
    assert made.strip.side == 48 and made.tile_metres == 1200 and made.warnings == ()
    assert set(tiles_of(tmp_path / "out")) == {
        (x, y) for x in range(0, 145, 24) for y in range(0, 113, 24)
    }


def test_unusual_scales_are_warned_of(tmp_path: Path) -> None:
    wide = cut_strip(write(tmp_path / "wide.tif", noise(), metres=100.0), tmp_path / "a", SMALL)
    assert any("3,200 m wide" in one for one in wide.warnings)
    far = write(tmp_path / "far.tif", noise(), metres=37.5, corner=(0.0, 3_800_000.0))
    assert any("distorts shapes" in one for one in cut_strip(far, tmp_path / "b", SMALL).warnings)


@pytest.mark.parametrize(
    "cut",
    [CutSettings(size=8), CutSettings(size=5000), CutSettings(size=32, metres=9),
     CutSettings(metres=0), CutSettings(metres=math.nan), CutSettings(metres=1e12),
     CutSettings(size=32, stride=0), CutSettings(size=32, max_nodata=1), CutSettings(size=193),
     CutSettings(size=32, max_nodata=math.nan), CutSettings(size=32, min_contrast=-1)],
)  # fmt: skip
def test_settings_out_of_range_are_refused(cut: CutSettings, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        cut_strip(write(tmp_path / "strip.tif", noise()), tmp_path / "out", cut)
    assert not (tmp_path / "out").exists()


@settings(deadline=None)
@given(
    st.integers(16, 200), st.integers(16, 200), st.integers(8, 90), st.integers(3, 120),
    st.integers(1, 20_000),
)  # fmt: skip
def test_windows_hold_every_tile_once_and_are_bounded(
    width: int, height: int, side: int, stride: int, most: int
) -> None:
    found = []
    for window in windows(width, height, side, stride, most):
        assert window.width * window.height <= max(most, side * side)
        assert window.column >= 0 and window.column + window.width <= width
        assert window.row >= 0 and window.row + window.height <= height
        for column, row in window.corners:
            assert window.column <= column <= window.column + window.width - side
            assert row == window.row and window.height == side
            found.append((column, row))
    expected = [
        (x, y)
        for y in range(0, height - side + 1, stride)
        for x in range(0, width - side + 1, stride)
    ]
    assert sorted(found) == sorted(expected)
    assert tile_count(width, height, side, stride) == len(expected)


@pytest.mark.parametrize(
    ("side", "overlap", "stride"), [(224, 0, 224), (224, 0.25, 168), (201, 0.5, 100), (1, 0.5, 1)]
)
def test_overlap_of_neighbouring_tiles_sets_the_stride(
    side: int, overlap: float, stride: int
) -> None:
    assert stride_of(side, overlap) == stride


@pytest.mark.parametrize(
    ("metres", "usual"), [(599, False), (600, True), (1_200, True), (2_400, True), (2_401, False)]
)
def test_tiles_within_a_factor_of_two_have_the_usual_size(metres: float, usual: bool) -> None:
    assert cutting.has_usual_size(metres) is usual


def test_no_read_is_larger_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[tuple[int, int]] = []
    whole = Bands.read

    def counted(self: Bands, window: Any, shape: tuple[int, int]) -> Any:
        reads.append(shape)
        return whole(self, window, shape)

    monkeypatch.setattr(Bands, "read", counted)
    monkeypatch.setattr(image_tiles, "MOST_VALUES", 32 * 100)
    made = cut_strip(write(tmp_path / "strip.tif", noise(64, 960)), tmp_path / "out", SMALL)
    assert made.strip.tiles == 2 * 30
    survey, *cuts = reads
    assert max(survey) <= 1024
    assert len(cuts) == 2 * 10 and all(height * width <= 32 * 100 for height, width in cuts)


def stamps(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in root.rglob("*.png")}


def stopping_after(tiles: int) -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        assert (stage, total) == (cutting.STAGE, 30)
        if done >= tiles:
            raise StoppedError("Stopped.")

    return progress


def test_a_second_call_goes_on_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = write(tmp_path / "strip.tif", noise()), tmp_path / "out"
    with pytest.raises(StoppedError):
        cut_strip(path, out, SMALL, progress=stopping_after(12))
    before = stamps(out)
    assert len(before) == 12 and read_table(out) == {} and read_strips(out) == ()
    with pytest.raises(DataError, match="no images"):
        scan(out)
    # What a process that is killed may leave behind.
    (out / ".strip.part" / "tiles" / ".half.png.0123").write_bytes(b"half")
    reads: list[int] = []
    whole = StripRaster.read

    def counted(self: StripRaster, column: int, row: int, *more: Any) -> Any:
        reads.append(row)
        return whole(self, column, row, *more)

    monkeypatch.setattr(StripRaster, "read", counted)
    made = cut_strip(path, out, SMALL)
    assert reads == [64, 96, 128]
    assert (made.resumed, made.strip.tiles) == (12, 30)
    after = stamps(out)
    assert len(after) == 30 and all(after[name] == stamp for name, stamp in before.items())
    assert not [one for one in out.rglob(".*") if one.name != ".strips.lock"]
    again = cut_strip(path, out, SMALL)
    assert (again.resumed, again.strip) == (30, made.strip) and stamps(out) == after


def test_tiles_of_unknown_making_are_not_gone_on_with(tmp_path: Path) -> None:
    path, out = write(tmp_path / "strip.tif", noise()), tmp_path / "out"
    left = out / ".strip.part" / "tiles" / "strip_X000000_Y000000.png"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of other settings")
    assert cut_strip(path, out, SMALL).resumed == 0
    assert scan(out).unreadable == ()


def test_a_process_that_dies_while_it_finishes_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = write(tmp_path / "strip.tif", noise()), tmp_path / "out"
    from mirs_core.datasets.strips import strip_folder

    def dies(*given: object) -> None:
        raise KeyboardInterrupt

    for name in ("write_table", "_write_card", "write_strips"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(strip_folder, name, dies)
            cut_strip(path, out, SMALL)
    made = cut_strip(path, out, SMALL)
    assert (made.resumed, len(scan(out).tiles), len(footprints(out))) == (30, 30, 30)


@pytest.mark.parametrize("stopped", [True, False])
def test_other_settings_or_another_raster_are_refused(stopped: bool, tmp_path: Path) -> None:
    path, out = write(tmp_path / "strip.tif", noise()), tmp_path / "out"
    if stopped:
        with pytest.raises(StoppedError):
            cut_strip(path, out, SMALL, progress=stopping_after(12))
    else:
        cut_strip(path, out, SMALL)
    before = stamps(out)
    for cut in (
        CutSettings(size=40),
        CutSettings(size=32, stride=16),
        CutSettings(size=32, max_nodata=0.5),
    ):
        with pytest.raises(DataError, match="was cut into"):
            cut_strip(path, out, cut)
    write(path, noise(seed=1))
    with pytest.raises(DataError, match="another raster"):
        cut_strip(path, out, SMALL)
    assert stamps(out) == before


def test_several_strips_become_one_data_set(tmp_path: Path) -> None:
    out = tmp_path / "out"
    place = -72 * 59_274.7, 20 * 59_274.7
    ctx = write(tmp_path / "P03_002287_2005_XI_20N072W.tif", noise(), corner=place)
    other = write(tmp_path / "a b.tif", noise(seed=1), "IAU_2015:49935", 12.0)
    words = StripDetails(
        source="https://example.org/x", licence="public domain", credit="NASA/JPL/MSSS"
    )
    cut_strip(ctx, out, SMALL, words)
    assert read_card(out).instrument == "CTX" and read_card(out).metres_per_pixel == 6.0
    assert read_card(out).licence == "public domain"
    cut_strip(other, out, SMALL)
    assert read_card(out).metres_per_pixel is None and read_card(out).instrument == "CTX"
    manifest = scan(out)
    assert len(manifest.tiles) == 60 and manifest.strips == 2 and manifest.unreadable == ()
    assert {tile.place for tile in manifest.tiles} == {"tile"}
    assert {tile.strip for tile in manifest.tiles} == {"P03_002287_2005_XI_20N072W", "a_b"}
    assert set(strip_outlines(out)) == {"P03_002287_2005_XI_20N072W", "a_b"}
    record = read_table(out)[
        "P03_002287_2005_XI_20N072W/P03_002287_2005_XI_20N072W_X000032_Y000064.png"
    ]
    assert (record.source, record.licence, record.credit) == (
        words.source, words.licence, words.credit,
    )  # fmt: skip
    with pytest.raises(DataError, match="choose another name"):
        cut_strip(other, out, SMALL, StripDetails(name="A_B"))


def test_what_is_wrong_with_the_folder_is_said_before_anything_is_cut(tmp_path: Path) -> None:
    path, out = write(tmp_path / "strip.tif", noise()), tmp_path / "out"
    cut_strip(write(tmp_path / "other.tif", noise(seed=1)), out, SMALL)
    before = stamps(out)
    whole = (out / "tiles.csv").read_text()
    (out / "tiles.csv").write_text("path\n../x.png\n")
    with pytest.raises(DataError, match="line 2"):
        cut_strip(path, out, SMALL)
    (out / "tiles.csv").write_text(whole)
    (out / ".strips.lock.strip").mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        cut_strip(path, out, SMALL)
    (out / ".strips.lock.strip").rmdir()
    with lock_if_free(out / ".strips.lock.strip"), pytest.raises(DataError, match="another proc"):
        cut_strip(path, out, SMALL)
    assert stamps(out) == before
    cut_strip(path, out, SMALL)
    assert len(scan(out).tiles) == 60


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "x" * 81, "ä"])
def test_names_that_are_no_folder_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be the name"):
        cut_strip(
            write(tmp_path / "s.tif", noise()), tmp_path / "out", SMALL, StripDetails(name=name)
        )
    assert not (tmp_path / "out").exists()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "s.tif", noise())
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    for root in (mine, mine / "letter.txt"):
        with pytest.raises(DataError):
            cut_strip(path, root, SMALL)
    assert [one.name for one in mine.iterdir()] == ["letter.txt"]


def hostile(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "strip.tif"
    if kind == "text":
        path.write_text("just text")
    elif kind == "vrt":
        path.write_text(
            '<VRTDataset rasterXSize="9" rasterYSize="9"><SRS>IAU_2015:49910</SRS></VRTDataset>'
        )
    elif kind == "stand-in":
        secret = write(tmp_path / "secret.tif", noise())
        with rasterio.open(write(path, noise()), "r+") as out:
            out.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(secret))
    elif kind == "one block":
        write(path, noise(), tiled=False, blockysize=160, compress="deflate")
    else:
        # A COG has its directory first, so that it opens whatever is cut off.
        whole = write(tmp_path / "whole.tif", noise(1600, 1600))
        rasterio.shutil.copy(whole, path, driver="COG", blocksize=128, overviews="NONE")
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * float(kind))])
    return path


@pytest.mark.parametrize("kind", ["text", "vrt", "stand-in", "one block", "0.001", "0.5", "0.97"])
def test_damaged_and_hostile_files_leave_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirs_core.datasets.rasters._MOST_BLOCK_BYTES", 20_000)
    path = hostile(tmp_path, kind)
    with pytest.raises(ImageError):
        cut_strip(path, tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


def test_damage_that_is_found_late_leaves_the_other_strips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    cut_strip(write(tmp_path / "good.tif", noise(seed=1)), out, SMALL)
    before = {one: one.read_bytes() for one in out.rglob("*") if one.is_file()}
    whole = StripRaster.read

    def breaks(self: StripRaster, column: int, row: int, *more: Any) -> Any:
        if row > 64:
            raise rasterio.errors.RasterioIOError("a block is damaged")
        return whole(self, column, row, *more)

    monkeypatch.setattr(StripRaster, "read", breaks)
    with pytest.raises(ImageError, match="a block is damaged"):
        cut_strip(write(tmp_path / "bad.tif", noise()), out, SMALL)
    assert {one: one.read_bytes() for one in out.rglob("*") if one.is_file()} == before


def test_a_strip_without_anything_to_see_is_refused(tmp_path: Path) -> None:
    flat = write(tmp_path / "flat.tif", np.full((1, 160, 192), 90, np.uint8))
    with pytest.raises(DataError, match="No tile of flat"):
        cut_strip(flat, tmp_path / "out", SMALL)
    empty = write(tmp_path / "empty.tif", np.zeros((1, 160, 192), np.uint8), nodata=0)
    with pytest.raises(DataError, match="no valid pixel"):
        cut_strip(empty, tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


def test_jpeg_2000_is_cut(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.tif", noise())
    path = tmp_path / "strip.jp2"
    rasterio.shutil.copy(whole, path, driver="JP2OpenJPEG", QUALITY=100, REVERSIBLE="YES")
    cut_strip(path, tmp_path / "out", SMALL)
    assert (tiles_of(tmp_path / "out")[64, 32] == noise()[0, 32:64, 64:96]).all()


def test_the_command_line_prints_the_agreed_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    path, out = write(tmp_path / "strip.tif", holes("uint8", 0)), tmp_path / "out"
    words = ["data", "tile", str(path), "--out", str(out), "--size", "32", "--json"]
    assert cli.main([*words, "--name", "S1", "--stride", "64", "--max-nodata", "0.5"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {**answer, "seconds": 0, "crs": "", "warnings": []} == {
        "raster": str(path), "dir": str(out), "strip": "S1", "tiles": 8, "resumed": 0,
        "skipped": {"nodata": 1, "flat": 0}, "crs": "", "metres_per_pixel": 6.0,
        "tile_metres": 192.0, "size": 32, "stride": 64, "nodata": "value 0", "warnings": [],
        "latitude": None, "virtual": False, "warped": None,
        "bounds": answer["bounds"], "seconds": 0, "runs": [],
    }  # fmt: skip
    assert answer["crs"] == CRS.from_user_input(EQUIRECTANGULAR).name
    degrees = 180 / math.pi / RADIUS
    # The missing tile does not touch the ends of the raster's edges.
    expected = {"west": 360 - 600 * degrees, "south": -480 * degrees, "east": 552 * degrees,
                "north": 480 * degrees}  # fmt: skip
    assert answer["bounds"] == pytest.approx(expected, abs=1e-5)
    for wrong in (["--size", "8"], ["--name", "a/b"], ["--size", "40", "--name", "S1"]):
        assert cli.main([*words[:-3], *wrong, "--json"]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and len(captured.err.strip().splitlines()) == 1
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "--metres", "9"])
    assert left.value.code == 2


def test_a_strip_of_unknown_licence_does_not_take_that_of_the_first(tmp_path: Path) -> None:
    out = tmp_path / "set"
    for name, licence in (("one", "CC0"), ("two", None), ("three", "MIT")):
        raster = write(tmp_path / f"{name}.tif", noise(seed=len(name)))
        cut_strip(raster, out, SMALL, StripDetails(licence=licence))
        table = (out / "tiles.csv").read_text(encoding="utf-8").splitlines()
        if name == "one":
            # A column of somebody's own stays when further strips come in.
            (out / "tiles.csv").write_text(
                "\n".join([f"{table[0]},seen", *(f"{row},yes" for row in table[1:])]) + "\n",
                encoding="utf-8",
            )
    assert read_card(out).licence == "CC0"
    licences = {r.strip: r.licence for r in read_table(out).values()}
    assert licences == {"one": "CC0", "two": "unknown", "three": "MIT"}
    assert (out / "tiles.csv").read_text(encoding="utf-8").count(",yes") == 30


def test_a_raster_that_differs_in_its_middle_alone_is_another(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    seen = set()
    for size in (1, 5_000_000, 40_000_000):
        for change in (None, 0, size // 2, size - 1):
            data = np.zeros(size, np.uint8)
            if change is not None:
                data[change : change + 700_000] = 1
            path.write_bytes(data.tobytes())
            seen.add((size, content_of(path)))
    # Of a single byte the three changes are one.
    assert len(seen) == 2 + 4 + 4
