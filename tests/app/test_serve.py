"""The start of the server, and its first visitor."""

import shutil
from pathlib import Path

from browser import chromium_page

from benchmarks.server import serving
from mirs_core.workspace.home import Home


def test_the_first_visit_of_a_server_may_be_that_of_any_page(
    small_demo: Home, tmp_path: Path
) -> None:
    home = shutil.copytree(small_demo, tmp_path / "home")
    with serving(Home(home)) as address, chromium_page() as page:
        page.goto(f"{address}/data?section=published")
        page.wait_for_selector("h3:has-text('DoMars16k')", timeout=60_000)
        page.wait_for_timeout(500)
        assert page.get_by_role("dialog").count() == 0
        assert page.get_by_text("Page not found").count() == 0
