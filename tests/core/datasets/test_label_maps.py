"""What labels say of their maps that GDAL does not heed: west longitudes, oblique maps, offsets."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio import Affine

from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.raster import open_strip
from mirs_core.errors import DataError, MirsError

SIDE = 64
SCENE = np.random.default_rng(0).integers(2, 250, (SIDE, SIDE)).astype(np.uint8)
PDS3 = ["EQUIRECTANGULAR", "SIMPLE_CYLINDRICAL", "SINUSOIDAL", "MERCATOR", "POLAR_STEREOGRAPHIC"]
ISIS = ["Equirectangular", "SimpleCylindrical", "Sinusoidal", "Mercator", "PolarStereographic",
        "LambertConformal", "Orthographic"]  # fmt: skip


def pds3(
    path: Path, kind: str = PDS3[0], meridian: float = 100.0, direction: str = "EAST",
    latitude: str = "PLANETOCENTRIC", polar: str = "3396.19", leave_out: str = "no such line",
) -> Path:  # fmt: skip
    lines = f"""PDS_VERSION_ID = PDS3
RECORD_TYPE = FIXED_LENGTH
RECORD_BYTES = {SIDE}
LABEL_RECORDS = 60
^IMAGE = 61
OBJECT = IMAGE
 LINES = {SIDE}
 LINE_SAMPLES = {SIDE}
 SAMPLE_TYPE = UNSIGNED_INTEGER
 SAMPLE_BITS = 8
END_OBJECT = IMAGE
OBJECT = IMAGE_MAP_PROJECTION
 MAP_PROJECTION_TYPE = "{kind}"
 A_AXIS_RADIUS = 3396.19 <KM>
 B_AXIS_RADIUS = 3396.19 <KM>
 C_AXIS_RADIUS = {polar} <KM>
 COORDINATE_SYSTEM_NAME = {latitude}
 POSITIVE_LONGITUDE_DIRECTION = {direction}
 CENTER_LATITUDE = {90 if "POLAR" in kind else 0} <DEG>
 CENTER_LONGITUDE = {meridian} <DEG>
 LINE_PROJECTION_OFFSET = 1000 <PIXEL>
 SAMPLE_PROJECTION_OFFSET = 2000 <PIXEL>
 MAP_SCALE = 6 <METERS/PIXEL>
END_OBJECT = IMAGE_MAP_PROJECTION
END
""".splitlines()
    label = "\r\n".join(line for line in lines if leave_out not in line).encode()
    path.write_bytes(label.ljust(SIDE * 60) + SCENE.tobytes())
    return path


def isis(
    path: Path, kind: str = ISIS[0], meridian: float = 100.0, direction: str = "East",
    latitude: str = "Planetocentric", polar: str = "3396190.0",
) -> Path:  # fmt: skip
    label = f"""Object = IsisCube
  Object = Core
    StartByte = 8193
    Format = BandSequential
    Group = Dimensions
      Samples = {SIDE}
      Lines = {SIDE}
      Bands = 1
    End_Group
    Group = Pixels
      Type = UnsignedByte
      ByteOrder = Lsb
      Base = 0.0
      Multiplier = 1.0
    End_Group
  End_Object
  Group = Mapping
    ProjectionName = {kind}
    TargetName = Mars
    EquatorialRadius = 3396190.0 <meters>
    PolarRadius = {polar} <meters>
    LatitudeType = {latitude}
    LongitudeDirection = Positive{direction}
    LongitudeDomain = 360
    CenterLongitude = {meridian} <degrees>
    CenterLatitude = {90.0 if "Polar" in kind else 20.0}
    FirstStandardParallel = 10.0
    SecondStandardParallel = 30.0
    UpperLeftCornerX = -12000.0 <meters>
    UpperLeftCornerY = 60000.0 <meters>
    PixelResolution = 6.0 <meters/pixel>
    Scale = 9879.0 <pixels/degree>
  End_Group
End_Object
End
"""
    path.write_bytes(label.encode().ljust(8192) + SCENE.tobytes())
    return path


def pds4(path: Path, meridian: float, direction: str) -> Path:
    whole = path.with_suffix(".tif")
    with rasterio.open(
        whole, "w", driver="GTiff", width=SIDE, height=SIDE, count=1, dtype="uint8",
        crs=f"+proj=eqc +lon_0={meridian} +R=3396190 +units=m",
        transform=Affine(6, 0, -12000, 0, -6, 60000),
    ) as out:  # fmt: skip
        out.write(SCENE[None])
    rasterio.shutil.copy(whole, path, driver="PDS4", VAR_TITLE="a")
    text = path.read_text()
    assert "Positive East" in text
    path.write_text(text.replace("Positive East", f"Positive {direction}"))
    return path


def middle(path: Path) -> tuple[float, float]:
    with open_strip(path) as raster:
        assert len(raster.notes) == ("west" in path.stem)
        return raster.frame.middle


@pytest.mark.parametrize("meridian", [30.0, 222.0])
@pytest.mark.parametrize("kind", PDS3)
def test_a_pds3_label_may_count_longitudes_west(kind: str, meridian: float, tmp_path: Path) -> None:
    west = pds3(tmp_path / "west.img", kind, meridian, "WEST")
    east = pds3(tmp_path / "east.img", kind, 360 - meridian)
    assert middle(west) == pytest.approx(middle(east), abs=1e-9)
    result = cut_strip(west, tmp_path / "out", CutSettings(size=32))
    assert any(f"{meridian:g} W, was converted" in note for note in result.warnings)


@pytest.mark.parametrize("meridian", [30.0, 222.0])
@pytest.mark.parametrize("kind", ISIS)
def test_a_cube_may_count_longitudes_west(kind: str, meridian: float, tmp_path: Path) -> None:
    west = isis(tmp_path / "west.cub", kind, meridian, "West")
    east = isis(tmp_path / "east.cub", kind, 360 - meridian)
    assert middle(west) == pytest.approx(middle(east), abs=1e-9)


def test_a_pds4_label_may_count_longitudes_west(tmp_path: Path) -> None:
    with open_strip(pds4(tmp_path / "a.xml", 30.0, "West")) as raster:
        west = raster.frame.middle
    with open_strip(pds4(tmp_path / "b.xml", 330.0, "East")) as raster:
        assert west == pytest.approx(raster.frame.middle, abs=1e-9)


def test_planetographic_latitudes_of_labels_are_refused_where_gdal_ignores_them(
    tmp_path: Path,
) -> None:
    graphic = pds3(tmp_path / "a.img", latitude="PLANETOGRAPHIC", polar="3376.2")
    cube = isis(tmp_path / "a.cub", latitude="Planetographic", polar="3376200.0")
    for path in (graphic, cube):
        with pytest.raises(DataError, match=r"planetographic.*cam2map or map2map"):
            cut_strip(path, tmp_path / "out", CutSettings(size=32))
    assert not (tmp_path / "out").exists()
    # On a sphere both are the same.
    for path in (
        pds3(tmp_path / "b.img", latitude="PLANETOGRAPHIC"),
        isis(tmp_path / "b.cub", latitude="Planetographic"),
        isis(tmp_path / "c.cub", polar="3376200.0"),
    ):
        assert middle(path)[1] > 0


def test_an_oblique_pds3_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="oblique"):
        middle(pds3(tmp_path / "a.img", "OBLIQUE_CYLINDRICAL"))


@pytest.mark.parametrize("term", ["LINE_PROJECTION_OFFSET", "SAMPLE_PROJECTION_OFFSET"])
def test_a_pds3_map_without_its_offsets_is_refused(term: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not say where its pixels are"):
        middle(pds3(tmp_path / "a.img", leave_out=term))


@pytest.mark.parametrize("number", ["1.2.3", ".", "-", "1E999", "", "1e", "٣", "NULL"])
@pytest.mark.parametrize("term", ["CENTER_LONGITUDE", "A_AXIS_RADIUS", "C_AXIS_RADIUS"])
def test_damaged_numbers_of_labels_are_refused_or_ignored(
    term: str, number: str, tmp_path: Path
) -> None:
    path = pds3(tmp_path / "a.img", "SINUSOIDAL", 30.0, "WEST", "PLANETOGRAPHIC", "3376.2")
    data = path.read_bytes()[: SIDE * 60].rstrip(b"\0") + b"\r\n"
    start = data.index(f"{term} = ".encode()) + len(term) + 3
    end = data.index(b" <", start)
    label = data[:start] + number.encode() + data[end:]
    path.write_bytes(label.ljust(SIDE * 60) + SCENE.tobytes())
    with contextlib.suppress(MirsError):
        cut_strip(path, tmp_path / "out", CutSettings(size=32))
