"""The halving: seeded, stratified, independent of order, and nothing lost."""

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.datasets.manifest import Tile
from mirs_core.datasets.splits import assign_roles, row_order

DIGEST = "d" * 64


def tile(name: str, split: str, label: str | None = None, strip: str | None = None) -> Tile:
    return Tile(name, name, label, split, "0" * 64, strip, None, None)


@st.composite
def data_sets(draw: st.DrawFn) -> list[Tile]:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["train", "train", "train", "val", "test", "database", ""]),
                st.sampled_from(["a", "b", "c", None]),
                st.sampled_from(["s1", "s2", "s3", "s4", None]),
            ),
            max_size=80,
        )
    )
    allowed = draw(st.sets(st.sampled_from(["val", "database"])))
    kept = [row for row in rows if row[0] in {"train", "test", "", *allowed}]
    return [tile(f"{i}.png", split, label, strip) for i, (split, label, strip) in enumerate(kept)]


def roles_of(tiles: list[Tile], seed: int = 0, by_strip: bool = False) -> dict[str, str]:
    roles = assign_roles(tiles, DIGEST, seed, by_strip)
    return {tile.id: role for tile, role in zip(tiles, roles, strict=True)}


@settings(deadline=None)
@given(tiles=data_sets(), seed=st.integers(0, 99), by_strip=st.booleans())
def test_every_tile_has_the_role_of_its_split(tiles: list[Tile], seed: int, by_strip: bool) -> None:
    roles = roles_of(tiles, seed, by_strip)
    has_val = any(one.split == "val" for one in tiles)
    has_database = any(one.split == "database" for one in tiles)
    for one in tiles:
        allowed = {
            "train": {"train"}
            | ({"val"} - {"val" if has_val else ""})
            | (set() if has_database else {"archive"}),
            "val": {"val"},
            "test": {"test"},
            "database": {"archive"},
            "": {"archive"},
        }[one.split]
        assert roles[one.id] in allowed


@settings(deadline=None)
@given(tiles=data_sets(), by_strip=st.booleans(), shuffle=st.randoms())
def test_the_order_of_tiles_does_not_matter(
    tiles: list[Tile], by_strip: bool, shuffle: random.Random
) -> None:
    mixed = list(tiles)
    shuffle.shuffle(mixed)
    assert roles_of(tiles, 3, by_strip) == roles_of(mixed, 3, by_strip)


@settings(deadline=None)
@given(tiles=data_sets(), seed=st.integers(0, 99))
def test_the_halves_are_stratified_within_one(tiles: list[Tile], seed: int) -> None:
    if any(one.split == "database" for one in tiles):
        return
    roles = roles_of(tiles, seed)
    for label in ("a", "b", "c", None):
        parts = Counter(
            roles[one.id] == "archive"
            for one in tiles
            if (one.split, one.label) == ("train", label)
        )
        assert abs(parts[True] - parts[False]) <= 1


@settings(deadline=None)
@given(tiles=data_sets(), seed=st.integers(0, 99))
def test_no_strip_is_in_two_halves(tiles: list[Tile], seed: int) -> None:
    roles = roles_of(tiles, seed, by_strip=True)
    for strip in ("s1", "s2", "s3", "s4"):
        halves = {roles[t.id] for t in tiles if (t.split, t.strip) == ("train", strip)}
        assert len(halves) <= 1


@settings(deadline=None)
@given(tiles=data_sets(), seed=st.integers(0, 99), by_strip=st.booleans())
def test_validation_never_takes_the_last_of_a_class(
    tiles: list[Tile], seed: int, by_strip: bool
) -> None:
    roles = roles_of(tiles, seed, by_strip)
    training = [one for one in tiles if one.split == "train" and roles[one.id] != "archive"]
    learned = {one.label for one in training if roles[one.id] == "train"}
    assert learned == {one.label for one in training}


def classes(count: int, per_class: int, strips: int = 0) -> list[Tile]:
    return [
        tile(f"{c}-{i}", "train", f"c{c}", f"s{(c * per_class + i) % strips}" if strips else None)
        for c in range(count)
        for i in range(per_class)
    ]


@pytest.mark.parametrize("by_strip", [False, True])
def test_a_tenth_becomes_validation(by_strip: bool) -> None:
    counts = Counter(roles_of(classes(15, 40, strips=150), 0, by_strip).values())
    assert 285 <= counts["archive"] <= 315
    assert 24 <= counts["val"] <= 33
    assert sum(counts.values()) == 600


def test_a_tenth_of_many_small_classes_is_still_a_tenth() -> None:
    assert Counter(roles_of(classes(30, 8)).values()) == {"archive": 120, "train": 108, "val": 12}


def test_validation_that_is_there_is_kept() -> None:
    tiles = [*classes(3, 20), tile("v", "val", "c0")]
    assert Counter(roles_of(tiles).values()) == {"archive": 30, "train": 30, "val": 1}


def test_a_database_leaves_all_of_train_to_the_head() -> None:
    tiles = [*classes(2, 5), tile("v", "val", "c0"), tile("d", "database", "c1")]
    assert Counter(roles_of(tiles).values()) == {"train": 10, "val": 1, "archive": 1}


def test_unlabelled_tiles_are_archive() -> None:
    assert set(roles_of([tile(str(i), "") for i in range(5)]).values()) == {"archive"}


def test_seeds_and_digests_give_other_halves() -> None:
    tiles = classes(4, 20)
    first = assign_roles(tiles, DIGEST, 0)
    assert first == assign_roles(tiles, DIGEST, 0)
    assert first != assign_roles(tiles, DIGEST, 1)
    assert first != assign_roles(tiles, "e" * 64, 0)


def test_the_odd_tile_goes_by_a_coin() -> None:
    tiles = [tile("only", "train", "a"), tile("v", "val", "a")]
    roles = {assign_roles(tiles, DIGEST, seed)[0] for seed in range(20)}
    assert roles == {"train", "archive"}


def test_halves_do_not_depend_on_labels_of_other_splits() -> None:
    train = classes(3, 11)
    one = [*train, tile("t", "test", "c0"), tile("v", "val", "c1")]
    other = [*train, tile("t", "test", "c2"), tile("v", "val", "c0")]
    assert assign_roles(one, DIGEST, 5) == assign_roles(other, DIGEST, 5)


@given(st.integers(0, 200), st.integers(0, 9))
def test_the_row_order_is_a_seeded_permutation(n: int, seed: int) -> None:
    order = row_order(n, DIGEST, seed)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(order, row_order(n, DIGEST, seed))


def test_the_row_order_is_pinned() -> None:
    """A change here silently changes the archive of every saved seed."""
    assert row_order(8, DIGEST, 0).tolist() == [2, 3, 1, 0, 7, 5, 6, 4]
    assert not np.array_equal(row_order(99, DIGEST, 0), row_order(99, DIGEST, 1))
