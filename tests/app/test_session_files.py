"""Sessions saved in the app and opened in another one, with everything or with less."""

import json
import shutil
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from mirs_core.exchange import sessions
from mirs_core.exchange.sessions import Session
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home
from pages.shared import session_files, state
from pages.shared.query_kinds import upload

KEYS = (
    state.MODELS, state.K, state.PLUS, state.MINUS, state.CLASSES, state.BAND, state.STRIP,
    state.REGION, state.WITHIN,
)  # fmt: skip


def png(seed: int = 7) -> bytes:
    out = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files of the save button, each written when it is drawn."""
    files: list[bytes] = []
    button = st.download_button

    def download_button(label: str, data: Any, *args: Any, **options: Any) -> bool:
        if label == "Save session":
            files.append(data())
        return button(label, data, *args, **options)

    monkeypatch.setattr(session_files.st, "download_button", download_button)
    return files


def dialog(app: AppTest) -> AppTest:
    return next(one for one in app.button if one.label == "Session file").click().run()


def opened(app: AppTest, data: bytes) -> AppTest:
    dialog(app)
    app.file_uploader(key="mirs.session.file").set_value(("s.json", data, "application/json")).run()
    buttons = [one for one in app.button if one.label == "Open session"]
    return buttons[0].click().run() if buttons else app


def value(app: AppTest, key: str) -> Any:
    return app.session_state[key] if key in app.session_state else None  # noqa: SIM401


def investigation(home: Home, start: Any, source: state.QuerySource | None) -> AppTest:
    """An app with a query, examples, filters, an earlier query and a collection."""
    items = Searcher.open(home, "demo-mirs").items
    link = {"models": "demo-baseline,demo-mirs", "k": "12", "classes": "cra", "strip": "1"}
    app = start(**link, latitudes="-60..45", within="40", region="10..-50..200..50")
    app.session_state[state.TILE], app.session_state["mirs.query"] = items.ids[3], source
    app.session_state[state.PLUS], app.session_state[state.MINUS] = [items.ids[5]], [items.ids[8]]
    app.session_state["mirs.history"] = [state.Tile(items.ids[1]), state.Upload("old.png", png(8))]
    data = value(app, state.DATA)
    made = collections.create(home, "Gullies", data, "Synthetic Mars", True)
    collections.add(home, made.id, [CollectedTile(items.ids[0], items.contents[0], "look")])
    return app.run()


@pytest.mark.parametrize("kind", ["tile", "image"])
def test_a_session_opened_elsewhere_is_the_same(
    home: Home, start: Any, saved: list[bytes], kind: str
) -> None:
    source = None if kind == "tile" else state.Upload("mine.png", png())
    app = dialog(investigation(home, start, source))
    assert not app.exception
    before = {key: value(app, key) for key in KEYS}
    history = value(app, "mirs.history")
    # Another server: nothing in memory, no collections.
    upload._memory.clear()
    shutil.rmtree(home.collections)
    other = opened(start(), saved[-1])
    assert not other.exception and not other.error and not other.warning
    assert {key: value(other, key) for key in KEYS} == before
    assert value(other, "mirs.query") == source and value(other, "mirs.history") == history
    if source is None:
        assert value(other, state.TILE) == value(app, state.TILE)
    (collection,) = collections.list_all(home, value(other, state.DATA))
    assert collection.name == "Gullies" and collection.tiles[0].note == "look"


def test_the_rest_is_restored_and_what_is_missing_named_until_dismissed(
    home: Home, start: Any, saved: list[bytes]
) -> None:
    dialog(investigation(home, start, None))
    session = sessions.read(saved[-1])
    plus = session.search["plus"]
    lost = json.loads(saved[-1])
    lost["tiles"].pop(plus)
    lost["tiles"]["test/gone.jpg"], lost["search"]["plus"] = "ab" * 32, "test/gone.jpg"
    shutil.rmtree(home.runs / "demo-baseline")
    other = opened(start(), json.dumps(lost).encode())
    assert not other.exception
    assert value(other, state.MODELS) == ["demo-mirs"] and value(other, state.K) == 12
    assert value(other, state.TILE) == session.search["tile"] and value(other, state.PLUS) == []
    text = " ".join(warning.value for warning in other.warning)
    assert "test/gone.jpg" in text.replace("\\", "") and "Baseline" in text
    other.switch_page("pages/evaluate/evaluate.py").run()
    assert other.warning and not other.exception
    next(one for one in other.button if one.label == "Dismiss").click().run()
    assert not other.warning


def test_without_its_data_set_the_image_is_the_query_all_the_same(
    home: Home, start: Any, saved: list[bytes]
) -> None:
    source = state.Upload("mine.png", png())
    dialog(investigation(home, start, source))
    value_of = json.loads(saved[-1])
    value_of["data"] |= {"manifest": "fedcba9876543210", "title": "Elsewhere"}
    other = opened(start(), json.dumps(value_of).encode())
    assert not other.exception and value(other, "mirs.query") == source
    assert value(other, state.CLASSES) == [] and value(other, state.K) == 12
    assert any("Elsewhere is not archived" in warning.value for warning in other.warning)


@pytest.mark.parametrize("data", [b"no", b"{}", sessions.to_bytes(Session(""))[:200]])
def test_another_file_changes_nothing_and_says_why(home: Home, start: Any, data: bytes) -> None:
    app = start(k="12")
    before = {key: value(app, key) for key in (*KEYS, state.TILE)}
    opened(app, data)
    assert not app.exception and len(app.error) == 1 and "session file" in app.error[0].value
    assert {key: value(app, key) for key in (*KEYS, state.TILE)} == before
