"""Rasters that are no upright maps: warped to one while they are read, in the right place."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from mirs_core.datasets.strips import CutSettings, StripDetails, cut_strip
from mirs_core.datasets.strips.frame import Frame
from mirs_core.datasets.strips.raster import StripRaster, open_strip
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.datasets.tile_table import read_table
from mirs_core.errors import DataError
from mirs_core.landform_map.footprints import footprints
from mirs_core.mars.crs import MarsCrs
from mirs_core.mars.crs_labels import eastward, has_west_longitudes
from mirs_core.mars.crs_parsing import parsed

RADIUS = 3_396_190.0
DEGREE = math.pi / 180 * RADIUS
SPHERE, BODY = "+R=3396190 +units=m", "+a=3396190 +b=3376200 +units=m"
TURNED = Affine.rotation(27.0)
SHEARED = Affine.shear(12.0, 0.0)


def vectors(east: Any, north: Any) -> np.ndarray:
    """(3, ...) places on the sphere in metres."""
    east, north = np.radians(east), np.radians(north)
    return RADIUS * np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]
    )


def truth(crs: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Longitudes and planetocentric latitudes; west systems by their mirror image."""
    wkt = CRS.from_user_input(crs).to_wkt()
    system = parsed(wkt, "a")
    if has_west_longitudes(system):
        east, turn = eastward(system, "a")
        return MarsCrs.of(east.to_wkt(), "a").to_clamped_degrees(
            turn - x, y, (turn - x.mean(), y.mean())
        )
    return MarsCrs.of(wkt, "a").to_clamped_degrees(x, y, (x.mean(), y.mean()))


def write_places(path: Path, crs: str, transform: Affine, width: int, height: int) -> Path:
    """A raster whose three values are the place of the pixel."""
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = transform @ (columns, rows)
    places = vectors(*truth(crs, x, y))
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=3, dtype="float64", crs=crs,
        transform=transform,
    ) as out:  # fmt: skip
        out.write(places)
    return path


def area(frame: Frame) -> float:
    """Square metres of the pixel in the middle."""
    columns = frame.width / 2 + np.array([0, 1, 0])
    rows = frame.height / 2 + np.array([0, 0, 1])
    origin, across, down = vectors(*frame.degrees(columns, rows)).T
    return float(np.linalg.norm(np.cross(across - origin, down - origin)))


def errors(raster: StripRaster) -> tuple[np.ndarray, np.ndarray]:
    """Metres from every pixel to the place that it shows; which pixels are valid."""
    read = raster._bands.read(Window(0, 0, raster.width, raster.height))
    columns, rows = np.meshgrid(np.arange(raster.width) + 0.5, np.arange(raster.height) + 0.5)
    places = vectors(*raster.frame.degrees(columns, rows))
    return np.linalg.norm(read.values - places, axis=0), read.valid


def at(crs: str, east: float, north: float, linear: Affine, side: int = 120) -> Affine:
    """The transform ``linear``, moved so that the middle of ``side`` pixels is at a place."""
    x, y = MarsCrs.of(CRS.from_user_input(crs).to_wkt(), "a").from_degrees(east, north)
    a, b = linear @ (side / 2, side / 2)
    return Affine.translation(float(x) - a, float(y) - b) @ linear


PIXELS = Affine.scale(6, -6)
LOCAL = [
    (f"+proj=eqc +lat_ts=0 +lon_0=0 {SPHERE}", 120.0, 20.0, TURNED @ PIXELS),
    ("+proj=eqc +lat_ts=-5 +lon_0=180 +R=3396036 +units=m", 275.4, -8.2, TURNED @ PIXELS),
    (f"+proj=eqc +lat_ts=30 +lon_0=0 {BODY}", 359.999, 44.0, TURNED @ PIXELS),
    (f"+proj=sinu +lon_0=70 {SPHERE}", 75.0, 40.0, SHEARED @ PIXELS),
    (f"+proj=sinu +lon_0=70 {BODY}", 75.0, -40.0, TURNED @ PIXELS),
    (f"+proj=merc +lon_0=0 {SPHERE}", 179.9995, -50.0, TURNED @ PIXELS),
    (f"+proj=lcc +lat_1=20 +lat_2=50 +lon_0=10 {BODY}", 0.0005, 35.0, TURNED @ PIXELS),
    (f"+proj=lcc +lat_1=20 +lat_2=50 +lon_0=10 {SPHERE}", 12.0, 35.0, SHEARED @ PIXELS),
    (f"+proj=ortho +lat_0=10 +lon_0=200 {SPHERE}", 210.0, 20.0, TURNED @ PIXELS),
    (f"+proj=tmerc +lon_0=33 {BODY}", 33.5, 60.0, TURNED @ PIXELS),
    (f"+proj=laea +lat_0=0 +lon_0=33 {SPHERE}", 40.0, 7.0, Affine.scale(-6, -6)),
    (f"+proj=stere +lat_0=90 +lon_0=0 {SPHERE}", 45.0, 80.0, TURNED @ PIXELS),
    ("+proj=stere +lat_0=90 +lon_0=0 +R=3376200 +units=m", 200.0, 87.0, Affine.scale(0.5, 0.5)),
    (f"+proj=stere +lat_0=-90 +lon_0=0 {BODY}", 0.0, -89.999, TURNED @ PIXELS),
    (f"+proj=eqc +lat_ts=0 +lon_0=0 {SPHERE}", 300.0, 75.0, Affine.scale(24, -6)),
    (f"+proj=eqc +lat_ts=0 +lon_0=0 {BODY}", 300.0, -75.0, Affine.scale(24, -6)),
    ("IAU_2015:49900", 0.0, 45.0, Affine.scale(1.5e-4, -1e-4)),
    ("IAU_2015:49902", 180.0, 45.0, Affine.scale(1.5e-4, -1e-4)),
    ("+proj=longlat +a=3396190 +b=3376200", 90.0, -30.0, Affine.scale(2e-4, -1e-4)),
]  # fmt: skip


@pytest.mark.parametrize(("crs", "east", "north", "linear"), LOCAL)
def test_warped_pixels_are_in_their_place(
    crs: str, east: float, north: float, linear: Affine, tmp_path: Path
) -> None:
    path = write_places(tmp_path / "a.tif", crs, at(crs, east, north, linear), 120, 120)
    with open_strip(path) as raster:
        assert raster.warp is not None and raster._file is not None
        assert raster.warp.resampling == "cubic"
        metres, valid = errors(raster)
        # Pixels of the edge reach half a pixel beyond the middle of the file's.
        assert (metres[valid] < 0.75 * raster.metres_per_pixel + 1).all()
        rows, columns = (slice(side // 2 - 20, side // 2 + 20) for side in metres.shape)
        assert valid[rows, columns].all() and (metres[rows, columns] < 0.1).all()
        assert valid.sum() * area(raster.frame) == pytest.approx(
            120 * 120 * area(raster._file[0]), rel=0.03
        )


@pytest.mark.parametrize(
    ("crs", "east", "north", "linear"),
    [
        ("IAU_2015:49911", 306.43, 20.0, PIXELS),
        ("IAU_2015:49916", 306.43, -20.0, TURNED @ PIXELS),
        ("IAU_2015:49921", 350.0, 40.0, PIXELS),
        ("IAU_2015:49931", 30.0, 80.0, PIXELS),
        ("IAU_2015:49936", 200.0, -80.0, PIXELS),
        ("IAU_2015:49901", 0.0, 45.0, Affine.scale(1e-4, -1e-4)),
    ],
)
def test_west_longitudes_are_mirrored(
    crs: str, east: float, north: float, linear: Affine, tmp_path: Path
) -> None:
    system, turn = eastward(CRS.from_user_input(crs), "a")
    x, y = MarsCrs.of(system.to_wkt(), "a").from_degrees(east, north)
    a, b = linear @ (60, 60)
    transform = Affine.translation(turn - float(x) - a, float(y) - b) @ linear
    # The independent witness: PROJ itself knows the direction of the axis.
    plain = CRS.from_proj4("+proj=longlat +a=3396190 +b=3376200")
    witness = Transformer.from_crs(crs, plain, always_xy=True)
    # Geographic systems of west longitudes keep their order: latitude, longitude.
    position = turn - float(x), float(y)
    lon, graphic = witness.transform(*(position[::-1] if crs.endswith("01") else position))
    centric = math.degrees(math.atan((3376200 / 3396190) ** 2 * math.tan(math.radians(graphic))))
    assert ((lon - east + 180) % 360 - 180, centric) == pytest.approx((0, north), abs=1e-7)
    path = write_places(tmp_path / "a.tif", crs, transform, 120, 120)
    with open_strip(path) as raster:
        assert raster.warp is not None
        metres, valid = errors(raster)
        assert valid.sum() > 10_000 and (metres[valid] < 0.75 * raster.metres_per_pixel + 1).all()
        rows, columns = (slice(side // 2 - 20, side // 2 + 20) for side in metres.shape)
        assert valid[rows, columns].all() and (metres[rows, columns] < 0.1).all()
        assert any("west longitudes" in note for note in raster.notes)


def test_west_longitudes_in_columns_from_west_to_east_need_no_warp(tmp_path: Path) -> None:
    transform = Affine(-6, 0, 3e6, 0, -6, 8e5)
    path = write_places(tmp_path / "a.tif", "IAU_2015:49911", transform, 120, 120)
    with open_strip(path) as raster:
        assert raster.warp is None and any("west longitudes" in note for note in raster.notes)
        metres, valid = errors(raster)
        assert valid.all() and (metres < 1e-3).all()


@pytest.mark.parametrize(
    ("crs", "transform", "width", "height"),
    [
        ("IAU_2015:49900", Affine(2, 0, 0, 0, -1, 90), 180, 180),
        ("IAU_2015:49900", Affine(1, 0, -180.5, 0, -0.5, 90.25), 361, 361),
        ("IAU_2015:49910", Affine(2, 0, 0, 0, -1, 90), 180, 180),
        (f"+proj=eqc +lon_0=180 {SPHERE}", Affine(1, 0, -180, 0, 1, -90), 360, 180),
        (f"+proj=merc +lon_0=0 {SPHERE}", Affine(2, 0, 0, 0, -1, 60), 180, 120),
        ("IAU_2015:49900", Affine(0.5, 0, 0, 0, -0.05, 89), 720, 200),
        ("+proj=longlat +a=3396190 +b=3376200", Affine(0.5, 0, 0, 0, -0.05, -79), 720, 200),
    ],
)  # fmt: skip
def test_warped_rasters_go_all_the_way_round(
    crs: str, transform: Affine, width: int, height: int, tmp_path: Path
) -> None:
    if not CRS.from_user_input(crs).is_geographic:
        transform = Affine.scale(DEGREE) @ transform
    path = write_places(tmp_path / "a.tif", crs, transform, width, height)
    with open_strip(path) as raster:
        assert raster.warp is not None
        metres, valid = errors(raster)
        columns, rows = np.meshgrid(np.arange(raster.width) + 0.5, np.arange(raster.height) + 0.5)
        _, north = raster.frame.degrees(columns, rows)
        _, (low, high) = truth(
            crs, *(transform @ (np.array([width / 2] * 2), np.array([1, height - 1])))
        )
        inside = (north > min(low, high)) & (north < max(low, high))
        assert valid[inside].mean() > 0.995
        assert np.percentile(metres[valid & inside], 99) < raster.metres_per_pixel / 2


def noise(path: Path, values: np.ndarray, transform: Affine, **more: Any) -> Path:
    count, height, width = values.shape
    given = {"crs": "IAU_2015:49910", "transform": transform, **more}
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count, dtype=values.dtype,
        **given,
    ) as out:  # fmt: skip
        out.write(values)
    return path


QUARTER = Affine.translation(600, 600) @ Affine.rotation(90) @ PIXELS


def test_a_quarter_turn_gives_the_pixels_back(tmp_path: Path) -> None:
    """Where no pixel lies between others, warped pixels are those of the file."""
    values = np.random.default_rng(0).integers(1, 255, (1, 60, 90)).astype(np.uint8)
    path = noise(tmp_path / "a.tif", values, QUARTER)
    with open_strip(path) as raster:
        pixels, valid = raster.read(0, 0, raster.width, raster.height, None)
        assert (raster.width, raster.height) == (60, 90) and valid.all()
        turned = np.rot90(values[0])
        assert min((pixels != turned).mean(), (pixels != turned[::-1, ::-1]).mean()) < 0.01


def cubic(values: np.ndarray, column: float, row: float) -> float:
    """The slow twin of cubic convolution (Keys 1981, a = -1/2) at a position in pixels."""

    def weight(distance: float) -> float:
        t = abs(distance)
        if t <= 1:
            return 1.5 * t**3 - 2.5 * t**2 + 1
        return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0

    x, y = column - 0.5, row - 0.5
    return sum(
        weight(x - i) * weight(y - j) * float(values[j, i])
        for j in range(math.floor(y) - 1, math.floor(y) + 3)
        for i in range(math.floor(x) - 1, math.floor(x) + 3)
    )


def test_rotated_pixels_are_those_of_cubic_convolution(tmp_path: Path) -> None:
    """Neither blurred nor moved: GDAL guesses scales from the sides of windows unless told."""
    values = np.random.default_rng(0).integers(1, 255, (1, 96, 200)).astype(np.uint8)
    with open_strip(noise(tmp_path / "a.tif", values, TURNED @ PIXELS)) as raster:
        pixels, _ = raster.read(0, 0, raster.width, raster.height, None)
        assert raster._file is not None
        middle = raster.width // 2, raster.height // 2
        for column in range(middle[0] - 20, middle[0] + 20, 3):
            for row in range(middle[1] - 20, middle[1] + 20, 3):
                place = raster.frame.degrees(column + 0.5, row + 0.5)
                x, y = (float(axis) for axis in raster._file[0].pixels(*place))
                twin = np.clip(cubic(values[0], x, y), 0, 255)
                assert abs(float(pixels[row, column]) - twin) <= 2


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("declares", [True, False])
def test_missing_pixels_stay_missing(kind: str, declares: bool, tmp_path: Path) -> None:
    # Integers up to 255 would be taken for grey levels.
    low = 100 if kind == "uint8" else 1000
    values = np.random.default_rng(0).integers(low, low + 20, (1, 96, 96)).astype(kind)
    gap = 0 if kind.startswith("u") else -9999
    values[0, :, :40] = gap
    path = noise(
        tmp_path / "a.tif", values, TURNED @ PIXELS, **({"nodata": gap} if declares else {})
    )
    with open_strip(path) as raster:
        read = raster._bands.read(Window(0, 0, raster.width, raster.height))
        share = read.valid.sum() * area(raster.frame) / (56 * 96 * area(raster._file[0]))
        assert share == pytest.approx(1, abs=0.03)
        # Not mixed with their neighbours: cubic weights overshoot by less.
        inside = read.values[:, read.valid]
        assert inside.min() > low - 10 and inside.max() < low + 30
        survey = raster.survey()
        assert survey.valid.mean() == pytest.approx(read.valid.mean(), abs=0.02)
        assert survey.stretch is None or low <= survey.stretch[0] < survey.stretch[1] < low + 20


@pytest.mark.parametrize("special", [-3.4028226550889045e38, -3.4028235e38, float("nan")])
def test_isis_pixels_of_floats_do_not_spread(special: float, tmp_path: Path) -> None:
    values = np.full((1, 96, 96), 0.125, np.float32)
    values[0, 30:60, 30:60] = special
    with open_strip(noise(tmp_path / "a.tif", values, TURNED @ PIXELS)) as raster:
        read = raster._bands.read(Window(0, 0, raster.width, raster.height))
        assert np.allclose(read.values[:, read.valid], 0.125)
        assert 0.75 < read.valid.sum() * area(raster.frame) / (96 * 96 * 36) < 0.92


def test_several_special_values_are_not_mixed(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1000, 1100, (1, 96, 96)).astype(np.uint16)
    values[0, ::2, ::2] = 65535
    with open_strip(noise(tmp_path / "a.tif", values, TURNED @ PIXELS)) as raster:
        assert raster.warp is not None and raster.warp.resampling == "nearest"
        read = raster._bands.read(Window(0, 0, raster.width, raster.height))
        assert set(np.unique(read.values[:, read.valid])) <= set(range(1000, 1100))


def test_palettes_are_not_mixed(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4, (1, 96, 96)).astype(np.uint8)
    colours = {0: (9, 9, 9), 1: (200, 0, 0), 2: (0, 200, 0), 3: (0, 0, 200)}
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=96, height=96, count=1, dtype="uint8",
        photometric="palette", crs="IAU_2015:49910", transform=TURNED @ PIXELS,
    ) as out:  # fmt: skip
        out.write(values)
        out.write_colormap(1, colours)
    with open_strip(path) as raster:
        assert raster.warp is not None and raster.warp.resampling == "nearest"
        pixels, valid = raster.read(0, 0, raster.width, raster.height, None)
        assert set(map(tuple, pixels[valid].tolist())) == set(colours.values())
        assert valid.sum() == pytest.approx(96 * 96, rel=0.03)


@pytest.mark.parametrize("alpha", [True, False])
def test_masks_and_alpha_are_warped_too(alpha: bool, tmp_path: Path) -> None:
    grey = np.full((96, 96), 200, np.uint8)
    inside = np.full((96, 96), 255, np.uint8)
    inside[:, :48] = 0
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=96, height=96, count=2 if alpha else 1, dtype="uint8",
        crs="IAU_2015:49910", transform=TURNED @ PIXELS,
    ) as out:  # fmt: skip
        out.write(grey, 1)
        if alpha:
            out.write(inside, 2)
            out.colorinterp = [ColorInterp.gray, ColorInterp.alpha]
        else:
            with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
                out.write_mask(inside)
    with open_strip(path) as raster:
        pixels, valid = raster.read(0, 0, raster.width, raster.height, None)
        assert valid.sum() == pytest.approx(96 * 48, rel=0.05)
        assert (np.abs(pixels[valid].astype(int) - 200) <= (200 if alpha else 0)).all()
        assert np.median(pixels[valid]) == 200 and (pixels[~valid] == 0).all()


def test_upright_rasters_and_tiny_rotations_are_read_as_they_are(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 60, 90)).astype(np.uint8)
    for turn in (0.0, 1e-9):
        path = noise(tmp_path / f"{turn}.tif", values, Affine.rotation(turn) @ PIXELS)
        with open_strip(path) as raster:
            assert raster.warp is None and raster.notes == ()
            assert raster.transform == pytest.approx((6, 0, 0, 0, -6, 0), abs=1e-9)
            assert raster.transform[1] == raster.transform[3] == 0
            assert (raster.read(0, 0, 90, 60, None)[0] == values[0]).all()


def test_a_window_is_that_part_of_the_whole(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 700, 900)).astype(np.uint8)
    with open_strip(noise(tmp_path / "a.tif", values, TURNED @ PIXELS)) as raster:
        whole, valid = raster.read(0, 0, raster.width, raster.height, None)
        for column, row in ((0, 0), (400, 300), (raster.width - 200, raster.height - 200)):
            part, inside = raster.read(column, row, 200, 200, None)
            square = slice(row, row + 200), slice(column, column + 200)
            assert (part == whole[square]).all() and (inside == valid[square]).all()


def test_a_strip_says_how_it_was_warped(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 200, 200)).astype(np.uint8)
    path = noise(tmp_path / "a.tif", values, TURNED @ PIXELS)
    result = cut_strip(path, tmp_path / "out", CutSettings(size=32))
    assert any("rotated; it was warped to Equirect" in text for text in result.warnings)
    assert result.to_json()["warped"] == "rotated"
    (strip,) = read_strips(tmp_path / "out")
    assert strip.warp is not None and strip.warp.resampling == "cubic"
    assert (strip.warp.width, strip.warp.height) == (200, 200)
    assert strip.warp.transform == pytest.approx(tuple(TURNED @ PIXELS)[:6])
    # The same file in the recorded frame has the same pixels.
    with open_strip(path, strip.latitude, strip.frame) as raster:
        for record in read_table(tmp_path / "out"):
            column, row = strip.corner(record) or (0, 0)
            pixels, _ = raster.read(column, row, strip.side, strip.side, strip.stretch)
            assert (np.asarray(Image.open(tmp_path / "out" / record)) == pixels).all()
    assert cut_strip(path, tmp_path / "out", CutSettings(size=32)).resumed == strip.tiles


def test_a_warped_raster_that_would_explode_is_refused(tmp_path: Path) -> None:
    """A diagonal over the planet fills a map a hundred times its size."""
    values = np.ones((1, 16, 4000), np.uint8)
    diagonal = Affine.translation(-2e6, -2e6) @ Affine.rotation(45) @ Affine.scale(1400, -1400)
    path = noise(tmp_path / "a.tif", values, diagonal)
    with (
        pytest.raises(DataError, match=r"would become .* gdalwarp -t_srs IAU_2015:49910"),
        open_strip(path),
    ):
        pass


def test_a_raster_elsewhere_than_its_name_tells_is_refused(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 64, 64)).astype(np.uint8)
    path = noise(tmp_path / "ESP_012345_1650_RED.tif", values, PIXELS)
    with pytest.raises(DataError, match=r"0\.0° N, 0\.0° E, but the name .* tells 15\.0° S"):
        cut_strip(path, tmp_path / "out", CutSettings(size=32))
    assert not (tmp_path / "out").exists()
    assert (
        cut_strip(path, tmp_path / "out", CutSettings(size=32, ignore_name=True)).strip.tiles == 4
    )
    named = noise(tmp_path / "mine.tif", values, PIXELS)
    with pytest.raises(DataError, match="tells"):
        cut_strip(named, tmp_path / "b", CutSettings(size=32), StripDetails(name=path.stem))


@pytest.mark.parametrize("crs", [
    f"+proj=sinu +lon_0=70 {BODY}", f"+proj=eqc +lat_ts=20 +lon_0=70 {BODY}",
    "+proj=longlat +a=3396190 +b=3376200", "IAU_2015:49902",
])  # fmt: skip
@pytest.mark.parametrize("turn", [0.0, 20.0])
def test_latitudes_on_an_ellipsoid_are_said_and_overruled(
    crs: str, turn: float, tmp_path: Path
) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 96, 96)).astype(np.uint8)
    linear = Affine.scale(1e-4, -1e-4) if "longlat" in crs or "02" in crs else PIXELS
    path = noise(
        tmp_path / "a.tif", values, at(crs, 70.0, 45.0, Affine.rotation(turn) @ linear, 96), crs=crs
    )
    assumed = "planetocentric" if "02" in crs else "planetographic"
    other = "planetographic" if "02" in crs else "planetocentric"
    places = {}
    for choice in (None, assumed, other):
        root = tmp_path / str(choice)
        result = cut_strip(path, root, CutSettings(size=32, latitude=choice))
        (strip,) = read_strips(root)
        assert strip.latitude == result.to_json()["latitude"] == (choice or assumed)
        assert any((choice or assumed) in text for text in result.warnings)
        middle = next(row for row in read_table(root).values() if "X000032_Y000032" in row.path)
        places[choice] = middle.latitude
        ring = footprints(root)[middle.path]
        assert np.mean([north for _, north in ring]) == pytest.approx(middle.latitude, abs=1e-4)
    assert places[None] == places[assumed]
    graphic = math.radians(places["planetocentric"])
    centric = math.degrees(math.atan((3376200 / 3396190) ** 2 * math.tan(graphic)))
    assert places["planetographic"] == pytest.approx(centric, abs=1e-4 if turn else 1e-8)
    # Cutting again with another choice is refused, without one it is not.
    with pytest.raises(DataError, match="latitude"):
        cut_strip(path, tmp_path / "None", CutSettings(size=32, latitude=other))


@pytest.mark.parametrize("crs", ["IAU_2015:49910", "+proj=longlat +R=3396190"])
def test_a_system_without_a_place_in_it_is_refused(crs: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 96, 96)).astype(np.uint8)
    path = noise(tmp_path / "a.tif", values, Affine.identity(), crs=crs)
    (tmp_path / "a.tfw").write_text("6\n0\n0\n-6\n100\n100\n")
    with pytest.raises(DataError, match=r"does not say where.*gdal_translate IN OUT\.tif"):
        cut_strip(path, tmp_path / "out", CutSettings(size=32))
    points = [
        GroundControlPoint(row, column, 70 + column * 1e-4, 20 - row * 1e-4)
        for row, column in ((0, 0), (0, 96), (96, 0), (96, 96))
    ]
    with rasterio.open(path, "w", driver="GTiff", width=96, height=96, count=1, dtype="uint8",
                       gcps=points, crs="+proj=longlat +R=3396190") as out:  # fmt: skip
        out.write(values)
    with pytest.raises(DataError, match="control points only"):
        cut_strip(path, tmp_path / "out", CutSettings(size=32))
    assert not (tmp_path / "out").exists()


def test_a_sphere_has_one_kind_of_latitude(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.tif", np.ones((1, 64, 64), np.uint8), PIXELS)
    with pytest.raises(DataError, match="on a sphere"), open_strip(path, "planetographic"):
        pass


@pytest.mark.parametrize(
    ("crs", "east", "north", "words"),
    [
        (f"+proj=sinu +lon_0=0 {SPHERE}", 5.0, 45.0, None),
        (f"+proj=sinu +lon_0=0 {SPHERE}", 40.0, 45.0, "meet at"),
        (f"+proj=eqc +lat_ts=0 +lon_0=0 {SPHERE}", 40.0, 30.0, None),
        (f"+proj=eqc +lat_ts=0 +lon_0=0 {SPHERE}", 40.0, 45.0, "m wide and"),
        (f"+proj=stere +lat_0=90 +lon_0=0 {SPHERE}", 40.0, 60.0, None),
    ],
)
def test_distorted_maps_are_told(
    crs: str, east: float, north: float, words: str | None, tmp_path: Path
) -> None:
    values = np.random.default_rng(0).integers(1, 255, (1, 120, 120)).astype(np.uint8)
    path = noise(tmp_path / "a.tif", values, at(crs, east, north, PIXELS), crs=crs)
    told = " ".join(cut_strip(path, tmp_path / "out", CutSettings(size=100)).warnings)
    assert ("distorts shapes" in told) is (words is not None)
    assert words is None or words in told
