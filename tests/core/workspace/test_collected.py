"""Collections: kept whole, shared by sessions, and checked when they are read again."""

import json
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.errors import DataError
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home


def new(home: Home, name: str = "Cones") -> collections.Collection:
    return collections.create(home, name, "key", "Mars", False)


def tiles(*names: str) -> list[CollectedTile]:
    return [CollectedTile(name, f"sha of {name}") for name in names]


def test_a_collection_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = new(Home(tmp_path))
    assert collections.read(Home(tmp_path), made.id) == made
    kept = [CollectedTile("a.png", "1", "odd", "MIRS, rank 3"), CollectedTile("b.png", "2")]
    assert collections.add(Home(tmp_path), made.id, kept) == 2
    changed = collections.annotate(
        Home(tmp_path),
        made.id,
        name="Rootless cones",
        note="two\nlines",
        tile_notes={"b.png": "fine"},
    )
    assert collections.read(Home(tmp_path), made.id) == changed
    assert changed.tiles == (kept[0], CollectedTile("b.png", "2", "fine"))
    assert changed.notes() == {"a.png": "odd", "b.png": "fine"}
    assert "a.png" in changed and "c.png" not in changed
    assert (changed.created, changed.changed >= made.changed) == (made.created, True)


_NAMES = st.lists(st.sampled_from("abcdef"), max_size=5)


@given(st.lists(st.tuples(st.booleans(), _NAMES), max_size=6))
def test_adding_and_removing_is_that_of_an_ordered_set(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, list[str]]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    made, expected = new(Home(home)), []
    for adds, names in steps:
        fresh = [name for name in dict.fromkeys(names) if name not in expected]
        if adds:
            assert collections.add(Home(home), made.id, tiles(*names)) == len(fresh)
            expected += fresh
        else:
            collections.remove(Home(home), made.id, names)
            expected = [name for name in expected if name not in names]
        assert [kept.id for kept in collections.read(Home(home), made.id).tiles] == expected


def _add_many(home: Home, collection: str, who: str) -> None:
    for number in range(40):
        collections.add(home, collection, tiles(f"{who}{number}"))


def test_two_sessions_lose_nothing_of_each_other(tmp_path: Path) -> None:
    made = new(Home(tmp_path))
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_add_many, args=(Home(tmp_path), made.id, who)) for who in "ab"]
    for one in both:
        one.start()
    for one in both:
        one.join()
    kept = {tile.id for tile in collections.read(Home(tmp_path), made.id).tiles}
    assert kept == {f"{who}{number}" for who in "ab" for number in range(40)}


def test_what_is_deleted_comes_back(tmp_path: Path) -> None:
    made = new(Home(tmp_path))
    collections.delete(Home(tmp_path), made.id)
    assert collections.list_all(Home(tmp_path)) == []
    with pytest.raises(DataError, match="no collection"):
        collections.read(Home(tmp_path), made.id)
    assert collections.restore(Home(tmp_path), made.id) == made
    with pytest.raises(DataError, match="no deleted collection"):
        collections.restore(Home(tmp_path), made.id)


def test_the_list_is_that_of_a_data_set_and_shows_what_is_damaged(tmp_path: Path) -> None:
    first, second = new(Home(tmp_path), "First"), new(Home(tmp_path), "Second")
    collections.create(Home(tmp_path), "Elsewhere", "other", "Venus", True)
    collections.add(Home(tmp_path), first.id, tiles("a"))
    assert [one.name for one in collections.list_all(Home(tmp_path), "key")] == ["First", "Second"]
    (tmp_path / "collections" / f"{second.id}.json").write_text("{}")
    found = {one.id: one for one in collections.list_all(Home(tmp_path), "key")}
    assert "is damaged" in str(found[second.id].error) and found[first.id].error is None


@pytest.mark.parametrize(
    "change",
    [
        {"tiles": [{"id": 1, "sha256": "", "note": "", "found": ""}]},
        {"tiles": [{"id": "a"}]},
        {"tiles": "a"},
        {"name": None},
        {"schema": 2},
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    made = new(Home(tmp_path))
    path = tmp_path / "collections" / f"{made.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DataError, match="damaged"):
        collections.read(Home(tmp_path), made.id)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 121, "bell\a", "\u202eturned"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError):
        new(Home(tmp_path), name)
    assert collections.list_all(Home(tmp_path)) == []


@pytest.mark.parametrize("hostile", ["../x", "/etc/passwd", "", ".hidden", "A"])
def test_hostile_ids_are_no_collections(tmp_path: Path, hostile: str) -> None:
    for act in (collections.read, collections.delete, collections.restore):
        with pytest.raises(DataError):
            act(Home(tmp_path), hostile)


def test_a_collection_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MAX_TILES", 2)
    made = new(Home(tmp_path))
    collections.add(Home(tmp_path), made.id, tiles("a", "b"))
    with pytest.raises(DataError, match="at most"):
        collections.add(Home(tmp_path), made.id, tiles("c"))
    assert len(collections.read(Home(tmp_path), made.id).tiles) == 2
