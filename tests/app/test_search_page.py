"""The page Search and compare, without a browser."""

import dataclasses
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import rewrite, segment
from fakes import write_job
from PIL import Image
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.jobs.kinds.demo import Demo
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.home import Home
from pages.shared import access, state


def address(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def messages(app: AppTest) -> str:
    return " ".join(item.value for item in [*app.error, *app.warning, *app.info])


def png(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, format="PNG")
    return out.getvalue()


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def test_a_session_opens_on_the_demo_with_three_models(home: Home, start: Any) -> None:
    app = start()
    assert not app.exception and not messages(app)
    assert app.multiselect(key=state.MODELS).value == [
        "demo-baseline",
        "demo-mirs",
        "demo-mirs-dwt",
    ]
    assert "Synthetic Mars." in html(app) and "1 km" in html(app)
    assert address(app, "tile").startswith("test/cra/")


def test_a_link_restores_query_models_length_and_filters(home: Home, start: Any) -> None:
    tile = Searcher.open(home, "demo-mirs").items.ids[5]
    app = start(
        tile=tile, models="demo-mirs", k="12", classes="cra,rid", roles="archive", strip="1"
    )
    assert not app.exception and not messages(app)
    assert app.multiselect(key=state.MODELS).value == ["demo-mirs"]
    assert app.slider(key=state.K).value == 12
    assert app.multiselect(key=state.CLASSES).value == ["cra", "rid"]
    assert app.multiselect(key=state.ROLES).value == ["archive"]
    assert app.checkbox(key=state.STRIP).value
    assert address(app, "tile") == tile and address(app, "strip") == "1"


def test_a_group_of_landforms_filters_the_results(home: Home, start: Any) -> None:
    app = start(groups="Impact Landforms,Nonsense", classes="rid")
    assert not app.exception
    assert messages(app) == (
        "This data set has nothing to filter by: Nonsense. Results include all."
    )
    assert app.multiselect(key=state.GROUPS).value == ["Impact Landforms"]
    searcher = Searcher.open(home, "demo-mirs")
    app.session_state["mirs.tile"] = searcher.items.ids[0]
    app.run()
    assert address(app, "groups") == "Impact Landforms"
    next(button for button in app.button if button.label == "Clear all filters").click().run()
    assert "groups" not in app.query_params and "classes" not in app.query_params
    assert "Nonsense" not in messages(app)


def test_a_demo_that_is_half_built_is_not_shown_yet(
    home: Home, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.path / "served.json").unlink()
    shutil.rmtree(home.path / "runs" / "demo-mirs-dwt")
    monkeypatch.setattr(jobs, "submit_once", lambda *args: "job-1")
    path = home.path / "jobs" / "job-1"
    write_job(path)
    assert "Setting up a demo of Mars" in html(start())


def test_a_link_with_unknown_values_says_so_and_falls_back(home: Home, start: Any) -> None:
    app = start(data="nowhere", tile="../../etc/passwd", models="gone", k="9" * 30, classes="zzz")
    assert not app.exception
    assert "data set of this link" in messages(app)
    assert app.slider(key=state.K).value == state.K_DEFAULT
    assert address(app, "tile").startswith("test/")


def test_an_unknown_tile_and_unknown_models_say_so(home: Home, start: Any) -> None:
    said = messages(start(tile="test/cra/nothing.jpg", models="gone"))
    assert "tile of this link" in said and "models of this link" in said


def test_markup_in_a_link_reaches_no_page(home: Home, start: Any) -> None:
    app = start(tile="<script>alert(1)</script>", data="<b>x</b>")
    assert not app.exception and "<script>" not in html(app) + messages(app)


def test_without_a_model_the_page_asks_for_one(home: Home, start: Any) -> None:
    app = start()
    app.multiselect(key=state.MODELS).set_value([]).run()
    assert not app.exception


def test_browsing_filters_by_class_and_name(home: Home, start: Any) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.BROWSE).run()
    assert any("180 tiles" in caption.value for caption in app.caption)
    app.multiselect(key="mirs.b.classes").set_value(["cra"]).run()
    assert any("12 tiles" in caption.value for caption in app.caption)
    app.text_input(key="mirs.b.text").set_value("no such name").run()
    assert "No tile passes" in messages(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("text.jpg", b"not an image", "text.jpg"),
        ("empty.png", b"", "empty"),
        ("dot.png", png(np.zeros((1, 1), np.uint8)), "1 x 1"),
        ("cut.png", png(np.zeros((90, 90), np.uint8))[:60], "cut.png"),
    ],
)
def test_a_bad_upload_gets_its_reason(
    home: Home, start: Any, name: str, data: bytes, says: str
) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    app.file_uploader(key="mirs.file").set_value((name, data, "image/png")).run()
    assert not app.exception and len(app.error) == 1 and says in app.error[0].value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(120 * 90, dtype=np.uint16).reshape(120, 90) * 3,
        np.random.default_rng(0).integers(0, 255, (64, 64, 4), dtype=np.uint8),
        np.random.default_rng(0).integers(0, 255, (300, 200, 3), dtype=np.uint8),
    ],
    ids=["16 bit", "RGBA", "colour, not square"],
)
def test_an_own_image_is_searched(home: Home, start: Any, array: np.ndarray) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    app.file_uploader(key="mirs.file").set_value(("own.png", png(array), "image/png")).run()
    assert not app.exception and not app.error
    assert "own.png" in html(app)


def test_history_goes_back(home: Home, start: Any) -> None:
    ids = Searcher.open(home, "demo-mirs").items.ids
    app = start(tile=ids[0])
    app.session_state["mirs.history"] = [state.Tile(ids[1])]
    app.run()
    next(button for button in app.button if button.label == "Back").click().run()
    assert address(app, "tile") == ids[1]
    assert not [button for button in app.button if button.label == "Back"]


def test_a_damaged_run_says_what_to_do_and_hides_no_other(home: Home, start: Any) -> None:
    (segment(home.path / "runs" / "demo-mirs") / "codes.npy").write_bytes(b"broken")
    app = start()
    assert not app.exception and len(app.error) == 1 and "train again" in app.error[0].value


def test_a_folder_of_tiles_that_was_moved_leaves_the_page_standing(
    home: Home, start: Any, tmp_path: Path
) -> None:
    path = home.path / "runs" / "demo-mirs" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "data": str(tmp_path / "moved")}))
    app = start(models="demo-mirs")
    assert not app.exception


def test_a_half_built_demo_goes_on(home: Home, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[object] = []
    monkeypatch.setattr(jobs, "submit_once", lambda *args: launched.append(args[1]) or "job-1")
    path = home.path / "jobs" / "job-1"
    write_job(path)
    shutil.rmtree(home.path / "runs" / "demo-mirs-dwt")
    (home.path / "served.json").unlink()
    app = start()
    assert not app.exception and launched == [Demo()]


def test_an_own_folder_must_exist(home: Home, start: Any) -> None:
    app = start()
    app.sidebar.text_input[0].set_value(str(home.path / "nowhere"))
    next(button for button in app.button if button.label == "Archive").click().run()
    assert "No such folder" in messages(app)


def test_a_fresh_home_builds_the_demo_once(
    tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []

    def launch(home: Home, spec: object) -> str:
        started.append(spec)
        path = Home.current().path / "jobs" / "job-1"
        write_job(path)
        return "job-1"

    monkeypatch.setenv("MIRS_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "submit_once", launch)
    app = start()
    assert not app.exception and started == [Demo()]
    assert "synthetic Mars" in html(app)
    (tmp_path / "jobs" / "job-1" / "ended.json").write_text(
        json.dumps({"state": "failed", "error": "The disk is full.", "seconds": 3})
    )
    app.run()
    assert "The disk is full." in messages(app) and app.button[0].label == "Try again"


def test_the_first_screen_gives_way_to_the_demo(
    small_demo: Home, tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(jobs, "submit_once", lambda *args: "job-1")
    path = tmp_path / "home" / "jobs" / "job-1"
    write_job(path)
    app = start()
    assert "Setting up a demo of Mars" in html(app)
    shutil.copytree(small_demo, tmp_path / "home", dirs_exist_ok=True)
    app.run()
    assert "Setting up a demo of Mars" not in html(app) and app.multiselect(key=state.MODELS).value


def test_a_link_restores_examples_band_and_threshold_and_drops_what_is_wrong(
    home: Home, start: Any
) -> None:
    names = Searcher.open(home, "demo-mirs").items.ids
    plus = f"{names[3]}//nowhere.png//{names[4]}"
    app = start(
        tile=names[0], plus=plus, minus=names[7], within="9999", latitudes="-30..45", near="1"
    )
    assert not app.exception
    said = messages(app)
    assert "within=9999" in said and "left out: nowhere.png." in said
    assert address(app, "plus") == f"{names[3]}//{names[4]}" and address(app, "minus") == names[7]
    assert "More like these" in html(app) and "Less like these" in html(app)
    assert app.number_input(key=state.WITHIN).value == 128
    assert tuple(app.slider(key=state.BAND).value) == (-30, 45)
    assert app.checkbox(key=state.NEAR).value is True
    for wrong in ("45..-30", "a..b", "-100..0", "1..2..3", ""):
        app = start(latitudes=wrong, within="-1", k="1e9")
        assert not app.exception and tuple(app.slider(key=state.BAND).value) == state.POLES
        assert app.number_input(key=state.WITHIN).value is None


def test_back_and_forward_go_through_the_queries(home: Home, start: Any) -> None:
    names = Searcher.open(home, "demo-mirs").items.ids
    app = start(tile=names[5])
    app.session_state["mirs.history"] = [state.Tile(names[0]), state.Tile(names[3])]
    app.run()
    seen = []
    for label in ("Back", "Back", "Forward", "Forward"):
        next(button for button in app.button if button.label == label).click().run()
        seen.append(address(app, "tile"))
    assert seen == [names[3], names[0], names[3], names[5]]
    assert not any(button.label == "Forward" for button in app.button)


def test_an_archive_without_labels_is_searched_all_the_same(home: Home, start: Any) -> None:
    for run in ("demo-baseline", "demo-mirs", "demo-mirs-dwt"):
        path = home.path / "runs" / run
        rewrite(path, lambda items: dataclasses.replace(items, labels=[None] * len(items)))
    app = start()
    assert not app.exception and not app.error
    assert "not labelled" in html(app)


def test_a_damaged_run_says_so_and_the_others_answer(home: Home, start: Any) -> None:
    (home.path / "runs" / "demo-mirs" / "model.safetensors").write_bytes(b"no")
    app = start()
    assert not app.exception
    assert "is damaged" in messages(app)
    assert any(button.label == "Export" for button in app.button)


def test_enlarge_works_while_browsing_and_for_a_damaged_link(home: Home, start: Any) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.BROWSE).run()
    next(button for button in app.button if button.label == "Enlarge").click().run()
    assert not app.exception and 'class="mirs-bits"' not in html(app)
    assert [item for item in app.toggle if item.label == "Attention map"]
    app.session_state["mirs.closer"] = "../../etc/passwd"
    app.run()
    assert not app.exception


def test_collections_are_listed_and_a_damaged_one_says_so(home: Home, start: Any) -> None:
    app = start()
    data = app.session_state[state.DATA]
    made = collections.create(home, "Mine <b>", data, "Synthetic Mars", True)
    names = Searcher.open(home, "demo-mirs").items.ids
    collections.add(
        home,
        made.id,
        [collections.CollectedTile(names[0], "1", "odd"), collections.CollectedTile("gone", "")],
    )
    app.segmented_control(key=state.VIEW).set_value(state.KEPT).run()
    chosen = next(box for box in app.selectbox if box.label == "Collection")
    assert not app.exception and chosen.options == ["Mine <b> (2)"]
    assert any("1 of its tiles that are no longer" in one.value for one in app.caption)
    (home.path / "collections" / f"{made.id}.json").write_text("{")
    app.run()
    assert not app.exception and app.error


def test_own_images_by_path_are_refused_outside_of_this_computer(
    home: Home, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = start()
    app.segmented_control(key=state.VIEW).set_value(state.OWN).run()
    assert any(field.label == "or its path on this computer" for field in app.text_input)
    monkeypatch.setattr(access, "_LOCAL", set())
    app.run()
    assert not any(field.label == "or its path on this computer" for field in app.text_input)
