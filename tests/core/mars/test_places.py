"""Places of rasters whose labels are wrong, incomplete or global: right, or refused with advice."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.warp
from pyproj import CRS, Transformer
from rasterio import Affine

from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.outline import bounds
from mirs_core.datasets.strips.strip_list import Strip, read_strips, write_strips
from mirs_core.datasets.tile_table import read_table, write_table
from mirs_core.errors import DataError
from mirs_core.landform_map.footprints import footprints
from mirs_core.mars.crs import MarsCrs
from mirs_core.mars.tile_shapes import polygon, square_kilometres
from mirs_core.retrieval.true_places import with_true_places

SPHERE_KM2 = 4 * np.pi * 3396.19**2


def equirectangular(origin: float, parallel: float, radius: float = 3396036.8126024) -> str:
    """The coordinate system as published HiRISE products have it."""
    return (
        'PROJCS["Equirectangular MARS",GEOGCS["GCS_MARS",DATUM["unnamed",'
        f'SPHEROID["unnamed",{radius},0]],PRIMEM["Reference meridian",0],'
        'UNIT["degree",0.0174532925199433]],PROJECTION["Equirectangular"],'
        f'PARAMETER["latitude_of_origin",{origin}],PARAMETER["central_meridian",180],'
        f'PARAMETER["standard_parallel_1",{parallel}],PARAMETER["false_easting",0],'
        'PARAMETER["false_northing",0],UNIT["metre",1]]'
    )


def write(path: Path, crs: Any, transform: Affine, width: int = 96, height: int = 96) -> Path:
    pixels = np.random.default_rng(1).integers(0, 255, (1, height, width)).astype(np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, dtype="uint8", crs=crs,
        transform=transform,
    ) as out:  # fmt: skip
        out.write(pixels)
    return path


def degrees(wkt: str, x: float, y: float) -> tuple[float, float]:
    east, north = MarsCrs.of(wkt, "a.tif").to_degrees(x, y)
    return float(east), float(north)


# A HiRISE product of Gale crater: true place from the published label of its later version.
X, Y = 5_633_637.875, -488_796.875


def test_old_hirise_labels_are_corrected() -> None:
    right = degrees(equirectangular(0, -5), X, Y)
    assert right == pytest.approx((275.41023, -8.24667), abs=1e-5)
    crs = MarsCrs.of(equirectangular(-5, 0), "old.jp2")
    assert degrees(equirectangular(-5, 0), X, Y) == pytest.approx(right, abs=1e-9)
    assert "old.jp2" in crs.note and "latitude of origin" in crs.note
    # The corrected text is what is recorded; reading it again changes nothing.
    assert degrees(crs.wkt, X, Y) == pytest.approx(right, abs=1e-9)
    assert MarsCrs.of(crs.wkt, "old.jp2").note == ""
    assert MarsCrs.of(equirectangular(0, -5), "new.jp2").note == ""


def test_corrected_labels_are_reported(tmp_path: Path) -> None:
    transform = Affine(0.25, 0, 5633625.875, 0, -0.25, -488784.875)
    path = write(tmp_path / "old.tif", equirectangular(-5, 0), transform)
    result = cut_strip(path, tmp_path / "out", CutSettings(size=96))
    (tile,) = read_table(tmp_path / "out").values()
    assert tile.longitude == pytest.approx(275.41023, abs=1e-5)
    assert tile.latitude == pytest.approx(-8.24667, abs=1e-5)
    assert any("latitude of origin" in warning for warning in result.warnings)


def test_other_latitudes_of_origin_are_refused_with_the_right_label() -> None:
    with pytest.raises(DataError, match=r"\+lat_ts=-5 \+lon_0=180 \+a=3396190.0"):
        MarsCrs.of(equirectangular(-5, 0, 3396190.0), "a.tif")


@pytest.mark.parametrize(
    "code", ["49901", "49911", "49916", "49921", "49931", "49936", "49941", "49991"]
)
def test_west_positive_systems_are_refused_where_geotiff_lost_the_axis(
    code: str, tmp_path: Path
) -> None:
    unit = 1e-4 if code == "49901" else 6.0
    path = write(tmp_path / "west.tif", f"IAU_2015:{code}", Affine(unit, 0, 0, 0, -unit, 0))
    with rasterio.open(path) as raster:
        wkt = raster.crs.to_wkt()
    with pytest.raises(DataError, match=f"west longitudes.*-s_srs IAU_2015:{code} -t_srs"):
        MarsCrs.of(wkt, "west.tif")


@pytest.mark.parametrize(
    "crs",
    [
        CRS.from_authority("IAU_2015", "49911").to_wkt(),
        CRS.from_authority("IAU_2015", "49901").to_wkt(),
        # Only the code of the base system is left.
        'GEOGCS["a",DATUM["b",SPHEROID["c",3396190,169.894447223612]],PRIMEM["d",0],'
        'UNIT["degree",0.0174532925199433],AUTHORITY["IAU_2015","49901"]]',
    ],
)
def test_west_positive_systems_are_known_by_axis_or_code(crs: str) -> None:
    with pytest.raises(DataError, match="west longitudes"):
        MarsCrs.of(crs, "west.tif")


@pytest.mark.parametrize("code", ["49900", "49902", "49910", "49912", "49930", "49935", "49965"])
def test_east_positive_systems_are_accepted(code: str) -> None:
    assert MarsCrs.of(CRS.from_authority("IAU_2015", code).to_wkt(), "east.tif").note == ""


def test_the_advice_for_west_positive_rasters_leads_to_the_right_place(tmp_path: Path) -> None:
    (x,), (y,) = rasterio.warp.transform("IAU_2015:49911", "IAU_2015:49912", [3e6], [-8e5])
    wkt = CRS.from_authority("IAU_2015", "49912").to_wkt()
    # 3,000 km west of the prime meridian.
    west = np.degrees(3e6 / 3_396_190)
    assert degrees(wkt, x, y)[0] == pytest.approx(360 - west, abs=1e-6)


def test_the_advice_for_rasters_on_the_ellipsoid_keeps_their_place(tmp_path: Path) -> None:
    crs = CRS.from_proj4("+proj=sinu +lon_0=70 +a=3396190 +b=3376200 +units=m").to_wkt()
    truth = degrees(crs, 0.0, 2_644_524.7)
    long = Affine.translation(0, 2_644_524.7) @ Affine.scale(6, -600)
    path = write(tmp_path / "long.tif", crs, long)
    with pytest.raises(DataError, match="IAU_2015:49912"):
        cut_strip(path, tmp_path / "out", CutSettings(size=32))
    (x,), (y,) = rasterio.warp.transform(crs, "IAU_2015:49912", [0.0], [2_644_524.7])
    advised = degrees(CRS.from_authority("IAU_2015", "49912").to_wkt(), x, y)
    assert advised == pytest.approx(truth, abs=1e-5)
    sphere = write(tmp_path / "sphere.tif", "IAU_2015:49910", long)
    with pytest.raises(DataError, match="IAU_2015:49910"):
        cut_strip(sphere, tmp_path / "out", CutSettings(size=32))


DEGREE = np.pi / 180 * 3_396_190


@pytest.mark.parametrize(("crs", "unit"), [("IAU_2015:49900", 1.0), ("IAU_2015:49910", DEGREE)])
@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_global_rasters_have_global_bounds(
    crs: str, unit: float, margin: float, tmp_path: Path
) -> None:
    width, height = round(360 + 2 * margin), round(180 + 2 * margin)
    transform = Affine(unit, 0, -(180 + margin) * unit, 0, -unit, (90 + margin) * unit)
    path = write(tmp_path / "globe.tif", crs, transform, width, height)
    root = tmp_path / "out"
    result = cut_strip(path, root, CutSettings(size=30))
    box = bounds(result.strip.outline)
    assert (box["west"], box["east"]) == (0, 360)
    assert (box["south"], box["north"]) == pytest.approx((-90, 90), abs=1e-6)
    assert polygon(result.strip.outline).area == pytest.approx(360 * 180, rel=1e-6)
    rings = footprints(root)
    assert len(rings) == 12 * 6
    total = sum(square_kilometres(ring) for ring in rings.values())
    assert 0.9 * SPHERE_KM2 < total < 1.1 * SPHERE_KM2
    if not margin:
        return
    # A data set that was cut by an earlier version has a sliver for an outline.
    (strip,) = read_strips(root)
    sliver = tuple((179.5, north) for north in range(-80, 81, 8)) + tuple(
        (180.5, north) for north in range(80, -81, -8)
    )
    write_strips(root, [dataclasses.replace(strip, outline=sliver)])
    (healed,) = read_strips(root)
    assert bounds(healed.outline) == pytest.approx(box, abs=1e-6)


@pytest.mark.parametrize("projection", ["sinu", "moll", "robin", "ortho"])
def test_outlines_end_at_the_edge_of_the_planet(projection: str) -> None:
    wkt = CRS.from_proj4(f"+proj={projection} +lon_0=20 +R=3396190 +units=m").to_wkt()
    crs = MarsCrs.of(wkt, "globe.tif")
    half = 1.2 * np.pi * 3_396_190
    x = np.concatenate([np.linspace(-half, half, 41)] * 2)
    y = np.repeat([-half / 2, half / 2], 41)
    east, north = crs.to_clamped_degrees(x, y, (0.0, 0.0))
    assert np.isfinite(east).all() and (np.abs(north) <= 90).all()
    # Each lies on the way to the middle, not beyond it on another copy of the planet.
    back_x, back_y = crs.from_degrees(east, north)
    inside = np.abs(north) < 89.9
    assert inside.sum() > 10
    across = np.abs(back_x * y - back_y * x)[inside] / np.hypot(x, y)[inside]
    # The edge of the map is one meridian: either side of it is right.
    mirrored = np.abs(back_x * y + back_y * x)[inside] / np.hypot(x, y)[inside]
    assert (np.minimum(across, mirrored) < 100).all()


def test_other_outlines_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", "IAU_2015:49910", Affine(6, 0, -300, 0, -6, 300))
    strip: Strip = cut_strip(path, tmp_path / "out", CutSettings(size=32)).strip
    assert read_strips(tmp_path / "out") == (strip,)


def test_strips_cut_from_old_labels_before_are_mended_when_they_are_read(tmp_path: Path) -> None:
    transform = Affine(0.25, 0, 5633625.875, 0, -0.25, -488784.875)
    pixels = np.random.default_rng(1).integers(1, 255, (1, 96, 96)).astype(np.uint8)
    path = tmp_path / "old.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=96, height=96, count=1, dtype="uint8",
        crs=equirectangular(-5, 0), transform=transform,
    ) as out:  # fmt: skip
        out.write(pixels)
    root = tmp_path / "out"
    right = cut_strip(path, root, CutSettings(size=32)).strip
    true_tiles = {tile.path: (tile.longitude, tile.latitude) for tile in scan(root).tiles}
    true_rings = footprints(root)
    # What a version up to 0.3.0 would have written: the label as it is.
    literal = CRS.from_wkt(equirectangular(-5, 0))
    plain = CRS.from_proj4("+proj=longlat +R=3396036.8126024")
    wrong = Transformer.from_crs(literal, plain, always_xy=True)

    def places(columns: Any, rows: Any) -> list[tuple[float, float]]:
        x, y = transform @ (np.asarray(columns, float), np.asarray(rows, float))
        east, north = wrong.transform(x, y)
        return list(zip((np.asarray(east) % 360).tolist(), north.tolist(), strict=True))

    ring = places([0, 96, 96, 0], [0, 0, 96, 96])
    before = dataclasses.replace(right, crs=equirectangular(-5, 0), outline=tuple(ring))
    write_strips(root, [before])
    records = []
    for record in read_table(root).values():
        column, row = right.corner(record.path) or (0, 0)
        ((east, north),) = places([column + 16], [row + 16])
        records.append(dataclasses.replace(record, longitude=east, latitude=north))
    write_table(root, records)
    assert all(abs((record.latitude or 0) + 8.2) > 4 for record in records)

    def check() -> None:
        tiles = {tile.path: (tile.longitude, tile.latitude) for tile in scan(root).tiles}
        for name, place in true_tiles.items():
            assert tiles[name] == pytest.approx(place, abs=1e-7)
        assert footprints(root).items() >= true_rings.items()
        (strip,) = (strip for strip in read_strips(root) if strip.name == "old")
        assert bounds(strip.outline) == pytest.approx(bounds(right.outline), abs=1e-6)
        assert strip.is_mended
        # An archive of the wrong coordinates.
        archived = Items(
            ids=[record.path for record in records], labels=[None] * 9, roles=["archive"] * 9,
            strips=["old"] * 9, contents=[""] * 9, places=["tile"] * 9,
            latitudes=[record.latitude for record in records],
            longitudes=[record.longitude for record in records],
        )  # fmt: skip
        items = with_true_places(archived, root)
        for row, name in enumerate(items.ids):
            place = items.longitudes[row], items.latitudes[row]
            assert place == pytest.approx(true_tiles[name], abs=1e-7)

    check()
    # Another strip writes both files again.
    cut_strip(write(tmp_path / "b.tif", "IAU_2015:49910", Affine(6, 0, 0, 0, -6, 0)), root,
              CutSettings(size=32))  # fmt: skip
    check()


@pytest.mark.parametrize(
    ("meridian", "unit", "is_right"),
    [(0, 0.0174532925199433, True), (10, 0.0174532925199433, False), (0, 1.0, False)],
)
def test_degrees_of_another_meridian_or_unit_are_refused(
    meridian: float, unit: float, is_right: bool
) -> None:
    wkt = (
        f'GEOGCS["a",DATUM["b",SPHEROID["c",3396190,0]],PRIMEM["d",{meridian}],UNIT["e",{unit!r}]]'
    )
    if is_right:
        assert degrees(wkt, 10, 20) == (10, 20)
    else:
        with pytest.raises(DataError, match="prime meridian or unit"):
            MarsCrs.of(wkt, "a.tif")


def test_heights_do_not_matter() -> None:
    wkt = CRS.from_authority("IAU_2015", "49900").to_3d().to_wkt()
    assert degrees(wkt, 10, 20) == (10, 20)
