"""The page that reviews labels: one key a verdict, undo, progress, training."""

import dataclasses
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.datasets import label_corrections
from mirs_core.evaluation.scores import Difference
from mirs_core.jobs.kinds.train import Train
from mirs_core.ranking.metrics import Interval
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.review import mended_training
from pages.shared import access, loaders

PAGE = "pages/review/review.py"


pytestmark = pytest.mark.usefixtures("no_workers")


@pytest.fixture
def page(home: Home, start: Any) -> AppTest:
    app: AppTest = start(models="demo-mirs")
    return app.switch_page(PAGE).run()


def verdicts(home: Home) -> dict[str, label_corrections.Correction]:
    return label_corrections.current(home, loaders.searcher("demo-mirs").root)


def settled(app: AppTest) -> str:
    return next(bar.proto.text for bar in app.get("progress") if "settled" in bar.proto.text)


def test_a_verdict_is_kept_the_next_tile_follows_and_undo_brings_it_back(
    page: AppTest, home: Home
) -> None:
    assert not page.exception and "0 of " in settled(page)
    first = page.button(key="mirs.review.1").label
    page.button(key="mirs.review.1").click().run()
    ((tile, correction),) = verdicts(home).items()
    assert correction.by and loaders.searcher("demo-mirs").items.has(tile)
    assert "1 of " in settled(page)
    page.button(key="mirs.review.undo").click().run()
    assert verdicts(home) == {} and page.button(key="mirs.review.1").label == first


def test_a_confirmed_label_does_not_come_back_but_is_no_correction(
    page: AppTest, home: Home
) -> None:
    present = next(b for b in page.button if "its present label" in b.label)
    present.click().run()
    (correction,) = verdicts(home).values()
    assert correction.confirms and "0 labels of this data set corrected" in settled(page)
    assert next(b for b in page.button if "mended label" in b.label).disabled


def test_skipping_leaves_no_trace(page: AppTest, home: Home) -> None:
    page.button(key="mirs.review.skip").click().run()
    assert verdicts(home) == {} and not page.exception
    assert page.button(key="mirs.review.undo").disabled


def test_the_mended_labels_train_the_same_model_anew(page: AppTest, home: Home) -> None:
    page.button(key="mirs.review.1").click().run()
    next(b for b in page.button if "1 mended label" in b.label).click().run()
    assert not page.exception
    (job,) = [job for job in jobs.list_jobs(home) if isinstance(job.spec, Train)]
    new, old = (runs.folder(home, run).config() for run in (job.run, "demo-mirs"))
    assert (new.loss, new.seed, new.encoder) == (old.loss, old.seed, old.encoder)
    assert runs.folder(home, job.run).provenance()["corrected_labels"] == 1


def test_strangers_correct_nothing(home: Home, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "is_private", lambda: False)
    app = start(models="demo-mirs").switch_page(PAGE).run()
    assert "is disabled" in app.info[0].value
    assert {button.key for button in app.button} == {"mirs-keys"}


def test_a_gain_within_its_interval_is_called_none(home: Home) -> None:
    (score,) = loaders.scores_of(["demo-mirs"])
    unsure = dataclasses.replace(score, difference=Difference(Interval(0.01, -0.01, 0.03), 60))
    text = mended_training.in_words(score, unsure)
    assert "+0.010" in text and "60 test queries" in text and "no difference" in text
    sure = dataclasses.replace(score, difference=Difference(Interval(0.02, 0.01, 0.03), 60))
    assert "no difference" not in mended_training.in_words(score, sure)
