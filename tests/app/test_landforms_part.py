"""The landform estimate, drawn by a page of one line."""

import dataclasses
import json
import shutil
from typing import Any

import pytest
from archives import rewrite
from streamlit.testing.v1 import AppTest

from mirs_core import landform_map
from mirs_core.files import write_json
from mirs_core.workspace.home import Home
from pages.parts import export_files
from pages.shared.loaders import ground

PAGE = """
from mirs_core.workspace.home import Home
from pages.map import estimate
from pages.shared import loaders
estimate.draw(loaders.searcher({run!r}), Home.current())
"""


@pytest.fixture
def strip(home: Home) -> str:
    """A run with the model and the tiles of demo-mirs that knows no label."""
    path = shutil.copytree(home.path / "runs" / "demo-mirs", home.path / "runs" / "strip")
    rewrite(path, lambda items: dataclasses.replace(items, labels=[None] * len(items)))
    made = json.loads((path / "provenance.json").read_text())
    write_json(path / "provenance.json", {**made, "name": "A strip", "origin": "demo-mirs"})
    return "strip"


def opened(run: str) -> AppTest:
    app = AppTest.from_string(PAGE.format(run=run), default_timeout=60).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join([one.proto.body for one in app.get("html")] + [one.value for one in app.info])


def test_the_estimate_is_called_so_and_says_how_far_to_trust_it(home: Home, strip: str) -> None:
    app = opened(strip)
    assert not app.error
    found = landform_map.estimate(home, strip)
    text = said(app)
    assert f"Estimate for {len(found.rows):,} unlabelled tiles" in text
    assert f"{found.count(landform_map.SURE):,} with a landform class" in text
    assert "not an observation" in text and "test tiles" in text
    assert "Estimated class" in text and "Crater" in text
    (voters,) = app.selectbox[0].options
    assert "ynthetic" in voters


def test_a_stricter_margin_leaves_more_open(home: Home, strip: str) -> None:
    app = opened(strip)
    app.slider(key="mirs.landforms.margin").set_value(1.0)
    app.slider(key="mirs.landforms.k").set_value(40).run()
    assert not app.exception and not app.error
    strict = landform_map.estimate(home, strip, None, 40, 1.0)
    usual = landform_map.estimate(home, strip)
    assert f"{strict.count(landform_map.SURE):,} with a landform class" in said(app)
    assert strict.count(landform_map.SURE) < usual.count(landform_map.SURE)


def test_a_long_estimate_waits_for_a_button(
    home: Home, strip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = said(opened(strip))
    monkeypatch.setattr(ground, "_MOST_COMPARISONS", 10)
    app = opened(strip)
    assert "unlabelled tiles are compared with all labelled tiles" in said(app)
    assert "Estimate for" not in said(app)
    next(one for one in app.button if one.label == "Estimate landforms").click().run()
    assert not app.exception and not app.error
    estimate = usual[usual.index("Estimate for") :]
    assert estimate in said(app)
    # It is there from now on.
    again = opened(strip)
    assert said(again) == usual


def test_files_are_offered_and_can_be_made(
    home: Home, strip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(strip)
    labels = [one.label for one in app.get("download_button")]
    assert labels == ["GeoPackage", "GeoJSON", "CSV"]
    makers: dict[str, Any] = {}
    monkeypatch.setattr(
        export_files, "download", lambda kind, make, *_: makers.update({kind.suffix: make})
    )
    opened(strip)
    tiles = len(landform_map.estimate(home, strip).rows)
    assert all(makers[ending]().count(b"estimate") for ending in (".gpkg", ".geojson", ".csv"))
    assert len(makers[".csv"]().splitlines()) == tiles + 1


def test_a_run_with_labels_says_what_to_do(home: Home) -> None:
    assert "archive an unlabelled folder or strip" in said(opened("demo-mirs"))


def test_without_labelled_tiles_there_is_nothing_to_ask(home: Home, strip: str) -> None:
    shutil.rmtree(home.path / "runs" / "demo-mirs")
    assert "No run of this model has labelled tiles" in said(opened(strip))
