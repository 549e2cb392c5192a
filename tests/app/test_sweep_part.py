"""Sweeps on the page Train, without a browser."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mirs_core import cli, jobs
from mirs_core.files import write_json
from mirs_core.jobs.kinds.sweep import Sweep
from mirs_core.pipeline import sweeps
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

PAGE = "pages/train/train.py"


pytestmark = pytest.mark.usefixtures("no_workers")


@pytest.fixture
def sweep(home: Home, start: Any) -> AppTest:
    app: AppTest = start().switch_page(PAGE).run()
    app = app.segmented_control(key="mirs.train.part").set_value("sweep").run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def begun(app: AppTest, home: Home) -> jobs.Job:
    press(app, "Start sweep")
    assert not app.exception and not app.error
    return next(job for job in jobs.list_jobs(home) if job.spec == Sweep(id=job.key))


def test_a_sweep_is_queued_and_its_map_is_drawn_as_it_grows(sweep: AppTest, home: Home) -> None:
    app = (
        next(one for one in sweep.select_slider if one.label == "Number of cells")
        .set_value(4)
        .run()
    )
    job = begun(app, home)
    made = sweeps.load(home, job.key)
    assert (made.method, made.cells, made.config.preset) == ("grid", 4, "mirs")
    assert any("0 of 4 cells done" in one.value for one in app.caption)
    found = [
        {"push": 10.0**i, "balance": 1.0, "run": f"run-{i}", "value": 0.5 + i / 10}
        for i in range(-3, 1)
    ]
    write_json(home.path / "sweeps" / made.id / "cells.json", found)
    app.run()
    assert not app.exception and len(app.get("plotly_chart")) == 1
    said = " ".join(one.value for one in app.markdown)
    assert "Best cell" in said and "**0.500**" in said and "lambda1 **1**" in said
    press(app, "Use these weights")
    app.segmented_control(key="mirs.train.part").set_value("tune").run()
    slider = next(one for one in app.select_slider if one.label == "Push weight (lambda1)")
    assert slider.value == 1.0 and not app.exception


def test_settings_without_a_validation_map_cannot_be_swept(sweep: AppTest, home: Home) -> None:
    app = sweep.selectbox(key="mirs.train.preset.widget").set_value("mirs-unsupervised").run()
    press(app, "Start sweep")
    assert "validation mAP@64" in app.error[0].value and sweeps.list_sweeps(home) == []


def test_the_job_of_a_sweep_trains_its_runs(sweep: AppTest, home: Home) -> None:
    app = next(one for one in sweep.number_input if one.label == "Epochs").set_value(1).run()
    app = next(one for one in app.selectbox if one.label == "Views").set_value(1).run()
    app = (
        next(one for one in app.select_slider if one.label == "Number of cells").set_value(4).run()
    )
    job = begun(app, home)
    assert cli.main([*job.args, "--quiet", "--json"]) == 0
    cells = sweeps.cells(home, job.key)
    assert len(cells) == 4 and {cell.run for cell in cells} <= {r.id for r in runs.list_runs(home)}
