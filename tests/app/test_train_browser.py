"""Training in a real browser: start, watch, stop, resume, serve, compare."""

import re
from typing import Any

import pytest

LONG = 60_000
TERMS = ".mirs-terms:has-text('Share of the gradient')"


@pytest.fixture
def train(page: Any, server: str) -> Any:
    page.get_by_role("link", name="Train", exact=True).click()
    page.wait_for_selector("text=Push weight (lambda1)", timeout=LONG)
    return page


def test_a_training_is_started_watched_stopped_resumed_and_served(train: Any) -> None:
    epochs = train.get_by_role("spinbutton", name="Epochs")
    epochs.fill("400")
    epochs.press("Enter")
    train.wait_for_selector("text=training.epochs = 400", timeout=LONG)
    train.get_by_role("textbox", name="Name").fill("From the browser")
    train.get_by_role("textbox", name="Name").press("Enter")
    train.get_by_role("button", name="Start training").click()
    job = train.locator(".mirs-job").first
    job.wait_for(timeout=LONG)
    assert "From the browser" in job.inner_text()
    train.wait_for_selector(".mirs-job.running", timeout=LONG)
    # The curves of the validation and of the loss grow while it runs.
    # Its views are encoded first.
    train.wait_for_selector("[class*=st-key-mirs-job] .scatterlayer path", timeout=4 * LONG)
    train.get_by_role("button", name="Stop").first.click()
    train.wait_for_selector(".mirs-job.stopped", timeout=LONG)
    train.wait_for_selector("text=the best one is kept", timeout=LONG)
    train.get_by_role("button", name="Resume").first.click()
    train.wait_for_selector(".mirs-job.running", timeout=LONG)
    train.wait_for_selector(".mirs-job.done", timeout=2 * LONG)
    train.get_by_role("link", name="Open run").first.click()
    train.wait_for_selector("h3:has-text('From the browser')", timeout=LONG)
    train.get_by_role("button", name="Make default model").click()
    train.wait_for_selector("button:has-text('Default model')", timeout=LONG)
    assert "runs=mirs-" in train.url


def test_a_moved_weight_starts_a_preview_that_shows_its_effect(train: Any) -> None:
    train.wait_for_selector("text=Epoch 30 of 30", timeout=2 * LONG)
    before = share_of_push(train)
    slider = train.get_by_role("slider", name="Push weight (lambda1)")
    slider.focus()
    train.keyboard.press("End")
    train.wait_for_selector(f"{TERMS} tr:has-text('Push') td:text-is('100')", timeout=LONG)
    train.wait_for_selector("text=Epoch 30 of 30", timeout=2 * LONG)
    assert before < 10 and share_of_push(train) > 50


def share_of_push(page: Any) -> int:
    """Per cent of the gradient that the push term has in the preview."""
    text = page.locator(f"{TERMS} tr:has-text('Push') td.bar").inner_text()
    return int(re.sub(r"\D", "", text))


def test_a_sweep_fills_its_map_whose_cells_open_runs(train: Any) -> None:
    train.get_by_role("radio", name="Sweep", exact=True).click()
    cells = train.get_by_role("slider", name="Cells")
    cells.focus()
    train.keyboard.press("Home")
    train.wait_for_selector("input[aria-valuetext='4']", state="attached", timeout=LONG)
    train.get_by_role("button", name="Start sweep").click()
    train.wait_for_selector("text=4 of 4 cells", timeout=4 * LONG)
    points = train.locator("[data-testid=stPlotlyChart] .scatterlayer .point")
    assert points.count() == 4
    points.nth(0).click(force=True)
    train.wait_for_selector("text=lambda1 0.0001, lambda2 0.01", timeout=LONG)
    train.get_by_role("link", name="Open run").last.click()
    train.wait_for_selector("h3:has-text('l1=0.0001 l2=0.01')", timeout=LONG)
    assert "/runs?" in train.url


def test_two_runs_are_compared(page: Any) -> None:
    page.goto(page.url.split("?")[0].rstrip("/") + "/runs?runs=demo-mirs,demo-mirs-dwt")
    page.wait_for_selector("text=Domain whitening", timeout=LONG)
    page.wait_for_selector("[data-testid=stPlotlyChart] .scatterlayer path", timeout=LONG)
