"""What of a folder is a tile, and what is counted as passed over."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from fakes import FakeNetwork, MakeDataset, make_fake_encoder
from PIL import Image
from rasterio import Affine

from mirs_core.datasets.images import read_image
from mirs_core.datasets.importing import (
    FolderDescription,
    import_copy,
    import_in_place,
    import_into,
)
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.walk import find_images, passed_over_lines
from mirs_core.encoders.feature_store import extract
from mirs_core.errors import DataError
from mirs_core.workspace.home import Home

SCENE = np.random.default_rng(0).integers(2, 250, (40, 48)).astype(np.uint8)


@pytest.fixture
def products(tmp_path: Path) -> Path:
    """A folder with a tile of every format, in pairs where the format has them."""
    root = tmp_path / "products"
    root.mkdir()
    whole = root / "whole.tif"
    with rasterio.open(
        whole, "w", driver="GTiff", width=48, height=40, count=1, dtype="uint8",
        crs="IAU_2015:49910", transform=Affine(6, 0, 0, 0, -6, 0),
    ) as out:  # fmt: skip
        out.write(SCENE[None])
    rasterio.shutil.copy(whole, root / "pds4.xml", driver="PDS4", VAR_TITLE="a")
    rasterio.shutil.copy(whole, root / "vicar.vic", driver="VICAR")
    rasterio.shutil.copy(whole, root / "cube.cub", driver="ISIS3")
    rasterio.shutil.copy(whole, root / "isis.lbl", driver="ISIS3", DATA_LOCATION="EXTERNAL")
    rasterio.shutil.copy(whole, root / "b.JP2", driver="JP2OpenJPEG")
    Image.fromarray(SCENE).save(root / "a.gif")
    return root


def test_a_label_and_its_pixels_are_one_tile(products: Path) -> None:
    images = find_images(products)
    names = ["a.gif", "b.JP2", "cube.cub", "isis.lbl", "pds4.xml", "vicar.vic", "whole.tif"]
    assert sorted(images.paths) == names and not images.refused
    # The processing history that GDAL writes beside the label.
    assert images.passed_over == {".isiscube": 1}
    manifest = scan(products)
    assert [tile.path for tile in manifest.tiles] == names and not manifest.unreadable


def test_other_files_are_counted_by_kind(products: Path) -> None:
    (products / "notes.txt").write_text("text")
    (products / "more").mkdir()
    for name in ("b.TXT", "other.xml", "table.lbl", "Makefile", ".hidden.txt", "tiles.csv"):
        (products / "more" / name).write_text("<a/>")
    os.mkfifo(products / "pipe.lbl")
    (products / "dataset.json").write_text("{}")
    images = find_images(products)
    assert images.passed_over == {
        ".txt": 2, ".xml": 1, ".lbl": 2, "": 1, ".csv": 1, ".isiscube": 1
    }  # fmt: skip
    assert scan(products).remarks[0].startswith("8 files are not images: 2 .lbl, 2 .txt")


def test_what_was_passed_over_in_words() -> None:
    assert passed_over_lines({".txt": 9, ".xml": 3, "": 1}, 2) == (
        "13 files are not images: 9 .txt, 3 .xml, 1 without extension",
        "2 images lie outside train/, val/, test/ and database/, and are not read",
    )
    assert passed_over_lines({}, 0) == ()


def test_a_vrt_and_a_label_of_an_image_are_no_further_tiles(products: Path) -> None:
    (products / "mosaic.vrt").write_text("<VRTDataset/>")
    (products / "b.lbl").write_text(
        'PDS_VERSION_ID = PDS3\nOBJECT = COMPRESSED_FILE\nFILE_NAME = "b.JP2"\nEND_OBJECT\nEND\n'
    )
    images = find_images(products)
    assert len(images.paths) == 7
    assert images.passed_over == {".vrt": 1, ".lbl": 1, ".isiscube": 1}


def test_a_label_without_its_pixels_is_named(products: Path) -> None:
    (products / "pds4.img").unlink()
    (bad,) = scan(products).unreadable
    assert bad.path == "pds4.xml" and "pds4.img, which is missing" in bad.why


def test_images_outside_a_labelled_set_are_counted(
    tmp_path: Path, make_dataset: MakeDataset
) -> None:
    make_dataset(tmp_path, {"train": {"a": 2}, "test": {"a": 1}})
    tile = next((tmp_path / "train" / "a").iterdir())
    (tmp_path / "extra").mkdir()
    shutil.copy(tile, tmp_path / "extra" / "x.png")
    shutil.copy(tile, tmp_path / "y.png")
    (tmp_path / "manifest.csv").write_text("a")
    (tmp_path / "train" / "a" / "readme.txt").write_text("a")
    manifest = scan(tmp_path)
    assert (len(manifest.tiles), manifest.outside) == (3, 2)
    assert manifest.passed_over == {".csv": 1, ".txt": 1}


def test_an_empty_folder_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(DataError, match=r"no images in .* \(1 file is not an image: 1 \.txt\)"):
        scan(tmp_path)


def test_changed_pixels_change_the_tile_of_a_label(products: Path, tmp_path: Path) -> None:
    cache = tmp_path / "scan.json"
    first = {tile.path: tile.content for tile in scan(products, cache).tiles}
    data = products / "pds4.img"
    data.write_bytes(data.read_bytes()[::-1])
    os.utime(data, ns=(1, data.stat().st_mtime_ns + 10**9))
    second = {tile.path: tile.content for tile in scan(products, cache).tiles}
    assert {path for path in first if first[path] != second[path]} == {"pds4.xml"}


def test_tiles_of_two_files_are_encoded_in_place_and_copied_together(
    products: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    imported = import_in_place(home, products, FolderDescription(name="a"))
    assert imported.passed_over == {".isiscube": 1}
    assert any("1 file is not an image" in note for note in imported.notes)
    encoder, _ = make_fake_encoder()
    features = extract(products, imported.manifest.tiles, encoder, tmp_path / "cache")
    assert features.shape == (7, FakeNetwork.dim)
    copied = import_copy(home, products, FolderDescription(name="b"))
    contents = {tile.path: tile.content for tile in imported.manifest.tiles}
    assert {tile.path: tile.content for tile in copied.manifest.tiles} == contents
    assert copied.unreadable == imported.unreadable


@pytest.mark.parametrize("labelled", [False, True])
def test_tiles_of_two_files_are_added_to_a_data_set_with_both(
    labelled: bool, products: Path, tmp_path: Path
) -> None:
    home, into = Home(tmp_path / "home"), tmp_path / "into"
    first = into / "train" / "a" / "x.png" if labelled else into / "x.png"
    first.parent.mkdir(parents=True)
    Image.fromarray(np.rot90(SCENE)).save(first)
    description = FolderDescription(name="b")
    added = import_into(home, products, into, description)
    by_name = {tile.path.rsplit("/", 1)[-1]: tile.content for tile in added.manifest.tiles}
    for tile in scan(products).tiles:
        assert by_name[tile.path] == tile.content
    assert added.unreadable == scan(products).unreadable
    files = sorted(path for path in into.rglob("*") if path.is_file())
    assert import_into(home, products, into, description).added == 0
    assert sorted(path for path in into.rglob("*") if path.is_file()) == files


def test_a_data_file_of_a_label_replaces_no_other_file(products: Path, tmp_path: Path) -> None:
    home, into = Home(tmp_path / "home"), tmp_path / "into"
    (into / "train" / "a").mkdir(parents=True)
    Image.fromarray(np.rot90(SCENE)).save(into / "train" / "a" / "x.png")
    (into / "train" / "pds4.img").write_bytes(b"something else")
    added = import_into(home, products, into, FolderDescription(name="b"))
    assert [bad.path for bad in added.unreadable if "pds4.img" in bad.why] == ["pds4.xml"]
    assert (into / "train" / "pds4.img").read_bytes() == b"something else"
    # Two labels of one name, in two folders, whose pixels differ: they come to lie in one.
    twins = tmp_path / "twins"
    for number in (1, 2):
        (twins / str(number)).mkdir(parents=True)
        shutil.copy(products / "pds4.xml", twins / str(number) / "a.xml")
        data = (products / "pds4.img").read_bytes()
        (twins / str(number) / "pds4.img").write_bytes(data[number:] + data[:number])
    (into / "train" / "pds4.img").unlink()
    added = import_into(home, twins, into, FolderDescription(name="c"))
    assert (added.added, len(added.unreadable)) == (1, 1)
    assert "another file of that name" in added.unreadable[0].why


def test_animated_images_are_pointed_out(products: Path) -> None:
    frames = [Image.fromarray(np.roll(SCENE, shift)) for shift in (0, 9, 18)]
    frames[0].save(products / "moving.gif", save_all=True, append_images=frames[1:])
    (products / "broken.gif").write_bytes(b"GIF89a")
    remarks = find_images(products).remarks
    assert remarks[-1] == "1 GIF image is animated; only the first frame is read"
    assert np.array_equal(read_image(products / "moving.gif")[..., 0], np.asarray(frames[0]))
    assert scan(products).remarks == remarks
