"""Session files: what goes in comes out, anything else is refused, and what is missing is named."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core import cli
from mirs_core.errors import DataError, MirsError
from mirs_core.exchange import sessions
from mirs_core.exchange.sessions import SavedCollection, SavedImage, Session, reading
from mirs_core.files import read_json, write_json
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections, runs
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home

DIGEST = "ab" * 32
MODELS = ("demo-baseline", "demo-mirs")


@pytest.fixture
def home(small_demo: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    path = shutil.copytree(small_demo, tmp_path / "home")
    monkeypatch.setenv("MIRS_HOME", str(path))
    return Home(path)


def summary(home: Home, run_id: str) -> runs.RunSummary:
    return next(run for run in runs.list_runs(home) if run.id == run_id)


@pytest.fixture
def session(home: Home) -> Session:
    items = Searcher.open(home, "demo-mirs").items
    ids = [items.ids[row] for row in range(3)]
    return Session(
        created="2026-11-30T12:00:00+00:00",
        data=sessions.mark_of_data_set(summary(home, "demo-mirs")),
        models=tuple(sessions.mark_of_model(home, summary(home, run)) for run in MODELS),
        search={"tile": ids[0], "plus": f"{ids[1]}//{ids[2]}", "k": "12", "classes": "cra"},
        tiles={tile: items.contents[row] for row, tile in enumerate(ids)},
        images=(SavedImage("mine.png", b"\x89PNG"),),
        history=(("image", SavedImage("mine.png", b"\x89PNG").sha256), ("tile", ids[1])),
        collections=(
            SavedCollection(
                "Gullies", "two\nlines", (CollectedTile(ids[0], DIGEST, "n", "by hand"),)
            ),
        ),
        note="Look at the west.\nThen east.",
    )


def test_what_goes_in_comes_out(session: Session) -> None:
    data = sessions.to_bytes(session)
    assert sessions.read(data) == session
    assert sessions.to_bytes(sessions.read(data)) == data
    empty = Session(created="")
    assert sessions.read(sessions.to_bytes(empty)) == empty


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe", b"[]", b"null", b"{}", b"[" * 100_000, b'{"format": "mirs-session"}',
        b'{"format": "mirs-session", "schema": 2}', b'{"format": "other", "schema": 1}',
        b'{"format": "mirs-session", "schema": 1}', b'{"format": NaN}', b"1e999", b"PK\x03\x04",
    ],
    ids=range(13),
)  # fmt: skip
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="session file"):
        sessions.read(data)


NONSENSE: list[Any] = [
    None, True, -1, 1e300, "", "x" * 200_000, "\x00", "\ud800", "\u202e", [], [[]], {}, {"": ""},
    ["a"] * 2_000, [{"name": 1}], {"tile": 1}, {"TILE": "a"}, "../../etc/passwd",
]  # fmt: skip


def _paths(value: Any) -> list[tuple[Any, ...]]:
    """The way to every value of a JSON object."""
    found: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        pairs: Any = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    else:
        return found
    for key, inner in pairs:
        found += [(key,), *((key, *rest) for rest in _paths(inner))]
    return found


def test_any_other_value_is_read_or_refused_and_never_breaks(session: Session) -> None:
    text = sessions.to_bytes(session)
    paths = _paths(json.loads(text))

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(paths), st.sampled_from(NONSENSE), st.booleans())
    def check(path: tuple[Any, ...], value: Any, removes: bool) -> None:
        changed = json.loads(text)
        place = changed
        for key in path[:-1]:
            place = place[key]
        if removes and isinstance(place, dict):
            del place[path[-1]]
        else:
            place[path[-1]] = value
        try:
            found = sessions.read(json.dumps(changed).encode())
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert sessions.read(sessions.to_bytes(found)) == found

    check()


@pytest.mark.parametrize(
    ("limit", "changes"),
    [
        ("images", {"images": tuple(SavedImage(str(n), bytes([n])) for n in range(65))}),
        ("tiles", {"tiles": {str(n): DIGEST for n in range(1_001)}}),
        ("longer", {"note": "n" * 5_000}),
        ("models", {"models": ()}),
    ],
)
def test_limits_hold(session: Session, limit: str, changes: dict[str, Any]) -> None:
    if limit == "models":
        changes = {"models": session.models * 17}
    with pytest.raises(DataError, match=limit):
        sessions.read(sessions.to_bytes(replace(session, **changes)))


def test_large_files_and_images_are_refused_or_left_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = SavedImage("small.png", b"1" * 40), SavedImage("large.png", b"2" * 90)
    monkeypatch.setattr(sessions.writing, "MAX_IMAGE_BYTES", 100)
    chosen, left_out = sessions.within_limits([small, large, small])
    assert chosen == (small,) and "large.png" in left_out[0] and len(left_out) == 1
    monkeypatch.setattr(reading, "MAX_IMAGE_BYTES", 100)
    with pytest.raises(DataError, match="too large"):
        sessions.read(sessions.to_bytes(replace(session, images=(small, large))))
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    with pytest.raises(DataError, match="at most"):
        sessions.read(sessions.to_bytes(session))


def test_where_everything_is_nothing_is_missing(home: Home, session: Session) -> None:
    found = sessions.match(home, session)
    assert found.missing == () and found.models == {run: run for run in MODELS}
    assert found.tiles == {tile: tile for tile in session.tiles}


def test_a_model_is_found_under_another_id(home: Home, session: Session) -> None:
    (home.runs / "demo-mirs").rename(home.runs / "imported")
    found = sessions.match(home, session)
    assert found.models["demo-mirs"] == "imported" and found.missing == ()


@pytest.mark.parametrize("lost", ["model", "data set", "archive", "tile", "picture", "image"])
def test_what_is_missing_is_named_and_the_rest_is_found(
    home: Home, session: Session, lost: str
) -> None:
    first = next(iter(session.tiles))
    expected = {"tiles": len(session.tiles), "models": 2, "named": "demo-mirs"}
    if lost == "model":
        shutil.rmtree(home.runs / "demo-mirs")
        expected |= {"models": 1}
    elif lost == "archive":  # the model is here, but has archived other tiles
        _change(home, "demo-mirs", manifest="fedcba9876543210")
        expected |= {"models": 1, "named": "mirs index --run demo-mirs"}
    elif lost == "data set":
        for run in runs.list_runs(home):
            _change(home, run.id, manifest="fedcba9876543210")
        expected |= {"models": 0, "tiles": 0, "named": session.data.title if session.data else ""}
    elif lost == "tile":
        session = replace(session, tiles={**session.tiles, "gone.jpg": DIGEST})
        expected |= {"named": "gone.jpg"}
    elif lost == "picture":
        session = replace(session, tiles={**session.tiles, first: DIGEST})
        expected |= {"named": f"{first} has another picture"}
    else:
        session = replace(session, left_out=("the image big.tif (99.0 MB)",))
        expected |= {"named": "big.tif"}
    found = sessions.match(home, session)
    assert len(found.tiles) == expected["tiles"] and len(found.models) == expected["models"]
    assert any(str(expected["named"]) in sentence for sentence in found.missing), found.missing
    if lost in ("model", "tile", "picture", "image"):
        assert len(found.missing) == 1


def test_a_tile_is_found_by_its_content(home: Home, session: Session) -> None:
    first, content = next(iter(session.tiles.items()))
    session = replace(session, tiles={"elsewhere/renamed.png": content})
    found = sessions.match(home, session)
    assert found.tiles == {"elsewhere/renamed.png": first} and found.missing == ()


def _change(home: Home, run_id: str, **facts: Any) -> None:
    path = home.runs / run_id / "provenance.json"
    write_json(path, {**read_json(path), **facts})


def test_collections_come_once(home: Home, session: Session) -> None:
    assert sessions.restore_collections(home, session, "here-012345") == 1
    assert sessions.restore_collections(home, session, "here-012345") == 0
    (made,) = collections.list_all(home, "here-012345")
    saved = session.collections[0]
    assert (made.name, made.note, made.tiles) == (saved.name, saved.note, saved.tiles)
    assert made.synthetic and made.title == (session.data.title if session.data else "")


def test_the_command_line_shows_it(
    home: Home, session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"mine{sessions.SUFFIX}"
    path.write_bytes(sessions.to_bytes(session))
    shutil.rmtree(home.runs / "demo-baseline")
    assert cli.main(["session", "show", str(path)]) == 0
    text = capsys.readouterr().out
    assert "here as demo-mirs" in text and "Gullies (1 tile)" in text and "is not here" in text
    assert cli.main(["session", "show", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["here"]["models"] == {"demo-mirs": "demo-mirs"} and answer["search"]["k"] == "12"
    for bad in (tmp_path, tmp_path / "none.json", Path(__file__)):
        assert cli.main(["session", "show", str(bad)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_run_whose_model_is_gone_is_an_error_for_people(home: Home) -> None:
    run = summary(home, "demo-mirs")
    (home.runs / "demo-mirs" / "model.safetensors").unlink()
    with pytest.raises(MirsError, match="cannot be read"):
        sessions.mark_of_model(home, run)
