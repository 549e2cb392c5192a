"""Labels are corrected where a tile is seen; data sets are renamed, removed and restored."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.datasets import label_corrections, registry
from mirs_core.datasets.scanning import scan_cached
from mirs_core.pipeline import demo
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import access, state

PAGE = "pages/data/data.py"
EVIL = "<script>alert(1)</script>"


pytestmark = pytest.mark.usefixtures("no_workers", "nothing_cached")


@pytest.fixture
def own_data(home: Home) -> Home:
    """The home folder with a copy of the tiles of its own; labels are logged by folder."""
    (run, *_) = [r for r in runs.list_runs(home) if r.usable]
    registry.remember(home, run.data_root)
    return home


@pytest.fixture
def opened(own_data: Home, start: Any) -> Callable[[], AppTest]:
    def run() -> AppTest:
        app: AppTest = start()
        app.query_params["section"] = "here"
        app.switch_page(PAGE).run()
        assert not app.exception
        return app

    return run


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def press(app: AppTest, label: str, place: int = 0) -> AppTest:
    [button for button in app.button if button.label == label][place].click().run()
    assert not app.exception
    return app


def press_key(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def root_of(home: Home) -> Any:
    return next(r.data_root for r in runs.list_runs(home) if r.usable)


def test_a_label_is_corrected_where_the_tile_is_seen(own_data: Home, start: Any) -> None:
    home, root = own_data, root_of(own_data)
    manifest = scan_cached(home, root)
    tile, second = manifest.tiles.ids[:2]
    app = start()
    app.session_state[state.CHOSEN] = [tile, second]
    app.switch_page("pages/space/space.py").run()
    assert not app.exception
    box = next(box for box in app.selectbox if box.label == "Label of 2 tiles")
    box.set_value("Another label").run()
    save = next(b for b in app.button if b.key == "mirs.label.space.save")
    assert save.disabled, "a label is needed"
    app.text_input(key="mirs.label.space.new").set_value("Polar Dune").run()
    app.text_input(key="mirs.label.space.person").set_value("Ann").run()
    next(b for b in app.button if b.key == "mirs.label.space.save").click().run()
    assert not app.exception and not app.error
    current = label_corrections.current(home, root)
    assert {t: (c.label, c.by) for t, c in current.items()} == {
        tile: ("Polar Dune", "Ann"), second: ("Polar Dune", "Ann")
    }  # fmt: skip
    assert scan_cached(home, root).classes["Polar Dune"] == 2


def test_corrections_are_listed_undone_and_merged_in_the_dialog(
    opened: Callable[[], AppTest], own_data: Home
) -> None:
    home, root = own_data, root_of(own_data)
    manifest = scan_cached(home, root)
    first = manifest.tiles.ids[0]
    own = manifest.tiles.labels[0]
    assert own is not None
    label_corrections.correct(home, root, manifest.tiles, {first: EVIL}, by=EVIL, note="why")
    app = press_key(opened(), f"mirs.sets.labels.{root}")
    said = html(app)
    assert "1 in force" in said and EVIL not in said and "&lt;script&gt;" in said
    assert said.count("corrected since it was archived") == 3, "three archives hold the old one"
    press(app, "Update archive")
    assert any(job.args[:2] == ("archive", "add") for job in jobs.list_jobs(home))
    press(press_key(opened(), f"mirs.sets.labels.{root}"), "Undo")
    assert label_corrections.current(home, root) == {}
    labels: dict[str, str | None] = dict.fromkeys(manifest.tiles.ids[:1], own.upper())
    label_corrections.correct(home, root, manifest.tiles, labels, by="me")
    app = press_key(opened(), f"mirs.sets.labels.{root}")
    assert any(f"{own.upper()} (1)" in c.value.replace("\\", "") for c in app.caption)
    press(app, "Merge them")
    assert own.upper() not in scan_cached(home, root).classes


def test_a_data_set_is_renamed_removed_and_restored(
    opened: Callable[[], AppTest], own_data: Home
) -> None:
    home, root = own_data, root_of(own_data)
    tiles = sorted(path.name for path in root.rglob("*.jpg"))
    app = opened()
    # A run of the page would close the dialog, so the title is there when it opens.
    app.session_state["mirs.sets.title"] = "My craters"
    press_key(press_key(app, f"mirs.sets.rename.{root}"), "mirs.sets.rename.go")
    assert "My craters" in html(opened())
    assert {run.data_title for run in runs.list_runs(home)} == {"My craters"}
    press_key(press_key(opened(), f"mirs.sets.remove.{root}"), "mirs.sets.remove.go")
    assert runs.list_runs(home) == [] and "My craters" not in html(opened())
    app = opened()
    assert any(item.label == "Removed data sets (1)" for item in app.expander)
    press(app, "Restore")
    assert "My craters" in html(opened()) and len(runs.list_runs(home)) == 3
    assert sorted(path.name for path in root.rglob("*.jpg")) == tiles


def test_visitors_change_nothing(
    opened: Callable[[], AppTest], monkeypatch: pytest.MonkeyPatch, start: Any, own_data: Home
) -> None:
    monkeypatch.setattr(access, "is_private", lambda: False)
    monkeypatch.setattr(demo, "is_complete", lambda home: False)
    actions = {button.label for button in opened().button}
    assert not actions & {"Labels", "Rename", "Remove", "Train models", "Restore"}
    app = start()
    tiles = scan_cached(own_data, root_of(own_data)).tiles
    app.session_state[state.CHOSEN] = list(tiles.ids[:2])
    app.switch_page("pages/space/space.py").run()
    assert not any(box.label.startswith("Label of") for box in app.selectbox)
