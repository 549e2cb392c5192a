"""The start of the server, and its first visitor."""

import os
import shutil
from pathlib import Path

import pytest

from benchmarks.chromium import FLAGS
from benchmarks.server import serving
from mirs_core.workspace.home import Home


def test_the_first_visit_of_a_server_may_be_that_of_any_page(
    small_demo: Home, tmp_path: Path
) -> None:
    found = os.environ.get("MIRS_CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.skip("no Chromium: install it, or name it in MIRS_CHROMIUM")
    from playwright.sync_api import sync_playwright

    home = shutil.copytree(small_demo, tmp_path / "home")
    with serving(Home(home)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(FLAGS))
        page = browser.new_page()
        page.goto(f"{address}/data?section=published")
        page.wait_for_selector("h3:has-text('DoMars16k')", timeout=60_000)
        page.wait_for_timeout(500)
        assert page.get_by_role("dialog").count() == 0
        assert page.get_by_text("Page not found").count() == 0
        browser.close()
