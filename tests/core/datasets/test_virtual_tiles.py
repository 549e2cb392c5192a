"""Virtual tiles: windows of a raster behave as image files do, and nothing is written per tile."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.enums
import rasterio.shutil
from rasterio import Affine

from mirs_core import cli
from mirs_core.datasets import pixel_content
from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.images import read_image
from mirs_core.datasets.manifest import scan, tiles_named
from mirs_core.datasets.strips import (
    CutSettings,
    StripDetails,
    cut_strip,
    readers,
    virtual,
    virtual_tiles,
)
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.datasets.strips.virtual import ids_of, virtual_tile
from mirs_core.datasets.strips.window_table import WINDOWS_FILE, WindowTable
from mirs_core.datasets.tile_source import (
    read_file,
    read_pixels,
    read_small,
    read_verified,
    reading_order,
)
from mirs_core.datasets.tile_table import read_table
from mirs_core.datasets.walk import find_images
from mirs_core.errors import DataError, ImageError, StoppedError
from mirs_core.files import sha256
from mirs_core.landform_map.footprints import footprints
from mirs_core.retrieval.tile_files import TileState, tile_file

SMALL = CutSettings(size=32)
VIRTUAL = replace(SMALL, virtual=True)
NAMED = StripDetails(name="S")


def values(height: int = 160, width: int = 192, bands: int = 1, kind: str = "uint8") -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind.startswith("float"):
        return rng.normal(0.2, 0.05, (bands, height, width)).astype(kind)
    return rng.integers(20, 230, (bands, height, width)).astype(kind)


def write(
    path: Path, pixels: np.ndarray, crs: str = "IAU_2015:49910", turn: float = 0.0,
    metres: float = 6.0, place: tuple[float, float] = (-600.0, 480.0), **more: Any,
) -> Path:  # fmt: skip
    count, height, width = pixels.shape
    transform = Affine.translation(*place) @ Affine.rotation(turn) @ Affine.scale(metres, -metres)
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count, dtype=pixels.dtype,
        tiled=True, blockxsize=64, blockysize=64, crs=crs, transform=transform, **more,
    ) as out:  # fmt: skip
        out.write(pixels)
    return path


def rasters(tmp_path: Path) -> dict[str, tuple[Path, CutSettings]]:
    """A raster of every kind that reads differently, with its settings."""
    gaps = values()
    gaps[:, 40:90, 60:100] = 0
    return {
        "grey": (write(tmp_path / "grey.tif", values()), SMALL),
        "gaps": (write(tmp_path / "gaps.tif", gaps, nodata=0), replace(SMALL, max_nodata=0.5)),
        "colour": (write(tmp_path / "colour.tif", values(bands=3)), SMALL),
        "float": (write(tmp_path / "float.tif", values(kind="float32")), SMALL),
        "deep": (write(tmp_path / "deep.tif", values(kind="uint16") * 100), SMALL),
        "overlap": (write(tmp_path / "overlap.tif", values()), replace(SMALL, stride=20)),
        "rotated": (write(tmp_path / "rotated.tif", values(), turn=30), SMALL),
        "polar": (
            write(tmp_path / "polar.tif", values(), "IAU_2015:49930", 10, 50.0, (7e5, 3e5)), SMALL,
        ),
        "ellipsoid": (
            write(tmp_path / "ell.tif", values(), "IAU_2015:49911", 0, 100.0, (3e6, 1.5e6)), SMALL,
        ),
    }  # fmt: skip


KINDS = (
    "grey", "gaps", "colour", "float", "deep", "overlap", "rotated", "polar", "ellipsoid",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_are_those_that_would_be_written_as_images(kind: str, tmp_path: Path) -> None:
    path, settings = rasters(tmp_path)[kind]
    cut = cut_strip(path, tmp_path / "images", settings, NAMED)
    virtual = cut_strip(path, tmp_path / "virtual", replace(settings, virtual=True), NAMED)
    assert [*(tmp_path / "virtual").rglob("*.png")] == []
    counts = ("tiles", "without_data", "flat", "stretch", "outline")
    assert all(getattr(cut.strip, name) == getattr(virtual.strip, name) for name in counts)
    images = scan(tmp_path / "images").tiles
    windows = scan(tmp_path / "virtual").tiles
    assert len(images) == len(windows) == cut.strip.tiles > 4
    for image, window in zip(images, windows, strict=True):
        assert window.id == image.id.removesuffix(".png") + ".window"
        same = ("label", "split", "strip", "latitude", "longitude", "place")
        assert all(getattr(image, name) == getattr(window, name) for name in same)
        pixels = read_image(tmp_path / "images" / image.path)
        assert (read_pixels(tmp_path / "virtual", window.id) == pixels).all()
        assert window.content == pixel_content.content_of(pixels)
        assert (read_verified(tmp_path / "virtual", window.id, window.content) == pixels).all()
    rings = footprints(tmp_path / "virtual")
    expected = footprints(tmp_path / "images")
    assert {name.removesuffix(".window"): ring for name, ring in rings.items()} == {
        name.removesuffix(".png"): ring for name, ring in expected.items()
    }


def test_the_content_is_the_hash_of_a_netpbm_file() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert pixel_content.content_of(grey) == sha256(b"P5\n3 2\n255\n" + bytes(range(6)))
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert pixel_content.content_of(colour) == sha256(b"P6\n3 2\n255\n" + bytes(range(18)))
    assert pixel_content.content_of(colour[:, ::-1]) != pixel_content.content_of(colour)


@pytest.fixture
def tiled(tmp_path: Path) -> Path:
    """A data set of 30 virtual tiles; its raster is ``tmp_path / "S.tif"``."""
    cut_strip(write(tmp_path / "S.tif", values()), tmp_path / "out", VIRTUAL)
    return tmp_path / "out"


def test_nothing_is_written_for_a_tile(tiled: Path) -> None:
    names = {path.name for path in tiled.rglob("*") if path.is_file()}
    assert names - {".strips.lock"} == {CARD_FILE, "strips.json", WINDOWS_FILE}
    assert len(ids_of(tiled)) == 30
    images = find_images(tiled)
    assert (images.paths, len(images.tiles), images.remarks) == ([], 30, ())
    assert len(tiles_named(tiled)) == 30
    assert all(tile.latitude is not None for tile in tiles_named(tiled))


def test_windows_are_read_in_any_order_from_many_threads(tiled: Path, tmp_path: Path) -> None:
    with rasterio.open(tmp_path / "S.tif") as raster:
        whole = raster.read(1)
    ids = [*ids_of(tiled)] * 4
    np.random.default_rng(1).shuffle(ids)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda tile: read_pixels(tiled, tile), ids))
    for tile, pixels in zip(ids, read, strict=True):
        window = virtual_tile(tiled, tile)
        assert window is not None
        x, y = window.corner
        assert (pixels == whole[y : y + 32, x : x + 32]).all()


def test_few_rasters_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers.close_all()
    monkeypatch.setattr(readers, "_MOST_OPEN", 2)
    for number in range(4):
        pixels = values() // (number + 1)
        cut_strip(write(tmp_path / f"R{number}.tif", pixels), tmp_path / "out", VIRTUAL)
    for tile in scan(tmp_path / "out").tiles:
        read_verified(tmp_path / "out", tile.id, tile.content)
        assert len(readers._readers) <= 2
    readers.close_all()
    assert not readers._readers


def test_the_fastest_order_is_row_by_row(tiled: Path, tmp_path: Path) -> None:
    cut_strip(write(tmp_path / "A.tif", values()), tiled, VIRTUAL)
    ids = ["b.png", *ids_of(tiled), "a.png"]
    np.random.default_rng(0).shuffle(ids)
    ordered = [ids[place] for place in reading_order(ids)]
    tiles = [virtual_tile(tiled, tile) for tile in ordered[:-2]]
    keys = [(t.strip.name, t.corner[1], t.corner[0]) for t in tiles if t]
    assert keys == sorted(keys) and len(keys) == 60
    files = [tile for tile in ids if tile.endswith(".png")]
    assert ordered[-2:] == files
    assert reading_order(files).tolist() == [0, 1]


def changed_size(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"0")


def other_pixels(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def other_raster(path: Path) -> None:
    write(path, values()[:, ::-1])


@pytest.mark.parametrize("change", [changed_size, other_pixels, other_raster])
def test_a_raster_that_is_replaced_is_noticed(
    change: Callable[[Path], None], tiled: Path, tmp_path: Path
) -> None:
    tile = scan(tiled).tiles[3]
    assert tile_file(tiled, tile.id, tile.content).state == TileState.CURRENT
    change(tmp_path / "S.tif")
    assert tile_file(tiled, tile.id, tile.content).state == TileState.CHANGED
    with pytest.raises(DataError, match=r"The raster .*S\.tif of S has changed"):
        scan(tiled)
    if change is other_raster:
        with pytest.raises(DataError, match="was changed"):
            read_verified(tiled, tile.id, tile.content)
        with pytest.raises(DataError, match="another raster"):
            cut_strip(tmp_path / "S.tif", tiled, VIRTUAL)


def test_a_mosaic_changes_with_its_files(tmp_path: Path) -> None:
    part = write(tmp_path / "part.tif", values())
    rasterio.shutil.copy(part, tmp_path / "S.vrt", driver="VRT")
    cut_strip(tmp_path / "S.vrt", tmp_path / "out", VIRTUAL)
    tile = scan(tmp_path / "out").tiles[3]
    assert tile_file(tmp_path / "out", tile.id, tile.content).state == TileState.CURRENT
    other_pixels(part)
    assert tile_file(tmp_path / "out", tile.id, tile.content).state == TileState.CHANGED
    part.unlink()
    assert tile_file(tmp_path / "out", tile.id, tile.content).state == TileState.UNREADABLE
    with pytest.raises(DataError, match="cannot be read"):
        scan(tmp_path / "out")


def test_a_smaller_raster_does_not_have_the_tile(tiled: Path, tmp_path: Path) -> None:
    write(tmp_path / "S.tif", values(64, 64))
    with pytest.raises(ImageError, match="has changed: it has 64 x 64 pixels now"):
        read_pixels(tiled, ids_of(tiled)[-1])


def test_a_raster_that_was_touched_or_copied_is_the_same(tiled: Path, tmp_path: Path) -> None:
    tile = scan(tiled).tiles[3]
    os.utime(tmp_path / "S.tif", ns=(10**18, 10**18))
    assert tile_file(tiled, tile.id, tile.content).state == TileState.CURRENT
    assert len(scan(tiled).tiles) == 30


def test_a_missing_raster_is_told(tiled: Path, tmp_path: Path) -> None:
    tile = scan(tiled).tiles[3]
    (tmp_path / "S.tif").unlink()
    assert tile_file(tiled, tile.id, tile.content).state == TileState.MISSING
    for act in (lambda: scan(tiled), lambda: read_verified(tiled, tile.id, tile.content)):
        with pytest.raises(DataError, match=r"S\.tif of S is missing"):
            act()
    assert len(tiles_named(tiled)) == 30


def test_a_raster_that_moved_with_its_data_set_is_found(tiled: Path, tmp_path: Path) -> None:
    before = scan(tiled)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(tmp_path / "S.tif", moved / "S.tif")
    shutil.move(tiled, moved / "out")
    assert scan(moved / "out").digest == before.digest


def test_cutting_a_moved_raster_again_tells_where_it_is(tiled: Path, tmp_path: Path) -> None:
    before = scan(tiled)
    (tmp_path / "far" / "away").mkdir(parents=True)
    moved = shutil.move(tmp_path / "S.tif", tmp_path / "far" / "away" / "S.tif")
    with pytest.raises(DataError, match="missing"):
        scan(tiled)
    again = cut_strip(moved, tiled, VIRTUAL)
    assert (again.resumed, again.strip.tiles) == (30, 30)
    assert scan(tiled).digest == before.digest


def test_the_other_kind_of_tiles_needs_another_name(tiled: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="as windows of its raster before"):
        cut_strip(tmp_path / "S.tif", tiled, SMALL)
    cut_strip(tmp_path / "S.tif", tiled, SMALL, StripDetails(name="T"))
    with pytest.raises(DataError, match="into image files before"):
        cut_strip(tmp_path / "S.tif", tiled, VIRTUAL, StripDetails(name="T"))
    assert len(scan(tiled).tiles) == 60


def test_tables_and_licences_of_virtual_tiles(tiled: Path, tmp_path: Path) -> None:
    card = json.loads((tiled / CARD_FILE).read_text())
    (tiled / CARD_FILE).write_text(json.dumps({**card, "licence": "CC0"}))
    cut_strip(write(tmp_path / "A.tif", values() // 2), tiled, VIRTUAL)
    # A licence that nobody knows is not that of the card, whenever it is cut again.
    assert cut_strip(tmp_path / "A.tif", tiled, VIRTUAL).resumed == 30
    assert {strip.name: strip.licence for strip in read_strips(tiled)} == {
        "S": None, "A": "unknown",
    }  # fmt: skip
    assert not (tiled / "tiles.csv").exists()
    tile = ids_of(tiled)[0]
    (tiled / "tiles.csv").write_text(f"path,label\n{tile},cra\n")
    labelled = [entry for entry in scan(tiled).tiles if entry.label]
    assert [(entry.id, entry.label) for entry in labelled] == [(tile, "cra")]
    assert labelled[0].latitude is not None
    cut_strip(write(tmp_path / "B.tif", values() // 3), tiled, VIRTUAL)
    assert set(read_table(tiled)) == {tile}


def test_tiles_of_several_strips_are_sorted_by_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    for name in ("S", "S-1", "S.2", "S_3"):
        details = StripDetails(name=name)
        cut_strip(write(tmp_path / f"{name}.tif", values(96, 128)), root, VIRTUAL, details)
    for step, digits in ((4096, 1_000_000), (3, 0)):
        monkeypatch.setattr(virtual, "_STEP", step)
        monkeypatch.setattr(virtual, "_DIGITS_OF_IDS", digits)
        tiles = list(scan(root).tiles)
        assert [tile.id for tile in tiles] == sorted(ids_of(root)) and len(tiles) == 4 * 12
        assert [replace(tile, content="") for tile in tiles] == list(tiles_named(root))
        for tile in tiles:
            window = virtual_tile(root, tile.id)
            assert window is not None and window.recorded_content() == tile.content
            record = window.record()
            assert (record.strip, record.latitude, record.longitude) == (
                tile.strip, tile.latitude, tile.longitude,
            )  # fmt: skip


def test_cutting_that_is_stopped_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_tiles, "_WINDOWS_PER_PART", 1)
    path = write(tmp_path / "S.tif", values())

    def stopping(stage: str, done: int, total: int) -> None:
        if done >= 18:
            raise StoppedError("Stopped.")

    with pytest.raises(StoppedError):
        cut_strip(path, tmp_path / "out", VIRTUAL, progress=stopping)
    assert not (tmp_path / "out" / "strips.json").exists()
    cut = cut_strip(path, tmp_path / "out", VIRTUAL)
    assert (cut.resumed, cut.strip.tiles) == (12, 30)
    whole = cut_strip(path, tmp_path / "whole", VIRTUAL)
    assert scan(tmp_path / "out").digest == scan(tmp_path / "whole").digest
    assert whole.resumed == 0


def test_a_raster_that_changes_while_it_is_cut_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "S.tif", values())

    def changing(stage: str, done: int, total: int) -> None:
        if done == total:
            os.utime(path, ns=(10**18, 10**18))

    with pytest.raises(ImageError, match="changed while it was being cut"):
        cut_strip(path, tmp_path / "out", VIRTUAL, progress=changing)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"ARROW1\0\0" + bytes(100),
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    ],
)
def test_a_damaged_list_of_windows_is_told(damage: Callable[[bytes], bytes], tiled: Path) -> None:
    path = tiled / "S" / WINDOWS_FILE
    tile = ids_of(tiled)[0]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"windows\.arrow is missing or damaged"):
        scan(tiled)
    assert tile_file(tiled, tile, "0" * 64).state == TileState.UNREADABLE


@pytest.mark.parametrize("corners", [[(0, 0), (0, 0)], [(32, 0), (0, 0)], [(161, 0)], [(-1, 0)]])
def test_windows_out_of_place_are_refused(corners: list[tuple[int, int]], tiled: Path) -> None:
    (strip,) = read_strips(tiled)
    table = WindowTable.of(corners, ["ab" * 32] * len(corners), 0, 0)
    path = tiled / "S" / WINDOWS_FILE
    path.write_bytes(table.to_bytes())
    with pytest.raises(DataError, match="missing or damaged"):
        WindowTable.read(path, strip)


def test_a_window_as_a_file_is_a_png(tiled: Path) -> None:
    tile = scan(tiled).tiles[5]
    data, suffix, content = read_file(tiled, tile.id)
    assert (suffix, content) == (".png", tile.content)
    assert (read_image(data) == read_pixels(tiled, tile.id)).all()


@pytest.mark.parametrize("bands", [1, 3])
def test_pictures_of_large_windows_are_read_from_overviews(bands: int, tmp_path: Path) -> None:
    raster = write(tmp_path / "r.tif", values(bands=bands))
    cut_strip(raster, tmp_path / "set", VIRTUAL, NAMED)
    (tile, *_) = [name for name in ids_of(tmp_path / "set") if virtual_tile(tmp_path / "set", name)]
    whole = read_pixels(tmp_path / "set", tile)
    assert np.array_equal(read_small(tmp_path / "set", tile, 8), whole)
    with rasterio.open(raster, "r+") as out:
        out.build_overviews([2, 4], rasterio.enums.Resampling.average)
    readers.close_all()
    for side, factor in ((5, 4), (8, 4), (9, 2), (16, 2), (17, 1), (100, 1)):
        blocks = whole.reshape(32 // factor, factor, 32 // factor, factor, -1)
        small = read_small(tmp_path / "set", tile, side)
        assert small.shape == (32 // factor, 32 // factor, *whole.shape[2:])
        mean = blocks.mean(axis=(1, 3)).reshape(small.shape)
        np.testing.assert_allclose(small, mean, atol=1.0)
    assert np.array_equal(read_pixels(tmp_path / "set", tile), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_rasters_without_overviews_are_the_tiles(kind: str, tmp_path: Path) -> None:
    raster, settings = rasters(tmp_path)[kind]
    root = tmp_path / "set"
    cut_strip(raster, root, replace(settings, virtual=True), NAMED)
    for tile in ids_of(root)[:2]:
        assert np.array_equal(read_small(root, tile, 8), read_pixels(root, tile))


def test_windows_that_nobody_lists_are_missing(tiled: Path) -> None:
    for tile in ("S/S_X000001_Y000000.window", "T/T_X000000_Y000000.window", "S/x.window"):
        state = tile_file(tiled, tile, "0" * 64).state
        assert state == TileState.MISSING
    with pytest.raises(ImageError, match="in no strip"):
        read_pixels(tiled, "T/T_X000000_Y000000.window")


def test_the_command_line_cuts_virtual_tiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    path = write(tmp_path / "S.tif", values())
    words = ["data", "tile", str(path), "--out", str(tmp_path / "out"), "--size", "32"]
    assert cli.main([*words, "--virtual"]) == 0
    assert f"virtual: no image files; pixels are read from {path}" in capsys.readouterr().out
    assert cli.main([*words, "--virtual", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["virtual"], answer["tiles"], answer["resumed"]) == (True, 30, 30)
    assert cli.main(["data", "describe", str(tmp_path / "out"), "--json"]) == 0
    described = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert described["tiles"] == 30
