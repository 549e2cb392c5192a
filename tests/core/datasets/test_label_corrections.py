"""Labels that a person has corrected: recorded, read by every scan, undone; images untouched."""

import dataclasses
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fakes import stripes, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mirs_core.datasets import label_corrections, registry
from mirs_core.datasets.items import Items
from mirs_core.datasets.label_corrections import correct, current, differing, undo
from mirs_core.datasets.label_log import log_of, read_log
from mirs_core.datasets.manifest import Manifest, scan
from mirs_core.datasets.scanning import archive_id, order_tiles, scan_cached
from mirs_core.datasets.tiles import Tiles
from mirs_core.errors import DataError
from mirs_core.exchange.label_table import label_table
from mirs_core.workspace.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "set", {"train": {"cra": 3, "rid": 3}, "test": {"cra": 2}})


def labels(manifest: Manifest) -> dict[str, str | None]:
    return {tile.id: tile.label for tile in manifest.tiles}


def state(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_every_scan_reads_corrected_labels_and_no_image_is_touched(home: Home, data: Path) -> None:
    before, files = scan_cached(home, data), state(data)
    first, second, third = before.tiles.ids[0], before.tiles.ids[1], before.tiles.ids[-1]
    verdicts = {first: "rid", second: None, third: "new class"}
    done = correct(home, data, before.tiles, verdicts, by="A. Person", note="rim is missing")
    after = scan_cached(home, data)
    assert labels(after) == {**labels(before), **verdicts}
    assert (after.corrected, before.corrected) == (3, 0) and after.digest != before.digest
    assert [t.split for t in after.tiles] == [t.split for t in before.tiles]
    assert after.tiles == Tiles.of(list(after.tiles)), "the columns are those of its tiles"
    assert [(c.before, c.label, c.by, c.note) for c in done] == [
        ("cra", "rid", "A. Person", "rim is missing"),
        ("cra", None, "A. Person", "rim is missing"),
        ("rid", "new class", "A. Person", "rim is missing"),
    ]
    assert len({c.batch for c in done}) == 1 and len({c.id for c in done}) == 3
    assert read_log(home, data) == done and state(data) == files
    assert log_of(home, data).is_relative_to(home.labels)
    registry.remember(home, data)
    (known,) = registry.known_data_sets(home)
    assert (known.tiles, known.labelled) == (8, 7), "the list of data sets counts them, too"


@pytest.mark.parametrize("by_strip", [False, True])
def test_corrected_labels_move_no_tile_to_another_split(
    home: Home, data: Path, by_strip: bool
) -> None:
    before = scan_cached(home, data)
    for seed in range(4):
        earlier = order_tiles(before, seed, by_strip)
        verdicts = {tile: "rid" for tile in before.tiles.ids if "cra" in tile}
        (batch,) = {c.batch for c in correct(home, data, before.tiles, verdicts, by="me")}
        later = order_tiles(scan_cached(home, data), seed, by_strip)
        assert later.ids == earlier.ids and later.roles == earlier.roles
        assert archive_id(later) == archive_id(earlier)
        assert set(later.labels) == {"rid"} != set(earlier.labels)
        undo(home, data, [batch], by="me")


def test_corrections_are_undone_one_by_one_or_together(home: Home, data: Path) -> None:
    original = labels(scan_cached(home, data))
    tile, second = sorted(original)[:2]

    def now(label: str | None) -> str:
        tiles = scan_cached(home, data).tiles
        return correct(home, data, tiles, {tile: label}, by="me")[0].id

    one, two = now("a"), now("b")
    assert [c.before for c in read_log(home, data)] == ["cra", "a"]
    undo(home, data, [one], by="me")
    assert labels(scan_cached(home, data))[tile] == "b", "the later verdict stays"
    undo(home, data, [two], by="me")
    assert labels(scan_cached(home, data)) == original
    assert all(c.undone for c in read_log(home, data)) and current(home, data) == {}
    tiles = scan_cached(home, data).tiles
    both = correct(home, data, tiles, {tile: "x", second: "x"}, by="me")
    assert len(undo(home, data, [both[0].batch], by="me")) == 2
    assert labels(scan_cached(home, data)) == original
    for word, why in ((both[0].id, "undone already"), ("nonsense", "does not exist")):
        with pytest.raises(DataError, match=why):
            undo(home, data, [word], by="me")


def test_a_verdict_that_a_label_is_right_is_recorded(home: Home, data: Path) -> None:
    manifest = scan_cached(home, data)
    (verdict,) = correct(home, data, manifest.tiles, {manifest.tiles.ids[0]: "cra"}, by="me")
    assert verdict.confirms and scan_cached(home, data).corrected == 0
    assert scan_cached(home, data).digest == manifest.digest


@pytest.mark.parametrize(
    ("labels_", "by", "why"),
    [
        ({"nowhere.png": "a"}, "me", "no tile 'nowhere.png'"),
        ({"": "a\x07"}, "me", "U\\+0007"),
        ({"": "a" * 3000}, "me", "at most"),
        ({"": "a"}, " ", "who corrects"),
        ({"": "a\u202e"}, "me", "U\\+202E"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_changes_nothing(
    home: Home, data: Path, labels_: dict[str, str], by: str, why: str
) -> None:
    tiles = scan_cached(home, data).tiles
    stated = {tile or tiles.ids[0]: label for tile, label in labels_.items()}
    with pytest.raises(DataError, match=why):
        correct(home, data, tiles, {tiles.ids[1]: "fine", **stated}, by=by)
    assert not home.labels.exists() and scan_cached(home, data).corrected == 0


def test_a_verdict_counts_for_the_image_that_was_judged(home: Home, data: Path) -> None:
    tiles = scan_cached(home, data).tiles
    tile = tiles.ids[0]
    correct(home, data, tiles, {tile: "rid"}, by="me")
    Image.fromarray(stripes(4711)).save(data / tile)
    after = scan_cached(home, data)
    assert labels(after)[tile] == "cra" and after.corrected == 0
    assert any("image has changed" in line and tile in line for line in after.remarks)
    (data / tile).unlink()
    assert tile not in labels(scan_cached(home, data))


def test_an_archive_keeps_its_labels_and_tells_which_are_out_of_date(
    home: Home, data: Path
) -> None:
    manifest = scan_cached(home, data)
    tile, second = manifest.tiles.ids[:2]
    old = Items.of(manifest.tiles, ["archive"] * 8)
    assert differing(home, data, old) == {}
    correct(home, data, old, {tile: "rid"}, by="me")
    (confirmed,) = correct(home, data, old, {second: "cra"}, by="me")
    assert confirmed.confirms
    assert differing(home, data, old) == {tile: ("cra", "rid")} and old.labels[0] == "cra"
    new = Items.of(scan_cached(home, data).tiles, ["archive"] * 8)
    assert differing(home, data, new) == {} and new.labels[0] == "rid"
    undo(home, data, [current(home, data)[tile].id], by="me")
    assert differing(home, data, new) == {tile: ("rid", "cra")}, "corrected back since"
    assert differing(home, data, old) == {}


@pytest.mark.parametrize("cut", [1, 5, 40, 10_000])
def test_a_line_that_was_cut_off_is_ignored_and_removed(home: Home, data: Path, cut: int) -> None:
    tiles = scan_cached(home, data).tiles
    correct(home, data, tiles, {tiles.ids[0]: "rid"}, by="me")
    path = log_of(home, data)
    whole = path.read_bytes()
    correct(home, data, tiles, dict.fromkeys(tiles.ids, "long " * 300), by="me")
    path.write_bytes(path.read_bytes()[:-cut])
    assert len(read_log(home, data)) == 1
    correct(home, data, tiles, {tiles.ids[2]: "rid"}, by="me")
    assert [c.tile for c in read_log(home, data)] == [tiles.ids[0], tiles.ids[2]]
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"undo": ["none"], "by": "", "at": ""}', '{"tile": 1}', "null", "[" * 100_000],
    ids=["half", "list", "undo-nothing", "no-batch", "null", "deep"],
)  # fmt: skip
def test_a_damaged_log_is_refused_with_its_line(home: Home, data: Path, line: str) -> None:
    tiles = scan_cached(home, data).tiles
    correct(home, data, tiles, {tiles.ids[0]: "rid"}, by="me")
    with log_of(home, data).open("a") as handle:
        handle.write(line + "\n")
    with pytest.raises(DataError, match="line 3, is damaged"):
        scan_cached(home, data)


def test_a_full_disk_leaves_the_log_as_it_was(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = scan_cached(home, data).tiles
    correct(home, data, tiles, {tiles.ids[0]: "rid"}, by="me")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        correct(home, data, tiles, {tiles.ids[1]: "rid"}, by="me")
    monkeypatch.undo()
    assert len(read_log(home, data)) == 1


VERDICTS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 3), st.sampled_from(["cra", "rid", "Ärger", "=1+1", None])),
        st.tuples(st.just("undo"), st.integers(0, 20)),
    ),
    max_size=12,
)


@given(VERDICTS)
@settings(max_examples=25)
def test_labels_are_those_of_a_slow_twin(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[tuple[Any, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("twin")
    home, root = (
        Home(folder / "home"),
        write_dataset(folder / "set", {"train": {"cra": 2, "rid": 2}}),
    )
    own = scan(root)
    stacks: dict[str, list[tuple[str, str | None]]] = {tile: [] for tile in own.tiles.ids}
    for first, second in verdicts:
        if first != "undo":
            tile = own.tiles.ids[first]
            (done,) = correct(home, root, own.tiles, {tile: second}, by="me")
            stacks[tile].append((done.id, second))
        elif active := [pair for stack in stacks.values() for pair in stack]:
            chosen = active[second % len(active)]
            undo(home, root, [chosen[0]], by="me")
            next(stack for stack in stacks.values() if chosen in stack).remove(chosen)
    expected = {t.id: stacks[t.id][-1][1] if stacks[t.id] else t.label for t in own.tiles}
    after = label_corrections.mended(home, own)
    assert labels(after) == expected
    assert after.corrected == sum(expected[t.id] != t.label for t in own.tiles)
    assert after.labelled == len([1 for label in expected.values() if label])
    assert after.classes == dict(sorted(Counter(filter(None, expected.values())).items()))


def test_the_table_of_corrections_is_safe_in_a_spreadsheet(home: Home, data: Path) -> None:
    tiles = scan_cached(home, data).tiles
    verdicts = {tiles.ids[0]: "=cmd()", tiles.ids[1]: None}
    text = label_table(correct(home, data, tiles, verdicts, by="Zoë")).decode("utf-8-sig")
    head, first, second = text.splitlines()
    assert head == "path,label,before,by,at,note"
    assert first.startswith(f"{tiles.ids[0]},'=cmd(),cra,Zoë,") and ",,cra,Zoë," in second


def test_data_sets_that_were_never_corrected_are_as_they_were(home: Home, data: Path) -> None:
    assert scan_cached(home, data) == scan(data)
    assert dataclasses.asdict(scan_cached(home, data).card) == dataclasses.asdict(scan(data).card)
