"""PDS3, PDS4, VICAR, ISIS and VRT: right pixels and places in every reader, no other files."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio import Affine

from mirs_core.datasets import large_images
from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.datasets.large_images import LargeImage, Square
from mirs_core.datasets.raster_formats import driver_of
from mirs_core.datasets.strips import CutSettings, cut_strip
from mirs_core.datasets.strips.raster import content_of, open_strip
from mirs_core.errors import DataError, ImageError

HEIGHT, WIDTH = 64, 96
SCENE = np.random.default_rng(0).integers(1000, 9000, (HEIGHT, WIDTH))
RECORD, RECORDS = 96, 30

SAMPLES = {
    "uint8": ("UNSIGNED_INTEGER", ">u1"),
    "int16": ("MSB_INTEGER", ">i2"),
    "uint16": ("LSB_UNSIGNED_INTEGER", "<u2"),
    "float32": ("IEEE_REAL", ">f4"),
}
PROJECTED = """OBJECT = IMAGE_MAP_PROJECTION
 MAP_PROJECTION_TYPE = "EQUIRECTANGULAR"
 A_AXIS_RADIUS = 3396.19 <KM>
 B_AXIS_RADIUS = 3396.19 <KM>
 C_AXIS_RADIUS = 3396.19 <KM>
 CENTER_LATITUDE = 0.0 <DEG>
 CENTER_LONGITUDE = 0.0 <DEG>
 LINE_PROJECTION_OFFSET = -0.5 <PIXEL>
 SAMPLE_PROJECTION_OFFSET = -0.5 <PIXEL>
 MAP_SCALE = 6 <METERS/PIXEL>
END_OBJECT = IMAGE_MAP_PROJECTION
"""


def scene(kind: str) -> np.ndarray:
    return SCENE // 40 if kind == "uint8" else SCENE


def stretched(values: np.ndarray) -> np.ndarray:
    low, high = np.percentile(values, (0.5, 99.5))
    return np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255)


def pds3(path: Path, values: np.ndarray, kind: str, **more: str) -> Path:
    """A PDS3 product; ``pointer`` names the file of the pixels, which is written as ``file``."""
    sample, code = SAMPLES[kind]
    pointer = more.get("pointer", str(RECORDS + 1))
    label = f"""PDS_VERSION_ID = PDS3
RECORD_TYPE = FIXED_LENGTH
RECORD_BYTES = {RECORD}
LABEL_RECORDS = {RECORDS}
^IMAGE = {pointer}
^DATA_SET_MAP_PROJECTION = "DSMAP.CAT"
INSTRUMENT_ID = "{more.get("instrument", "CTX")}"
OBJECT = IMAGE
 LINES = {HEIGHT}
 LINE_SAMPLES = {WIDTH}
 SAMPLE_TYPE = {sample}
 SAMPLE_BITS = {np.dtype(code).itemsize * 8}
 BANDS = 1
{more.get("constants", "")}
END_OBJECT = IMAGE
{more.get("projection", PROJECTED)}END
""".replace("\n", "\r\n").encode()
    raw = values.astype(code).tobytes()
    if "file" in more:
        path.write_bytes(label)
        (path.parent / more["file"]).write_bytes(raw)
    else:
        path.write_bytes(label.ljust(RECORD * RECORDS) + raw)
    return path


def tiff(path: Path, bands: np.ndarray, **more: Any) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=bands.shape[2], height=bands.shape[1],
        count=len(bands), dtype=bands.dtype,
        crs="IAU_2015:49910", transform=Affine(6, 0, 0, 0, -6, 0), **more,
    ) as out:  # fmt: skip
        out.write(bands)
    return path


def vrt(path: Path, file: str, element: str = "", relative: int = 1, attributes: str = "") -> Path:
    with rasterio.open(path.parent / "a.tif") as raster:
        crs = raster.crs.to_wkt().replace('"', "&quot;")
    path.write_text(f"""<VRTDataset rasterXSize="{WIDTH}" rasterYSize="{HEIGHT}">
<SRS>{crs}</SRS><GeoTransform>0, 6, 0, 0, 0, -6</GeoTransform>
<VRTRasterBand dataType="UInt16" band="1" {attributes}>{element}
<SimpleSource><SourceFilename relativeToVRT="{relative}">{file}</SourceFilename>
<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>""")
    return path


def as_strip(path: Path) -> np.ndarray:
    with open_strip(path) as raster:
        stretch = raster.survey().stretch
        return raster.read(0, 0, raster.width, raster.height, stretch)[0]


def everywhere(path: Path) -> np.ndarray:
    """The pixels of a product, which all readers agree on, and its place."""
    pixels = read_image(path)
    assert np.array_equal(pixels, read_image(read_bytes(path)))
    assert np.array_equal(pixels, as_strip(path))
    image = LargeImage.open(path)
    assert np.array_equal(image.cut(Square(0, 0, HEIGHT)).shape, (HEIGHT, HEIGHT))
    with open_strip(path) as raster:
        assert raster.metres_per_pixel == pytest.approx(6)
        assert raster.pixel_of(0, 0) == pytest.approx((0, 0), abs=1e-6)
    return pixels


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("layout", ["attached", "detached", "upper case", "pair"])
def test_pds3(kind: str, layout: str, tmp_path: Path) -> None:
    files: dict[str, dict[str, str]] = {
        "attached": {},
        "detached": {"pointer": '"a.dat"', "file": "a.dat"},
        "upper case": {"pointer": '"A.DAT"', "file": "a.dat"},
        "pair": {"pointer": '("a.dat", 1)', "file": "a.dat"},
    }
    path = pds3(tmp_path / "a.lbl", scene(kind), kind, **files[layout])
    expected = scene(kind) if kind == "uint8" else stretched(SCENE)
    assert np.abs(everywhere(path).astype(int) - expected).max() <= (kind == "float32")


@pytest.mark.parametrize(
    ("kind", "values", "constants"),
    [
        ("int16", (-32768, -32767, -32764), ""),
        ("int16", (7, -32768), "MISSING_CONSTANT = 7"),
        ("uint16", (0, 1, 65535), ""),
        ("uint8", (0, 254, 255), "CORE_NULL = 0\n CORE_HIGH_REPR_SATURATION = 255\n"
         " CORE_HIGH_INSTR_SATURATION = 254"),
        ("uint16", (0, 4000, 4001), "LOW_REPR_SATURATION = 4000\n HIGH_REPR_SATURATION = 4001"),
        ("float32", (-9999.0, np.nan), "MISSING_CONSTANT = -9999.0"),
        ("float32", (-3.4028226550889045e38, -3.4028232635611926e38),
         "CORE_NULL = 16#FF7FFFFB#\n CORE_LOW_REPR_SATURATION = 16#FF7FFFFC#"),
    ],
)  # fmt: skip
def test_special_pixels_of_pds3_are_missing(
    kind: str, values: tuple[float, ...], constants: str, tmp_path: Path
) -> None:
    pixels = scene(kind).astype(float)
    pixels[np.isin(pixels, values)] += 2
    is_special = np.zeros(SCENE.shape, bool)
    for number, value in enumerate(values):
        pixels[number * 9 : number * 9 + 9, :40] = value
        is_special[number * 9 : number * 9 + 9, :40] = True
    path = pds3(tmp_path / "a.img", pixels, kind, constants=f" {constants}")
    shades = everywhere(path)
    assert not shades[is_special].any()
    valid = pixels[~is_special]
    expected = valid if kind == "uint8" else stretched(valid)
    assert np.abs(shades[~is_special] - expected).max() <= (kind == "float32")
    with open_strip(path) as raster:
        assert np.array_equal(~raster.survey().valid, is_special)


@pytest.mark.parametrize("driver", ["PDS4", "VICAR", "ISIS3", "ISIS3 detached", "ISIS3 with TIFF"])
@pytest.mark.parametrize("kind", ["uint8", "int16", "float32"])
def test_formats_that_gdal_writes(driver: str, kind: str, tmp_path: Path) -> None:
    values = scene(kind).astype(kind)[None]
    null = {"uint8": 0, "int16": -32768, "float32": -3.4028226550889045e38}[kind]
    is_null = np.zeros(SCENE.shape, bool)
    if not driver.startswith("VICAR"):
        is_null[:20] = True
        values[0, :20] = null
    whole = tiff(tmp_path / "whole.tif", values, nodata=null)
    path = tmp_path / {"PDS4": "a.xml", "VICAR": "a.vic", "ISIS3": "a.cub"}.get(driver, "a.lbl")
    options = {
        "PDS4": {"VAR_TITLE": "a"},
        "ISIS3 detached": {"DATA_LOCATION": "EXTERNAL"},
        "ISIS3 with TIFF": {"DATA_LOCATION": "GEOTIFF"},
    }.get(driver, {})
    rasterio.shutil.copy(whole, path, driver=driver.split()[0], **options)
    pixels = everywhere(path)
    assert not pixels[is_null].any()
    valid = values[0][~is_null]
    expected = valid if kind == "uint8" else stretched(valid)
    assert np.abs(pixels[~is_null].astype(int) - expected).max() <= (kind == "float32")


def test_a_label_of_a_jpeg_2000_file(tmp_path: Path) -> None:
    whole = tiff(tmp_path / "a.tif", SCENE.astype(np.uint16)[None])
    rasterio.shutil.copy(
        whole, tmp_path / "A.JP2", driver="JP2OpenJPEG", QUALITY=100, REVERSIBLE="YES"
    )
    path = pds3(tmp_path / "a.lbl", SCENE, "uint16", pointer='"A.IMG"', file="unused")
    compressed = """OBJECT = COMPRESSED_FILE
 FILE_NAME = "A.JP2"
 ENCODING_TYPE = "JP2"
 UNCOMPRESSED_FILE_NAME = "A.IMG"
END_OBJECT = COMPRESSED_FILE
"""
    path.write_text(path.read_text().replace("INSTRUMENT_ID", f"{compressed}INSTRUMENT_ID"))
    assert np.array_equal(everywhere(path), stretched(SCENE))
    (tmp_path / "A.JP2").write_text("<VRTDataset/>")
    with pytest.raises(ImageError, match="neither a TIFF nor a JPEG 2000"):
        read_image(path)


def test_a_vrt_of_two_files(tmp_path: Path) -> None:
    values = SCENE.astype(np.uint16)[None]
    tiff(tmp_path / "a.tif", values)
    path = vrt(tmp_path / "a.vrt", "a.tif")
    assert np.array_equal(everywhere(path), stretched(SCENE))
    before = content_of(path)
    tiff(tmp_path / "a.tif", values + 1)
    assert content_of(path) != before


FILES = [
    "/etc/passwd", "../a.tif", "/vsicurl/http://h/a.tif", "http://h/a.tif", "/vsizip/a.zip/a.tif",
    "GTIFF_DIR:1:a.tif", "missing.tif", "link.tif", "folder.tif", "b.vrt", "text.tif", ".a.tif",
    "pipe.tif",
]  # fmt: skip


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("how", ["PDS", "PDS4", "ISIS3", "VRT"])
def test_only_plain_files_beside_a_label_are_read(how: str, file: str, tmp_path: Path) -> None:
    if how != "VRT" and file in ("b.vrt", "text.tif"):
        pytest.skip("raw values of any content")
    inner = tmp_path / "folder"
    inner.mkdir()
    tiff(tmp_path / "a.tif", SCENE.astype(np.uint16)[None])
    tiff(inner / "a.tif", SCENE.astype(np.uint16)[None])
    (inner / "folder.tif").mkdir()
    (inner / "link.tif").symlink_to(tmp_path / "a.tif")
    (inner / "text.tif").write_text("no raster")
    os.mkfifo(inner / "pipe.tif")
    vrt(inner / "b.vrt", "a.tif")
    if how == "PDS":
        path = pds3(inner / "a.lbl", SCENE, "uint16", pointer=f'"{file}"', file="a.dat")
    elif how == "VRT":
        path = vrt(inner / "a.vrt", file)
    else:
        path = inner / ("a.xml" if how == "PDS4" else "a.lbl")
        options = {"VAR_TITLE": "a"} if how == "PDS4" else {"DATA_LOCATION": "EXTERNAL"}
        rasterio.shutil.copy(tmp_path / "a.tif", path, driver=how, **options)
        data = "a.img" if how == "PDS4" else "a.cub"
        text = re.sub(
            rf"(\^Core\s*= |<file_name>){re.escape(data)}", rf"\g<1>{file}", path.read_text()
        )
        path.write_text(text)
    for reader in (read_image, as_strip, LargeImage.open):
        with pytest.raises(ImageError, match=re.escape(path.name)):
            reader(path)


@pytest.mark.parametrize(
    "before",
    [
        "/* a\nEND\n*/",
        'NOTE = "a\nEND\n"',
        "NOTE = 'a\nEND\n'",
        '# "\nNOTE = "\nEND\n"',
        "/* ^IMAGE = 31 */",
        "^IMAGE = 31",
    ],
)
@pytest.mark.parametrize("file", ["../pipe.dat", "../a.dat", "/etc/passwd"])
def test_no_text_of_a_label_hides_another_file(file: str, before: str, tmp_path: Path) -> None:
    inner = tmp_path / "folder"
    inner.mkdir()
    (tmp_path / "a.dat").write_bytes(bytes(2 * HEIGHT * WIDTH))
    os.mkfifo(tmp_path / "pipe.dat")
    path = pds3(inner / "a.lbl", SCENE, "uint16", pointer=f'"{file}"', file="b.dat")
    label = path.read_text().replace("^IMAGE", f"{before}\n^IMAGE", 1)
    path.write_text(label)
    for reader in (read_image, as_strip, LargeImage.open):
        with pytest.raises(ImageError, match="own folder"):
            reader(path)


@pytest.mark.parametrize(
    ("before", "name", "words"),
    [
        ("<!-- <File_Area_Observational><file_name>a.img</file_name> -->", "../a.img", "own fol"),
        ("", "<!-- -->../a.img", "own folder"),
        ("", "<![CDATA[../a.img]]>", "own folder"),
        ("", "..&#47;a.img", "own folder"),
        ("<Other><File_Name>a.img</File_Name></Other>", "../a.img", "own folder"),
        ("<file_area_observational><File><file_name>../a.img</file_name></File>"
         "</file_area_observational>", "a.img", "own folder"),
        ("<File>", "a.img", "damaged"),
    ],
)  # fmt: skip
def test_no_markup_of_a_pds4_label_hides_another_file(
    before: str, name: str, words: str, tmp_path: Path
) -> None:
    tiff(tmp_path / "a.tif", SCENE.astype(np.uint16)[None])
    path = tmp_path / "in" / "a.xml"
    path.parent.mkdir()
    rasterio.shutil.copy(tmp_path / "a.tif", path, driver="PDS4", VAR_TITLE="a")
    assert read_image(path).any()
    text = path.read_text().replace(">a.img<", f">{name}<")
    path.write_text(text.replace("<File_Area_Observational>", f"{before}<File_Area_Observational>"))
    for reader in (read_image, as_strip):
        with pytest.raises(ImageError, match=words):
            reader(path)
    declared = text.replace("<Product_Obs", '<!DOCTYPE a [<!ENTITY b "../a.img">]><Product_Obs')
    path.write_text(declared)
    with pytest.raises(ImageError, match="declarations"):
        read_image(path)


@pytest.mark.parametrize(
    ("element", "attributes", "words"),
    [
        ("<Metadata/>", 'subClass="VRTDerivedRasterBand"', "Derived"),
        ("<PixelFunctionType>sum</PixelFunctionType>", "", "PixelFunctionType"),
        ("<PixelFunctionCode>import os</PixelFunctionCode>", "", "PixelFunctionCode"),
        ("<Overview><SourceFilename>/etc/passwd</SourceFilename></Overview>", "", "Overview"),
        ("", 'subClass="VRTRawRasterBand"', "VRTRaw"),
        ("<OpenOptions/>", "", "OpenOptions"),
        ("<!-- a -->", "", "comments"),
        ("", 'SourceFilename="/etc/passwd"', "SourceFilename"),
        ("", 'sourcefilename="b.tif"', "sourcefilename"),
        ("", 'subclass="VRTRawRasterBand"', "VRTRaw"),
    ],
)  # fmt: skip
def test_a_vrt_that_is_more_than_a_mosaic_is_refused(
    element: str, attributes: str, words: str, tmp_path: Path
) -> None:
    tiff(tmp_path / "a.tif", SCENE.astype(np.uint16)[None])
    path = vrt(tmp_path / "a.vrt", "a.tif", element, attributes=attributes)
    for reader in (read_image, as_strip):
        with pytest.raises(ImageError, match=words):
            reader(path)
    path = vrt(tmp_path / "b.vrt", str(tmp_path / "a.tif"), relative=0)
    with pytest.raises(ImageError, match="own folder"):
        read_image(path)


def test_a_tiff_of_a_vrt_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    tiff(tmp_path / "other.tif", SCENE.astype(np.uint16)[None])
    tiff(tmp_path / "a.tif", SCENE.astype(np.uint16)[None])
    with rasterio.open(tmp_path / "a.tif", "r+") as raster:
        raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(tmp_path / "other.tif"))
    with pytest.raises(ImageError, match="refers to other files"):
        read_image(vrt(tmp_path / "a.vrt", "a.tif"))


def test_a_label_alone_says_what_to_do(tmp_path: Path) -> None:
    path = pds3(tmp_path / "a.lbl", SCENE, "int16", pointer='"a.dat"', file="a.dat")
    with pytest.raises(ImageError, match=r"in a\.dat.*its path on this computer"):
        read_image(path.read_bytes(), path.name)
    (tmp_path / "a.dat").unlink()
    with pytest.raises(ImageError, match=r"a\.dat, which is missing"):
        read_image(path)


@pytest.mark.parametrize(
    ("instrument", "step"),
    [("CTX", "mroctx2isis"), ("HIRISE", "hi2isis"), ("HRSC", "hrsc2isis"), ("X", "pds2isis")],
)
def test_level_1_products_are_images_but_no_strips(
    instrument: str, step: str, tmp_path: Path
) -> None:
    path = pds3(tmp_path / "a.img", SCENE, "int16", projection="", instrument=instrument)
    assert np.array_equal(read_image(path), stretched(SCENE))
    with pytest.raises(DataError, match=rf"{step} from=a\.img.*spiceinit.*cam2map"):
        as_strip(path)


def test_a_product_of_two_files_is_cut_and_its_fingerprint_covers_both(tmp_path: Path) -> None:
    path = pds3(tmp_path / "a.lbl", SCENE, "int16", pointer='"a.dat"', file="a.dat")
    assert cut_strip(path, tmp_path / "out", CutSettings(size=32)).strip.tiles == 6
    before = content_of(path)
    (tmp_path / "a.dat").write_bytes(SCENE.astype(">i2")[::-1].tobytes())
    assert content_of(path) != before


def test_windows_of_large_products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_images, "MAX_BYTES", 100)
    path = pds3(tmp_path / "a.img", scene("uint8"), "uint8")
    image = LargeImage.open(path)
    assert np.array_equal(image.cut(Square(8, 4, 40)), scene("uint8")[4:44, 8:48])


def test_damaged_bundles_and_truncated_products_are_refused(tmp_path: Path) -> None:
    path = pds3(tmp_path / "a.lbl", SCENE, "int16", pointer='"a.dat"', file="a.dat")
    data = read_bytes(path)
    assert driver_of(data) == "PDS"
    for size in range(14, len(data), 997):
        with pytest.raises(ImageError):
            read_image(data[:size])
    evil = data.replace(b'"a.dat"', b'"../dat"'[: len(b'"a.dat"')])
    with pytest.raises(ImageError):
        read_image(evil)


@pytest.mark.parametrize("pointer", ['"a.tif"', '("a.tif")', '( "A.TIF" )', "a.tif", "'a.tif'"])
def test_a_label_of_an_image_file_is_refused_and_not_read_as_raw_pixels(
    pointer: str, tmp_path: Path
) -> None:
    path = pds3(tmp_path / "a.lbl", SCENE, "uint8", pointer=pointer, file="unused")
    tiff(tmp_path / "a.tif", SCENE.astype(np.uint8)[None], compress="deflate")
    for read in (read_image, as_strip, LargeImage.open, lambda p: read_image(read_bytes(p))):
        with pytest.raises(ImageError, match=r"is the label of a\.tif.*; choose it\.$"):
            read(path)


def test_a_label_that_says_where_the_pixels_begin_in_an_image_file_is_followed(
    tmp_path: Path,
) -> None:
    scene = SCENE.astype(np.uint8)
    data = tiff(tmp_path / "a.tif", scene[None]).read_bytes()
    first = data.index(scene.tobytes()) + 1
    pointer = f'("a.tif", {first} <BYTES>)'
    path = pds3(tmp_path / "a.lbl", scene, "uint8", pointer=pointer, file="unused")
    assert np.array_equal(everywhere(path), scene)


@pytest.mark.parametrize(
    "layout", ["PDS", "PDS detached", "PDS4", "VICAR", "ISIS3", "ISIS3 detached"]
)
def test_products_that_end_too_early_are_refused(layout: str, tmp_path: Path) -> None:
    data = path = tmp_path / "a.img"
    if layout == "PDS":
        pds3(path, SCENE, "int16")
    elif layout == "PDS detached":
        path, data = tmp_path / "a.lbl", tmp_path / "a.dat"
        pds3(path, SCENE, "int16", pointer='"a.dat"', file="a.dat")
    else:
        whole = tiff(tmp_path / "whole.tif", SCENE.astype(np.int16)[None])
        names = {"PDS4": ("b.xml", "b.img"), "VICAR": ("b.vic", "b.vic")}
        label, pixels = names.get(layout, ("b.cub", "b.cub"))
        label = "b.lbl" if layout.endswith("detached") else label
        path, data = tmp_path / label, tmp_path / pixels
        options = {"DATA_LOCATION": "EXTERNAL"} if label == "b.lbl" else {}
        rasterio.shutil.copy(whole, path, driver=layout.split()[0], **options)
    assert read_image(path).any()
    # Two thirds of the pixels are there; trailing history does not count.
    content = data.read_bytes()
    data.write_bytes(content[: len(content) - SCENE.size * 2 // 3])
    for reader in (read_image, as_strip, LargeImage.open):
        with pytest.raises(ImageError, match="damaged: its pixels need"):
            reader(path)
