"""A real browser for tests of the app."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from benchmarks.chromium import FLAGS


@contextmanager
def chromium_page() -> Iterator[Any]:
    """An empty page of a real Chromium, 1440 x 900; fails where a script of it has failed.

    The test is skipped where there is no Chromium.
    """
    program = os.environ.get("MIRS_CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.skip("no Chromium: install it, or name it in MIRS_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []
