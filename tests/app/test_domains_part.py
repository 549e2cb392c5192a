"""The part Domains of the page Evaluate, without a browser."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import make_fake_encoder, write_dataset
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.encoders import run_encoder
from mirs_core.experiments import domains
from mirs_core.files import write_array, write_json
from mirs_core.jobs.kinds.domains import Domains
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import access

PAGE = "pages/evaluate/evaluate.py"
LAYOUT = {"train": {"cra": 6, "rid": 6}, "test": {"cra": 2, "rid": 2}}
OTHER = {"name": "other", "title": "Other Mars", "synthetic": True}
Made = tuple[dict[str, Any], Any]


pytestmark = pytest.mark.usefixtures("no_workers")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report on two small data sets, and its covariances."""
    base = tmp_path_factory.mktemp("domains")
    here = write_dataset(base / "here", LAYOUT)
    there = write_dataset(base / "there", LAYOUT, start=500, card=OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: make_fake_encoder()[0])
        presets = ("baseline", "baseline-centred", "pca-sign")
        report = domains.make(Home(base / "home"), here, there, seeds=2, presets=presets)
        return report, domains.covariances(Home(base / "home"), here, there)


@pytest.fixture(autouse=True)
def root(home: Home) -> Path:
    """The data set of the demo, alone: the copied home folder has no copy of it."""
    shutil.rmtree(home.path / "data" / "synthetic-mars")
    return runs.list_runs(home)[0].data_root.resolve()


@pytest.fixture
def other(home: Home) -> Path:
    return write_dataset(home.path / "data" / "other", LAYOUT, start=500, card=OTHER).resolve()


@pytest.fixture
def part(home: Home, start: Any) -> Callable[..., AppTest]:
    """Opens the part as a new session."""

    def run(**session: Any) -> AppTest:
        app = start()
        app.query_params["part"] = "domains"
        for key, value in session.items():
            app.session_state[key] = value
        app = app.switch_page(PAGE).run()
        assert not app.exception
        return app

    return run


def keep(home: Home, root: Path, other: Path, made: Made, **changes: Any) -> None:
    """Puts a report where the page looks for it."""
    path = domains.path_of(home, root, other)
    write_json(path, {**copy.deepcopy(made[0]), **changes})
    write_array(path.with_suffix(".npy"), made[1])


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def messages(app: AppTest) -> str:
    return " ".join(item.value for item in [*app.error, *app.warning, *app.info])


def buttons(app: AppTest) -> set[str]:
    return {one.label for one in app.button}


def charts(app: AppTest) -> list[Any]:
    return [json.loads(one.proto.spec) for one in app.get("plotly_chart")]


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def test_one_data_set_alone_asks_for_another(part: Callable[..., AppTest]) -> None:
    app = part()
    assert "the comparison needs two" in messages(app) and "Measure" not in buttons(app)
    assert "archive half of the same data set" in html(app)


def test_the_report_is_asked_for_once(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path
) -> None:
    app = part()
    choice = app.selectbox(key="mirs.domains.other")
    assert choice.options == ["Other Mars (synthetic)"] and not charts(app)
    app.number_input(key="mirs.domains.seeds").set_value(2)
    app = press(app.run(), "Measure")
    press(app, "Measure")
    (job,) = jobs.list_jobs(home)
    presets = ",".join(domains.USUAL)
    assert job.spec == Domains(data=root, other=other, seeds=2, presets=presets)
    app.run()
    assert "Stop" in buttons(app)
    app = press(app, "Stop")
    assert jobs.read(home, job.id).state == "stopped" and not app.exception
    assert "Measure" in buttons(app)


def test_a_report_that_failed_says_why(
    part: Callable[..., AppTest], home: Home, other: Path
) -> None:
    press(part(), "Measure")
    (job,) = jobs.list_jobs(home)
    write_json(home.jobs / job.id / "ended.json", {"state": "failed", "error": "No <b>space"})
    app = part()
    assert "No \\<b\\>space" in app.error[0].value and "Measure" in buttons(app)


def test_a_typed_folder_is_the_other_one(
    part: Callable[..., AppTest], home: Home, tmp_path: Path
) -> None:
    mine = write_dataset(tmp_path / "mine", LAYOUT, start=500)
    app = part(**{"mirs.domains.other": str(mine)})
    assert not app.error
    press(app, "Measure")
    assert f"--other={mine}" in jobs.list_jobs(home)[0].args
    app = part(**{"mirs.domains.other": str(tmp_path / "not")})
    assert "No such folder" in app.error[0].value and "Measure" not in buttons(app)


def test_the_report_shows_covariances_figures_and_scores(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    keep(home, root, other, made)
    app = part()
    page = html(app)
    assert not messages(app)
    assert "here: here" in page and "other: Other Mars (synthetic)" in page
    assert "2 seeds" in page and "efficientnet-lite0" in page
    assert "Trained on here,<br>applied to other" in page and "Baseline, centred" in page
    for row in made[0]["across"]:
        assert f"{row['map_at_64']:.3f}<small>{row['low']:.3f} to {row['high']:.3f}" in page
    shown = [row for row in made[0]["statistics"]["rows"] if row["tiles"] == "unseen"]
    assert all(f"<td>{row['covariance_gap']:.3f}</td>" in page for row in shown)
    assert len(charts(app)) == 6 and app.get("download_button")


def test_heat_maps_are_of_the_chosen_group_and_tiles(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    keep(home, root, other, made)
    app = part()
    before = charts(app)
    app = app.number_input(key="mirs.domains.group").set_value(1).run()
    assert not app.exception
    for place, found in enumerate(charts(app)):
        side, state = divmod(place, 3)
        expected = made[1][state, 1, side, 1, :16, :16].astype(float)
        (trace,) = found["data"]
        assert len(trace["x"]) == 16 and trace["x"][0] == "channel 32"
        np.testing.assert_allclose(_array(trace["customdata"]), expected.ravel(), rtol=1e-6)
        unit = expected.trace() / 16
        np.testing.assert_allclose(_array(trace["z"]), expected.ravel() / unit, rtol=1e-6)
    app = app.number_input(key="mirs.domains.group").set_value(0).run()
    assert charts(app) == before
    app = app.segmented_control(key="mirs.domains.tiles").set_value("fitted").run()
    assert not app.exception and charts(app) != before
    shown = [row for row in made[0]["statistics"]["rows"] if row["tiles"] == "fitted"]
    assert all(f"<td>{row['covariance_gap']:.3f}</td>" in html(app) for row in shown)


def _array(value: Any) -> Any:
    """The numbers of an array as Plotly writes it."""
    import base64

    if isinstance(value, dict):
        return np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
    return np.array(value).ravel()


def test_a_difference_whose_interval_holds_nought_is_none(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    rows = copy.deepcopy(made[0]["across"])
    for row, low, middle in zip(rows, (-0.2, -0.01, 0.02), (-0.1, 0.01, 0.05), strict=False):
        row["difference"] = {"against": "mirs", "value": middle, "low": low, "high": 2 * middle
                             if middle > 0 else -0.05, "not_worse": True}  # fmt: skip
    rows[3].update({"why": "No <i>labels</i>", **dict.fromkeys(("map_at_64", "low", "high"))})
    keep(home, root, other, made, across=rows)
    page = html(part())
    assert "no difference<small>-0.010 to +0.020</small><small>to MIRS</small>" in page
    assert '<b class="mirs-less">-0.100</b>' in page and '<b class="mirs-more">+0.050</b>' in page
    assert "not available<small>No &lt;i&gt;labels" in page


def test_what_whitening_is_worth_stands_in_a_sentence(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    rows = copy.deepcopy(made[0]["across"])
    for row, low in ((rows[0], -0.2), (rows[3], -0.01)):
        gap = {"against": "mirs", "value": -0.1, "low": low, "high": low + 0.15}
        row.update(preset="mirs-dwt", difference=gap)
    keep(home, root, other, made, across=rows)
    page = html(part())
    differences = "-0.100 from here to other; no difference from other to here."
    assert f"Difference of MIRS + DWT to MIRS: {differences}" in page


def test_nothing_of_a_report_is_markup(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    evil = "<script>x</script>"
    report = copy.deepcopy(made[0])
    for side in ("source", "target"):
        report[side].update(title=evil, name=evil)
    for row in report["across"]:
        row.update({"from": evil, "preset": f"{row['preset']}{evil}"})
    keep(home, root, other, made, **{**report, "encoder": evil, "created": evil})
    app = part()
    assert "&lt;script&gt;" in html(app) and "<script>" not in html(app)


def test_tiles_that_changed_are_said(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    keep(home, root, other, made, source={**made[0]["source"], "root": str(root)})
    assert "have changed since" in messages(part())


@pytest.mark.parametrize(
    "changes",
    [{"statistics": {}}, {"across": [{}]}, {"source": None}, {"schema": 2},
     {"seeds": "many"}],
    ids=["statistics", "across", "source", "schema", "seeds"],
)  # fmt: skip
def test_a_damaged_report_says_what_to_do(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made,
    changes: dict[str, Any],
) -> None:  # fmt: skip
    keep(home, root, other, made, **changes)
    app = part()
    assert len(app.error) == 1 and "again" in app.error[0].value and not charts(app)
    assert "Measure" in buttons(app)


def test_covariances_of_another_report_are_refused(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made
) -> None:
    keep(home, root, other, (made[0], made[1][:1]))
    assert "damaged" in part().error[0].value


def test_strangers_see_the_report_and_measure_nothing(
    part: Callable[..., AppTest], home: Home, root: Path, other: Path, made: Made,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    keep(home, root, other, made)
    monkeypatch.setattr(access, "_LOCAL", set())
    app = part(**{"mirs.domains.other": "/etc"})
    assert "Measure" not in buttons(app) and "is disabled" in messages(app)
    assert len(charts(app)) == 6
    choice = app.selectbox(key="mirs.domains.other")
    assert choice.value == str(other) and not choice.proto.accept_new_options
