"""``bench app``: how fast the app answers, in a real headless browser.

Needs playwright and a Chromium, which are no dependency of the app: both are what the tests use.
"""

import asyncio
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core import lineup, runs
from mirs_core.errors import ConfigError, RunError
from mirs_core.progress import Progress, silent

K = 66
"""Results in a column: the first length that the page offers from 64 on."""
_COLUMNS = 3
_PATIENCE = 120.0
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# From the click until the new tiles are painted, by the browser's own clock.
_CLICK = """
async (place) => {
  const root = [...document.querySelectorAll('*')].filter(e => e.shadowRoot)
    .map(e => e.shadowRoot.querySelector('.root')).find(r => r && r.querySelector('h3'))
  const tiles = [...root.querySelectorAll('button.tile')]
  const before = root.dataset.subject
  const started = performance.now()
  tiles[place % tiles.length].click()
  await new Promise((done, fail) => {
    setTimeout(() => fail('nothing came within 20 s'), 20000)
    const watch = new MutationObserver(() => {
      if (root.dataset.subject === before) return
      watch.disconnect()
      requestAnimationFrame(() => requestAnimationFrame(done))
    })
    watch.observe(root, { attributes: true })
  })
  return performance.now() - started
}
"""


def run(
    home: Path,
    clicks: int = 30,
    sessions: int = 5,
    seconds: float = 60.0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Milliseconds from a click on a result to the new results painted, and to the first paint.

    Three columns of 66 on the first data set of ``home``; then several sessions at once, each of
    which clicks every two seconds.

    Raises:
        ConfigError: playwright or Chromium is missing.
        RunError: no data set with three models, or the app does not start.
    """
    if importlib.util.find_spec("playwright") is None:
        raise ConfigError("bench app needs a browser: pip install -r tests/requirements.txt")
    query = _models(home)
    with _server(home) as address:
        link = f"{address}/?k={K}&models={query}"
        return asyncio.run(_measured(link, clicks, sessions, seconds, progress))


def _models(home: Path) -> str:
    for one in lineup.data_sets(runs.list_runs(home)):
        if len(one.default()) >= _COLUMNS:
            return ",".join(one.default()[:_COLUMNS])
    raise RunError("No data set has three models beside each other; build the demo first.")


async def _measured(
    link: str, clicks: int, sessions: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    from playwright.async_api import async_playwright

    found = os.environ.get("MIRS_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        progress("First paint", 0, 1)
        paints = [await _paint(browser, link) for _ in range(6)][1:]
        page = await _opened(browser, link)
        for place in range(5):
            await page.evaluate(_CLICK, place)
        alone = []
        for place in range(clicks):
            progress("Clicking", place, clicks)
            alone.append(await page.evaluate(_CLICK, 7 * place + 3))
            await asyncio.sleep(0.3)
        await page.close()
        progress("Several sessions", 0, 1)
        pages = [await _opened(browser, link) for _ in range(sessions)]
        many = await asyncio.gather(
            *(_clicking(one, seconds, 13 * number) for number, one in enumerate(pages))
        )
        await browser.close()
    together = [value for one in many for value in one]
    return {
        "bench": "app",
        "columns": _COLUMNS,
        "results": K,
        "first_paint_ms": _figures(paints),
        "click_ms": _figures(alone),
        "sessions": sessions,
        "together_ms": _figures(together),
    }


async def _opened(browser: Any, link: str) -> Any:
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await page.goto(link)
    await page.wait_for_function(
        "n => [...document.querySelectorAll('*')].some(e => e.shadowRoot &&"
        " e.shadowRoot.querySelectorAll('h3').length === n)",
        arg=_COLUMNS,
        timeout=_PATIENCE * 1000,
    )
    return page


async def _paint(browser: Any, link: str) -> float:
    started = time.perf_counter()
    page = await _opened(browser, link)
    taken = 1000 * (time.perf_counter() - started)
    await page.close()
    return taken


async def _clicking(page: Any, seconds: float, first: int) -> list[float]:
    """Clicks every two seconds; one that is slow delays the next, and counts as slow."""
    await asyncio.sleep(0.37 * (first % 5))
    until, taken, place = time.monotonic() + seconds, [], first
    while time.monotonic() < until:
        started = time.monotonic()
        taken.append(await page.evaluate(_CLICK, place))
        place += 5
        await asyncio.sleep(max(0.0, 2.0 - (time.monotonic() - started)))
    return taken


def _figures(values: list[float]) -> dict[str, float]:
    return {
        "n": len(values),
        "p50": round(float(np.percentile(values, 50)), 1),
        "p95": round(float(np.percentile(values, 95)), 1),
        "max": round(max(values), 1),
    }


@contextmanager
def _server(home: Path) -> Iterator[str]:
    root = Path(__file__).resolve().parents[2]
    if not (root / "app.py").is_file():
        raise RunError("bench app runs in the repository, where app.py stands.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}",
         "--server.headless=true"],
        cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MIRS_HOME": str(home), "OMP_WAIT_POLICY": "passive"},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _answers(f"http://localhost:{port}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RunError("The app did not start; try: make app")
            time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
