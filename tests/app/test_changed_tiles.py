"""Tiles whose files change, go or cannot be read while the app runs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from own_tiles import use_own_tiles
from PIL import Image
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.jobs.kinds.archive_add import ArchiveAdd
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home
from pages.shared import loaders, state

CHANGED, MISSING = "Changed since it was archived", "File missing"


@pytest.fixture
def home(home: Home, tmp_path: Path) -> Home:
    """The demo on its own copy of the tiles, which tests may change."""
    use_own_tiles(home, tmp_path / "tiles")
    return home


@pytest.fixture
def searcher(home: Home) -> Searcher:
    return Searcher.open(home, "demo-mirs")


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def grid(app: AppTest, key: str) -> dict[str, Any]:
    """The data that a grid of tiles was drawn with."""
    parts = [part for part in app.get("bidi_component") if part.proto.id.endswith(key)]
    assert len(parts) == 1
    values: dict[str, Any] = json.loads(parts[0].proto.json)
    return values


def repaint(path: Path) -> None:
    Image.new("L", (200, 200), 90).save(path, format="JPEG")


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_text(path: Path) -> None:
    path.write_text("no image")


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label == label)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_a_query_that_changes_while_the_app_runs_says_so(
    home: Home, searcher: Searcher, start: Any
) -> None:
    tile = searcher.items.ids[0]
    app = start(tile=tile)
    assert not app.exception and CHANGED not in html(app) and "Re-encode" not in labels(app)
    before = html(app)
    repaint(searcher.files.path(tile))
    app.run()
    assert not app.exception
    after = html(app)
    assert CHANGED in after and "code of the old picture" in after
    assert "Re-encode" in labels(app) and "Search with new picture" in labels(app)
    # The picture is the new one: the old one would stand beside the mark as if it were current.
    old, new = (text.split('<img src="', 1)[1].split('"', 1)[0] for text in (before, after))
    assert old != new and new.startswith("data:image/jpeg")


@pytest.mark.parametrize("remove", [Path.unlink, to_folder])
def test_a_query_whose_file_is_gone_is_drawn_as_missing(
    home: Home, searcher: Searcher, start: Any, remove: Callable[[Path], None]
) -> None:
    tile = searcher.items.ids[0]
    app = start(tile=tile)
    remove(searcher.files.path(tile))
    app.run()
    assert not app.exception
    text = html(app)
    assert "<b>File missing.</b>" in text and "Re-encode" not in labels(app)
    assert f'. {MISSING}: moved or deleted"' in text  # the text in place of the picture


def test_an_unreadable_file_is_not_called_missing(
    home: Home, searcher: Searcher, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tile, read = searcher.items.ids[0], Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == searcher.files.path(tile):
            raise PermissionError(13, "Permission denied")
        return read(path)

    searcher.files.path(tile).touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    app = start(tile=tile)
    assert not app.exception
    assert "<b>File unreadable.</b>" in html(app) and MISSING not in html(app)


def test_a_file_that_is_no_image_any_more_is_changed(
    home: Home, searcher: Searcher, start: Any
) -> None:
    tile = searcher.items.ids[0]
    to_text(searcher.files.path(tile))
    app = start(tile=tile)
    assert not app.exception
    assert CHANGED in html(app) and "Not%20an%20image" in html(app)


def test_results_are_marked(home: Home, searcher: Searcher, start: Any) -> None:
    tile = searcher.items.ids[0]
    hits = searcher.search(searcher.query_by_id(tile), 12)
    app = start(tile=tile, models="demo-mirs", k="12")
    assert grid(app, "mirs.results")["states"] == {}
    repaint(searcher.files.path(hits[2].id))
    searcher.files.path(hits[5].id).unlink()
    app.run()
    assert not app.exception
    drawn = grid(app, "mirs.results")
    assert drawn["states"] == {
        hits[2].id: ["Changed", CHANGED],
        hits[5].id: ["", "File missing: moved or deleted"],
    }
    assert [entry["id"] for entry in drawn["columns"][0]["tiles"]] == [hit.id for hit in hits]


def test_collections_and_browsing_are_marked(home: Home, searcher: Searcher, start: Any) -> None:
    first, second, third = sorted(searcher.items.ids)[:3]
    app = start()
    data = str(app.session_state[state.DATA])
    kept = collections.create(home, "Mine", data, "Mars", True).id
    contents = searcher.items.contents
    rows = {tile: searcher.items.row(tile) for tile in (first, second)}
    collections.add(home, kept, [CollectedTile(t, contents[row]) for t, row in rows.items()])
    collections.add(home, kept, [CollectedTile(third, "0" * 64)])
    repaint(searcher.files.path(first))
    searcher.files.path(second).unlink()
    for view, key in ((state.KEPT, "mirs.kept"), (state.BROWSE, "mirs.browser")):
        app.session_state[state.VIEW] = view
        app.run()
        assert not app.exception
        marked = grid(app, key)["states"]
        assert {tile: text[1].split(":")[0] for tile, text in marked.items()} == {
            first: CHANGED,
            second: MISSING,
        }
        if view == state.KEPT:
            lines = {tile["id"]: tile["lines"] for tile in grid(app, key)["columns"][0]["tiles"]}
            told = [
                tile for tile, text in lines.items() if "The archive has another picture" in text[1]
            ]
            assert told == [third]


def test_the_new_picture_becomes_the_query(home: Home, searcher: Searcher, start: Any) -> None:
    tile = searcher.items.ids[0]
    other = searcher.items.ids[40]
    shutil.copyfile(searcher.files.path(other), searcher.files.path(tile))
    app = start(tile=tile, models="demo-mirs", k="12")
    button(app, "Search with new picture").click().run()
    assert not app.exception
    assert app.session_state[state.VIEW] == state.OWN
    assert any("New picture of" in item.value for item in app.markdown)
    # Its pixels are those of another archived tile, which is recognised.
    hits = searcher.search(searcher.query_by_id(other), 12)
    shown = [entry["id"] for entry in grid(app, "mirs.results")["columns"][0]["tiles"]]
    assert shown == [hit.id for hit in hits]
    button(app, "Choose another image").click().run()
    assert not app.exception and app.file_uploader
    grids = [part.proto.id for part in app.get("bidi_component") if "results" in part.proto.id]
    assert not grids


def test_re_encoding_queues_a_job_for_each_model_and_tells_its_end(
    home: Home, searcher: Searcher, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tile = searcher.items.ids[0]
    repaint(searcher.files.path(tile))
    specs: list[Any] = []

    def submit(home: Home, spec: Any) -> str:
        specs.append(spec)
        return "job-1"

    monkeypatch.setattr(jobs, "submit_once", submit)
    app = start(tile=tile, models="demo-mirs,demo-baseline")
    monkeypatch.setattr(jobs, "read", lambda home, job: waiting)
    waiting = type("Job", (), {"active": True, "done": 1, "total": 4, "stage": "Encoding"})()
    button(app, "Re-encode").click().run()
    assert not app.exception
    assert {spec.run for spec in specs} == {"demo-mirs", "demo-baseline"}
    assert all(isinstance(spec, ArchiveAdd) for spec in specs)
    assert button(app, "Re-encode").disabled
    waiting.active, waiting.state, waiting.error = False, "failed", "No space left."
    waiting.result = None
    app.run()
    assert any("No space left" in item.value for item in app.error)
    assert not button(app, "Re-encode").disabled
    waiting.state, waiting.result = "done", {"run": "demo-mirs-dwt"}
    button(app, "Re-encode").click().run()
    assert not app.exception
    assert app.multiselect(key=state.MODELS).value == ["demo-mirs-dwt"]
    assert app.session_state[state.TILE] == tile


def test_an_open_server_offers_no_re_encoding(
    home: Home, searcher: Searcher, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.shared import access

    monkeypatch.setattr(access, "is_private", lambda: False)
    tile = searcher.items.ids[0]
    repaint(searcher.files.path(tile))
    app = start(tile=tile)
    assert CHANGED in html(app) and "Re-encode" not in labels(app)


def test_files_that_were_shown_are_watched(home: Home, searcher: Searcher) -> None:
    tiles = list(searcher.items.ids[:3])
    first = loaders.thumbnails(searcher, tiles)
    turn = loaders.look_at_shown_files()
    assert loaders.look_at_shown_files() == turn
    repaint(searcher.files.path(tiles[1]))
    assert loaders.look_at_shown_files() == turn + 1
    assert loaders.look_at_shown_files() == turn + 1
    second = loaders.thumbnails(searcher, tiles)
    assert second[tiles[0]] == first[tiles[0]] and second[tiles[1]] != first[tiles[1]]
    searcher.files.path(tiles[2]).unlink()
    loaders.thumbnails(searcher, tiles)
    assert loaders.files_turn() == turn + 2
