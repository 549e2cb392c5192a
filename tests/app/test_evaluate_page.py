"""The page Evaluate, without a browser."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from archives import rewrite, segment
from fakes import write_job
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import lineup, palette, state

PAGE = "pages/evaluate/evaluate.py"
PARTS = ("scores", "ranking", "codes", "published")
COLUMNS = [
    {"key": "map", "title": "Measured", "kind": "map"},
    {"key": "interval", "title": "Interval", "kind": "interval"},
    {"key": "published", "title": "Published", "kind": "map"},
    {"key": "difference", "title": "Difference", "kind": "difference"},
    {"key": "time", "title": "Time", "kind": "seconds"},
    {"key": "size", "title": "Size", "kind": "bytes"},
    {"key": "epochs", "title": "Epochs", "kind": "count"},
    {"key": "about", "title": "About", "kind": "text"},
]
DONE = {
    "label": "MIRS <b>", "state": "done", "why": "", "map": 0.9239, "interval": [0.88, 0.95],
    "published": 0.767, "time": 7.7, "size": 6720, "epochs": 1100, "about": "<i>text</i>",
    "difference": {"value": 0.02, "low": -0.01, "high": 0.05, "not_worse": True},
}  # fmt: skip
WAITING = {
    "label": "Other", "state": "not here", "why": "no weights", "published": 0.884,
    **dict.fromkeys(("map", "interval", "difference", "time", "size", "epochs", "about")),
}  # fmt: skip
NO_NUMBER = {**DONE, "map": "y"}
REPORT: dict[str, Any] = {
    "schema": 1, "data": "synthetic-mars", "title": "Synthetic Mars", "synthetic": True,
    "manifest": "d1", "seeds": 3, "encoder": "efficientnet-lite0", "command": "reproduce --data x",
    "created": "2026-01-02T03:04:05+00:00", "notes": ["Synthetic tiles <script>."],
    "tables": [
        {"key": "t1", "title": "Table 1", "note": "A note.", "published_source": "MIRS 2021",
         "columns": COLUMNS, "rows": [DONE, WAITING]},
    ],
}  # fmt: skip


@pytest.fixture
def evaluate(start: Any) -> Any:
    """Starts the app on the page as a new session, with the parameters of a link."""

    def run(part: str = "scores", **link: str) -> AppTest:
        app = start()
        for name, value in {"part": part, **link}.items():
            app.query_params[name] = value
        return app.switch_page(PAGE).run()

    return run


def messages(app: AppTest) -> str:
    return " ".join(item.value for item in [*app.error, *app.warning, *app.info])


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def write_report(home: Home, text: str) -> None:
    key = lineup.data_sets(runs.list_runs(home))[0].key
    path = home.path / "reports" / key / "report.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_the_page_opens_on_the_scores_and_says_that_they_are_synthetic(
    home: Home, evaluate: Any
) -> None:
    app = evaluate()
    assert not app.exception and not messages(app)
    page = html(app)
    assert "Synthetic Mars." in page and "synthetic, not real imagery" in page
    assert all(f"</i>{name}<" in page for name in ("Baseline", "MIRS", "MIRS + DWT"))
    assert (
        "reference" in page
        and "Difference to Baseline" in page
        and "15 test tiles" in page
        and charts(app) == 1
    )
    assert app.query_params["part"] in ("scores", ["scores"])


@pytest.mark.parametrize(("part", "count"), [("ranking", 5), ("codes", 7)])
def test_every_part_has_its_figures(home: Home, evaluate: Any, part: str, count: int) -> None:
    app = evaluate(part)
    assert not app.exception and not messages(app)
    assert charts(app) == count
    assert app.get("download_button")


def test_the_order_within_classes_is_measured_with_the_baselines_features(
    home: Home, evaluate: Any
) -> None:
    page = html(evaluate("codes"))
    assert "the features themselves" in page and page.count("τ") == 2


def test_an_unknown_part_is_the_first(home: Home, evaluate: Any) -> None:
    app = evaluate("nonsense")
    assert not app.exception and app.session_state[state.PART] == "scores"


@pytest.mark.parametrize("part", PARTS)
def test_one_model_is_enough_and_none_brings_the_usual_ones(
    home: Home, evaluate: Any, part: str
) -> None:
    app = evaluate(part, models="demo-baseline")
    assert not app.exception
    assert app.multiselect(key=state.MODELS).value == ["demo-baseline"]
    app.multiselect(key=state.MODELS).set_value([]).run()
    assert not app.exception and len(app.multiselect(key=state.MODELS).value) == 3


def test_models_and_query_stay_on_the_way_there_and_back(home: Home, start: Any) -> None:
    app = start(models="demo-mirs", k="12", strip="1", classes="cra")
    tile = app.session_state["mirs.tile"]
    app.switch_page(PAGE).run()
    assert app.multiselect(key=state.MODELS).value == ["demo-mirs"]
    app.multiselect(key=state.MODELS).set_value(["demo-mirs", "demo-baseline"]).run()
    for name, value in state_link(app).items():
        app.query_params[name] = value
    app.switch_page("pages/search/search.py").run()
    assert not app.exception and app.session_state["mirs.tile"] == tile
    assert app.slider(key=state.K).value == 12 and app.checkbox(key=state.STRIP).value
    assert app.multiselect(key=state.CLASSES).value == ["cra"]
    assert set(app.multiselect(key=state.MODELS).value) == {"demo-mirs", "demo-baseline"}


def state_link(app: AppTest) -> dict[str, str]:
    """What the sidebar's link to the search holds."""
    found = [link.proto for link in app.get("page_link") if link.proto.label.startswith("Search")]
    pairs = (pair.split("=", 1) for pair in found[0].query_string.split("&"))
    return {name: unquote_plus(value) for name, value in pairs}


def test_archives_that_differ_are_flagged(home: Home, evaluate: Any) -> None:
    change(home.path / "runs" / "demo-mirs" / "provenance.json", archive_id="another")
    app = evaluate()
    assert "different archives" in messages(app) and "other archive" in html(app)


def test_without_labels_there_are_codes_but_no_scores(home: Home, evaluate: Any) -> None:
    for path in (home.path / "runs").iterdir():
        (path / "metrics.json").unlink()
        rewrite(path, lambda items: dataclasses.replace(items, labels=[None] * len(items)))
    for part in ("scores", "ranking"):
        app = evaluate(part)
        assert not app.exception and "No scores" in messages(app)
    app = evaluate("codes")
    assert not app.exception and "Distinct codes" in html(app)


def test_a_damaged_run_says_what_to_do_and_hides_no_other(home: Home, evaluate: Any) -> None:
    change(home.path / "runs" / "demo-mirs" / "metrics.json", ties=None)
    (segment(home.path / "runs" / "demo-mirs") / "codes.npy").write_bytes(b"broken")
    for part in ("scores", "ranking", "codes"):
        app = evaluate(part)
        assert not app.exception and len(app.error) == 1 and "train again" in app.error[0].value
        assert charts(app)


def test_a_fresh_home_shows_the_first_screen(
    tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "submit_once", lambda *args: "job-1")
    path = tmp_path / "jobs" / "job-1"
    write_job(path)
    app = start().switch_page(PAGE).run()
    assert not app.exception and "Setting up a demo of Mars" in html(app)


def test_without_a_report_the_page_has_the_command(home: Home, evaluate: Any) -> None:
    app = evaluate("published")
    assert not app.exception
    assert any("mirs reproduce --data" in code.value for code in app.code)


def test_a_report_is_shown_measured_beside_published(home: Home, evaluate: Any) -> None:
    write_report(home, json.dumps(REPORT))
    app = evaluate("published")
    assert not app.exception and not messages(app)
    page = html(app)
    assert "0.924" in page and "0.767" in page and "0.880 to 0.950" in page
    assert "no difference" in page and "not available: no weights" in page and "6.72 kB" in page
    assert "DoMars16k" in page and "DenseNet121" in page and "synthetic, not real" in page
    assert "<script>" not in page and "MIRS <b>" not in page and "<i>text" not in page


@pytest.mark.parametrize(
    "text",
    ["{", "[]", json.dumps({**REPORT, "schema": 2}), json.dumps({**REPORT, "tables": [{}]}),
     json.dumps({**REPORT, "tables": [{**REPORT["tables"][0], "rows": [NO_NUMBER]}]})],
    ids=["cut", "a list", "schema", "tables", "values"],
)  # fmt: skip
def test_a_damaged_report_says_what_to_do(home: Home, evaluate: Any, text: str) -> None:
    write_report(home, text)
    app = evaluate("published")
    assert not app.exception and len(app.error) == 1 and "again" in app.error[0].value
    assert any("mirs reproduce" in code.value for code in app.code)


def test_every_model_has_a_colour_of_its_own_and_keeps_it(home: Home) -> None:
    found = [run for run in runs.list_runs(home) if run.state == "done"]
    titles = {run.id: run.preset for run in found}
    all_of_them = {model.id: model.colour for model in palette.models(found, titles)}
    assert len(set(all_of_them.values())) == len(found) == 3
    for run in found:
        assert palette.models([run], titles)[0].colour == all_of_them[run.id]


def test_a_run_that_is_deleted_is_gone_from_the_page(home: Home, evaluate: Any) -> None:
    assert not evaluate("codes").exception
    shutil.rmtree(home.path / "runs" / "demo-mirs-dwt")
    app = evaluate("codes", models="demo-mirs")
    assert not app.exception and "MIRS + DWT" not in html(app)
