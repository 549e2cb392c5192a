"""Tiles as columns read like tuples of tiles, and give the digests, rows and splits of tuples."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.datasets import splits
from mirs_core.datasets import tiles as module
from mirs_core.datasets.card import Card
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest, _duplicates
from mirs_core.datasets.scanning import order_tiles
from mirs_core.datasets.splits import row_order
from mirs_core.datasets.tiles import Tile, Tiles

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
DEGREES = st.none() | st.floats(-90, 360)


@st.composite
def tiles_of_a_folder(draw: st.DrawFn) -> list[Tile]:
    """Tiles as a scan lists them: sorted by id, some of them copies, with odd names."""
    ids = sorted(draw(st.sets(TEXT, max_size=12)))
    return [
        Tile(
            id=name,
            path=name,
            label=draw(st.none() | st.sampled_from(["ä", "b", "c"])),
            split=draw(st.sampled_from(["", "train", "train", "val", "test", "database"])),
            content=hashlib.sha256(bytes([draw(st.integers(0, 5))])).hexdigest(),
            strip=draw(st.none() | st.sampled_from(["P", "Q"])),
            latitude=draw(DEGREES),
            longitude=draw(DEGREES),
            place=draw(st.sampled_from(["tile", "strip centre", ""])),
        )
        for name in ids
    ]


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few tiles at once, so that few tiles have several blocks."""
    monkeypatch.setattr(module, "STEP", 3)
    monkeypatch.setattr("mirs_core.datasets.manifest.STEP", 3)


def manifest_of(tiles: Sequence[Tile]) -> Manifest:
    columns = Tiles.of(iter(tiles))
    return Manifest(Path("/a"), Card.named("a"), columns, _duplicates(columns), ())


@given(tiles_of_a_folder(), st.data())
@settings(max_examples=50, deadline=None)
def test_columns_read_like_a_tuple(tiles: list[Tile], data: st.DataObject) -> None:
    columns = Tiles.of(iter(tiles))
    assert list(columns) == tiles and columns == tuple(tiles) and len(columns) == len(tiles)
    assert [columns[row] for row in range(-len(tiles), len(tiles))] == [*tiles, *tiles]
    cut = slice(*data.draw(st.tuples(*[st.none() | st.integers(-14, 14)] * 2)))
    assert list(columns[cut]) == tiles[cut] and columns[cut] == Tiles.of(tiles[cut])
    for row in (len(tiles), -len(tiles) - 1):
        with pytest.raises(IndexError):
            columns[row]
    assert Tiles.of(columns) is columns
    assert (columns == tuple(tiles[:-1])) == (not tiles)


@given(tiles_of_a_folder())
@settings(max_examples=50, deadline=None)
def test_a_manifest_says_of_columns_what_it_said_of_tuples(tiles: list[Tile]) -> None:
    manifest = manifest_of(tiles)
    rows = [[tile.path, tile.label, tile.split, tile.content] for tile in tiles]
    assert manifest.digest == hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    assert manifest.labelled == sum(tile.label is not None for tile in tiles)
    classes = Counter(tile.label for tile in tiles if tile.label is not None)
    assert list(manifest.classes.items()) == sorted(classes.items())
    counts = Counter(tile.split for tile in tiles)
    order = ["train", "val", "test", "database", ""]
    assert list(manifest.splits.items()) == [(s, counts[s]) for s in order if counts[s]]
    assert manifest.strips == len({tile.strip for tile in tiles} - {None})
    first: dict[str, str] = {}
    pairs = [(first.setdefault(tile.content, tile.path), tile.path) for tile in tiles]
    assert list(manifest.duplicates) == [pair for pair in pairs if pair[0] != pair[1]]


def roles_tile_by_tile(tiles: list[Tile], digest: str, seed: int, by_strip: bool) -> list[str]:
    """``assign_roles`` as it was before there were columns."""
    training = sorted((t for t in tiles if t.split == "train"), key=lambda tile: tile.id)
    archived: set[str] = set()
    if not any(tile.split == "database" for tile in tiles):
        halve = splits._strip_half if by_strip else splits._class_half
        archived = halve(training, splits._rng("halves", digest, seed))
    learning = [tile for tile in training if tile.id not in archived]
    validating: set[str] = set()
    if not any(tile.split == "val" for tile in tiles):
        tenth = splits._strip_tenth if by_strip else splits._class_tenth
        validating = tenth(learning, splits._rng("validation", digest, seed))

    def role(tile: Tile) -> str:
        if tile.split != "train":
            return {"val": "val", "test": "test"}.get(tile.split, "archive")
        if tile.id in archived:
            return "archive"
        return "val" if tile.id in validating else "train"

    return [role(tile) for tile in tiles]


@given(tiles_of_a_folder(), st.integers(0, 3), st.booleans())
@settings(max_examples=50, deadline=None)
def test_items_of_columns_are_those_of_tuples(tiles: list[Tile], seed: int, by_strip: bool) -> None:
    manifest = manifest_of(tiles)
    roles = roles_tile_by_tile(tiles, manifest.digest, seed, by_strip)
    order = row_order(len(tiles), manifest.digest, seed)
    plain = [tiles[row] for row in order]
    expected = Items(
        ids=[tile.id for tile in plain],
        labels=[tile.label for tile in plain],
        roles=[roles[row] for row in order],
        strips=[tile.strip for tile in plain],
        contents=[tile.content for tile in plain],
        latitudes=[tile.latitude for tile in plain],
        longitudes=[tile.longitude for tile in plain],
        places=[tile.place for tile in plain],
    )
    items = order_tiles(manifest, seed, by_strip)
    assert items == expected
    # Archives store the names of categories in this order.
    for name in ("labels", "roles", "strips", "places"):
        assert getattr(items, name).names == getattr(expected, name).names


def test_different_contents_with_equal_first_bytes_are_no_duplicates() -> None:
    contents = ["00" * 31 + "01", "00" * 31 + "02", "00" * 31 + "01", "00" * 32]
    tiles = [Tile(f"{n}", f"{n}", None, "", c, None, None, None) for n, c in enumerate(contents)]
    assert _duplicates(Tiles.of(tiles)) == (("0", "2"),)


def test_tiles_without_contents_are_columns_too() -> None:
    tiles = [Tile(f"{n}", f"{n}", None, "", "", None, None, None) for n in range(7)]
    assert list(Tiles.of(tiles)) == tiles


def test_a_tile_is_made_only_when_it_is_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = [
        Tile(f"{n:04}", f"{n:04}", None, "", hashlib.sha256(bytes([n])).hexdigest(), "P", 1.0, 2.0)
        for n in range(50)
    ]
    manifest = manifest_of(tiles)

    def refuse(*values: object) -> Tile:
        raise AssertionError("a tile was made")

    monkeypatch.setattr(module, "_tile", refuse)
    items = order_tiles(manifest, 0, False)
    assert len(items) == 50 and manifest.digest and manifest.strips == 1
    assert not manifest.classes and manifest.splits == {"": 50}
    with pytest.raises(AssertionError, match="a tile was made"):
        manifest.tiles[0]


def test_compact_names_are_in_the_order_of_their_rows() -> None:
    tiles = [Tile(n, n, n, "", "", None, None, None) for n in "abc"]
    labels = Tiles.of(tiles).labels.take(np.array([2, 0, 2])).compact()
    assert labels.names == ("c", "a") and list(labels) == ["c", "a", "c"]


def test_a_tile_that_is_not_at_its_path_is_refused() -> None:
    with pytest.raises(ValueError, match="is its path"):
        Tiles.of([Tile("a", "b", None, "", "", None, None, None)])
