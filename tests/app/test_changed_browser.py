"""Tiles whose files change or go while a page is open in a real browser, which nobody touches."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from own_tiles import use_own_tiles
from PIL import Image

from benchmarks.server import serving
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home


@pytest.fixture(scope="module")
def own_home(small_demo: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("changed")
    home = Home(shutil.copytree(small_demo, folder / "home"))
    use_own_tiles(home, folder / "tiles")
    return home


@pytest.fixture(scope="module")
def server(own_home: Home) -> Iterator[str]:
    with serving(own_home) as address:
        yield address


def test_an_open_page_sees_what_happens_to_its_tiles(own_home: Home, page: Any) -> None:
    searcher = Searcher.open(own_home, "demo-mirs")
    buttons = page.locator(".columns section").nth(1).locator("button.tile")
    changed, gone = (buttons.nth(place).get_attribute("data-id") for place in (1, 3))
    tile = buttons.nth(1).locator("img")
    before = tile.get_attribute("src")
    path: Path = searcher.files.path(changed)
    Image.new("L", (200, 200), 200).save(path, format="JPEG")
    searcher.files.path(gone).unlink()
    marked = page.locator(f'.columns section >> nth=1 >> button.tile[data-id="{changed}"] .state')
    marked.wait_for(timeout=30_000)
    assert marked.inner_text() == "Changed"
    assert tile.get_attribute("src") != before
    assert "Changed since it was archived." in buttons.nth(1).get_attribute("aria-label")
    assert "File missing" in buttons.nth(3).get_attribute("aria-label")
    assert buttons.nth(3).locator("img").get_attribute("src").startswith("data:image/svg+xml")

    buttons.nth(1).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Re-encode").wait_for(timeout=30_000)
    page.get_by_role("button", name="Search with new picture").click()
    page.get_by_text("New picture of").wait_for(timeout=30_000)
