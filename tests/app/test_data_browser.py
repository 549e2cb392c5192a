"""The page of the data sets in a real browser: a set is fetched, trained on and opened."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from published import domars, published

from benchmarks.server import serving
from mirs_core.workspace.home import Home

LONG = 120_000


@pytest.fixture(scope="module")
def server(small_demo: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a copy of the small demo whose published sets come from this machine."""
    home = shutil.copytree(small_demo, tmp_path_factory.mktemp("server") / "home")
    with published() as record, pytest.MonkeyPatch.context() as patch:
        record.body = domars(8)
        patch.setenv("MIRS_RECORDS", f"{record.address}/api/records")
        with serving(Home(home)) as address:
            yield address


@pytest.fixture
def data(page: Any) -> Any:
    page.get_by_role("link", name="Data sets", exact=True).click()
    page.wait_for_selector("h2:has-text('Data sets')", timeout=LONG)
    return page


def test_a_published_set_is_fetched_trained_on_and_opened(data: Any) -> None:
    data.get_by_role("radio", name="Published data sets").click()
    card = data.locator(".st-key-mirs-set-domars16k")
    card.get_by_role("button", name="Download").click()
    dialog = data.get_by_role("dialog")
    dialog.get_by_text("CC-BY-4.0").wait_for(timeout=LONG)
    dialog.get_by_text("data.zip").wait_for(timeout=LONG)
    dialog.get_by_role("button", name="Download and train").click()
    dialog.wait_for(state="hidden", timeout=LONG)
    data.wait_for_selector(".mirs-job.done:has-text('Prepare DoMars16k')", timeout=2 * LONG)
    data.get_by_role("link", name="Open in Explore").first.click()
    data.wait_for_selector("section h2", timeout=LONG)
    data.wait_for_selector("text=96 tiles", state="hidden", timeout=LONG)
    assert "domars16k-mirs" in data.url
    assert data.get_by_text("Synthetic Mars.").count() == 0
    # From now on the app opens on it.
    data.goto(data.url.split("?")[0])
    data.wait_for_selector("section h2", timeout=LONG)
    data.wait_for_function("() => location.search.includes('data=domars16k-')", timeout=LONG)
