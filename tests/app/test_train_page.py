"""The page Train, without a browser."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes import write_dataset
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.config.relevance import idle
from mirs_core.config.settings import RunConfig, settings
from mirs_core.jobs.kinds.train import Train
from mirs_core.jobs.kinds.train_encoder import TrainEncoder
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import data_choice
from pages.shared import access
from pages.train.form import log_steps

PAGE = "pages/train/train.py"
LOG = [(f"{g}.{f.name}", f) for g, f in settings() if f.metadata["log"]]


pytestmark = pytest.mark.usefixtures("no_workers")


@pytest.fixture
def train(home: Home, start: Any) -> AppTest:
    app: AppTest = start().switch_page(PAGE).run()
    assert not app.exception
    return app


def widget(app: AppTest, name: str) -> Any:
    """The widget of a setting, whatever kind it is."""
    kinds = (app.select_slider, app.number_input, app.selectbox, app.toggle, app.text_input)
    for one in (one for kind in kinds for one in kind):
        if str(one.key).startswith(f"mirs.train.{name}."):
            return one
    raise AssertionError(f"no widget for {name}")


def drawn(app: AppTest) -> set[str]:
    kinds = (app.select_slider, app.number_input, app.selectbox, app.toggle, app.text_input)
    keys = [str(one.key) for kind in kinds for one in kind]
    return {
        name for name in (f"{g}.{f.name}" for g, f in settings())
        if any(key.startswith(f"mirs.train.{name}.") for key in keys)
    }  # fmt: skip


def choose(app: AppTest, preset: str) -> AppTest:
    return app.selectbox(key="mirs.train.preset.widget").set_value(preset).run()


def start_training(app: AppTest) -> RunConfig:
    """Presses Start; the configuration of the run that is queued then."""
    next(one for one in app.button if one.label == "Start training").click().run()
    assert not app.exception and not app.error
    home = Home.current()
    job = next(job for job in jobs.list_jobs(home) if job.run)
    assert job.state == "queued" and job.spec == Train(run=job.run, map=True)
    run = runs.folder(home, job.run)
    assert run.status()["state"] == "queued"
    return run.config()


@pytest.mark.parametrize("preset", PRESETS)
def test_what_does_something_is_drawn_and_nothing_else(train: AppTest, preset: str) -> None:
    app = choose(train, preset)
    config = from_preset(preset, data="x")
    assert not app.exception
    names = {f"{g}.{f.name}" for g, f in settings() if f.metadata["in_form"]}
    wanted = {name for name in names if not idle(config, name)}
    assert drawn(app) == wanted


def test_a_setting_that_is_moved_is_what_is_trained(train: AppTest, home: Home) -> None:
    app = widget(train, "loss.push_weight").set_value(0.5).run()
    app = widget(app, "loss.balance_weight").set_value(20.0).run()
    app = widget(app, "training.epochs").set_value(7).run()
    assert "Changed from the preset" in " ".join(one.value for one in app.caption)
    config = start_training(app)
    expected = from_preset(
        "mirs",
        data=config.data,
        changes=["loss.push_weight=0.5", "loss.balance_weight=20", "training.epochs=7"],
    )
    assert config == expected


def test_another_preset_takes_its_own_values(train: AppTest) -> None:
    app = widget(train, "loss.push_weight").set_value(0.5).run()
    app = choose(app, "mirs-unsupervised")
    assert widget(app, "loss.push_weight").value == 0.05
    app = choose(app, "mirs")
    assert widget(app, "loss.push_weight").value == 0.001


def test_the_way_back_to_the_preset(train: AppTest) -> None:
    app = widget(train, "loss.push_weight").set_value(0.5).run()
    next(one for one in app.button if one.label == "Reset to preset").click().run()
    assert widget(app, "loss.push_weight").value == 0.001
    assert not [one for one in app.button if one.label == "Reset to preset"]


def test_settings_that_contradict_each_other_are_said_at_once(train: AppTest) -> None:
    app = choose(train, "mirs-unsupervised")
    app = widget(app, "training.selection").set_value("map").run()
    assert "training.selection=map needs class labels" in app.error[0].value.replace("\\", "")
    assert not [one for one in app.button if one.label == "Start training"]
    app = widget(app, "training.selection").set_value("last").run()
    assert not app.error


def test_a_preview_starts_by_itself_and_follows_the_query(train: AppTest, home: Home) -> None:
    (first,) = jobs.list_jobs(home)
    assert first.lane == jobs.PREVIEW and first.args[0] == "preview"
    app = widget(train, "loss.push_weight").set_value(1.0).run()
    new, old = jobs.list_jobs(home)
    assert old.state == "stopped" and "--set=loss.push_weight=1.0" in new.args
    assert any(word.startswith("--query=test/") for word in new.args)
    app.toggle(key="mirs.train.auto").set_value(False).run()
    widget(app, "loss.push_weight").set_value(2.0).run()
    assert len(jobs.list_jobs(home)) == 2


def test_a_preview_shows_terms_codes_and_hits(train: AppTest, home: Home) -> None:
    from mirs_core import cli

    (job,) = jobs.list_jobs(home)
    assert cli.main([*job.args, "--quiet", "--json"]) == 0
    (home.path / "jobs" / job.id / "ended.json").write_text(
        json.dumps({"state": "done", "error": None, "seconds": 3})
    )
    app = train.run()
    page = " ".join(one.value for one in app.get("html"))
    assert not app.exception and "Share of the gradient" in page and "Default" in page
    assert page.count("<figure") == 24 and len(app.get("plotly_chart")) == 4


def test_a_preview_that_failed_says_why(train: AppTest, home: Home) -> None:
    (job,) = jobs.list_jobs(home)
    (home.path / "jobs" / job.id / "ended.json").write_text(
        json.dumps({"state": "failed", "error": "A <b>bold</b> reason", "seconds": 3})
    )
    app = train.run()
    assert "bold" in app.error[0].value and "\\<b" in app.error[0].value


def test_a_preset_without_a_network_has_no_preview(train: AppTest) -> None:
    app = choose(train, "baseline")
    assert any("nothing to preview" in one.value for one in app.info)
    assert start_training(app).preset == "baseline"


def test_a_folder_that_cannot_be_trained_on_says_so_before_the_start(
    train: AppTest, tmp_path: Path
) -> None:
    app = train.selectbox(key="mirs.train.data.widget").set_value("Another folder ...").run()
    field = next(one for one in app.text_input if one.label == "Folder on this computer")
    app = field.set_value(str(tmp_path / "nowhere")).run()
    assert "No such folder" in app.error[0].value
    (tmp_path / "empty").mkdir()
    field = next(one for one in app.text_input if one.label == "Folder on this computer")
    app = field.set_value(str(tmp_path / "empty")).run()
    assert app.error and not [one for one in app.button if one.label == "Start training"]


def test_a_typed_folder_is_still_there_after_a_change_of_page(train: AppTest, home: Home) -> None:
    app = train.selectbox(key="mirs.train.data.widget").set_value("Another folder ...").run()
    assert "loss.temperature" not in drawn(app)
    field = next(one for one in app.text_input if one.label == "Folder on this computer")
    app = field.set_value(str(home)).run()
    app.switch_page("pages/runs/runs.py").run()
    app.switch_page(PAGE).run()
    field = next(one for one in app.text_input if one.label == "Folder on this computer")
    assert field.value == str(home)


def test_archive_and_target_are_chosen_among_the_known_data_sets(
    train: AppTest, home: Home
) -> None:
    card = {"name": "far", "title": "Far away", "synthetic": True}
    far = write_dataset(home.path / "data" / "far", {"train": {"cra": 4}}, card=card).resolve()
    app = choose(train, "mirs")
    assert "archive.data" in drawn(app) and "whitening.target" not in drawn(app)
    app = choose(app, "mirs-dwt")
    for name, empty in (("archive.data", "Same as the training data set"),
                        ("whitening.target", "Tiles of the archive")):  # fmt: skip
        assert widget(app, name).value == ""
        assert widget(app, name).options[0] == empty
        assert "Far away (synthetic)" in widget(app, name).options
        assert "Synthetic Mars" in " ".join(widget(app, name).options)
    app = widget(app, "archive.data").set_value(str(far)).run()
    app = widget(app, "whitening.target").set_value(str(far)).run()
    assert form_of(app).archive.data == form_of(app).whitening.target == str(far)
    app = widget(app, "whitening.target").set_value("").run()
    assert form_of(app).whitening.target == ""


def test_a_typed_folder_is_whole_and_has_to_be_there(
    home: Home, start: Any, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    assert (
        data_choice.absolute(f" {mine}/../mine ") == str(mine) and data_choice.absolute(" ") == ""
    )
    app = start()
    app.session_state["mirs.train.values"] = {"archive.data": str(mine)}
    app = app.switch_page(PAGE).run()
    assert not app.exception and widget(app, "archive.data").value == str(mine)
    assert app.error and not [one for one in app.button if one.label == "Start training"]


def form_of(app: AppTest) -> RunConfig:
    """The configuration that the form stands for."""
    preset, data, seed = app.session_state["mirs.train.drawn"]
    changes = [f"{name}={value}" for name, value in app.session_state["mirs.train.values"].items()]
    return from_preset(preset, data=data, seed=seed, changes=changes)


def test_a_known_folder_without_a_run_can_be_trained_on(home: Home, start: Any) -> None:
    far = write_dataset(home.path / "data" / "far", {"train": {"cra": 4, "rid": 4}}).resolve()
    app = start().switch_page(PAGE).run()
    app = app.selectbox(key="mirs.train.data.widget").set_value(str(far)).run()
    assert not app.exception
    assert choose(app, "baseline") and start_training(app).data == str(far)


def test_a_contradiction_draws_no_more_settings_than_before(train: AppTest) -> None:
    app = choose(train, "mirs-unsupervised")
    before = drawn(app)
    app = widget(app, "training.selection").set_value("map").run()
    assert app.error and drawn(app) == before


def test_what_differs_from_the_default_model_is_listed(train: AppTest, home: Home) -> None:
    runs.serve(home, "demo-mirs")
    app = widget(train, "loss.push_weight").set_value(0.5).run()
    assert any("Push weight (lambda1)" in one.value for one in app.get("html"))
    (home.path / "served.json").unlink()
    assert any("no default model to compare" in one.value for one in app.run().caption)


def test_an_encoder_is_prepared_and_queued(train: AppTest, home: Home) -> None:
    app = train.segmented_control(key="mirs.train.part").set_value("encoder").run()
    next(one for one in app.button if one.label == "Train encoder").click().run()
    assert not app.exception and not app.error
    job = next(job for job in jobs.list_jobs(home) if job.args[0] == "train-encoder")
    assert isinstance(job.spec, TrainEncoder)
    assert (home.path / "encoders" / job.spec.resume / "request.json").is_file()


def test_the_queue_shows_states_and_takes_orders(train: AppTest, home: Home) -> None:
    start_training(train)
    job = next(job for job in jobs.list_jobs(home) if job.run)
    train.button(key=f"mirs.queue.Stop.{job.id}").click().run()
    assert jobs.read(home, job.id).state == "stopped"
    train.button(key=f"mirs.queue.Resume.{job.id}").click().run()
    assert jobs.read(home, job.id).state == "queued"


def test_without_any_run_the_demo_is_built(
    home: Home, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(home.path / "runs")
    (home.path / "served.json").unlink()
    app = start().switch_page(PAGE).run()
    assert not app.exception
    assert any(job.key == "demo" for job in jobs.list_jobs(home))


@given(st.sampled_from(LOG), st.floats(1e-6, 1e4))
def test_steps_of_a_slider_stay_in_range_and_rise(one: tuple[str, Any], more: float) -> None:
    meta = one[1].metadata
    more = min(max(more, meta["low"]), meta["high"])
    steps = log_steps(meta["low"], meta["high"], [more])
    assert steps == sorted(set(steps)) and more in steps
    assert steps[0] == meta["low"] and steps[-1] == meta["high"]
    plain = getattr(getattr(RunConfig(), one[0].partition(".")[0]), one[1].name)
    for value in (*steps, plain):
        dataclasses.replace(one_group(one[0], value))


def one_group(name: str, value: float) -> Any:
    return from_preset("mirs-dwt", data="", changes=[f"{name}={value!r}"])


def test_strangers_start_no_training(
    home: Home, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_LOCAL", set())
    app = start().switch_page(PAGE).run()
    assert not app.exception and "is disabled" in app.info[0].value
    assert {button.key for button in app.button} == {"mirs-keys"}
