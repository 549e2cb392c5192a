"""``bench app``: how fast the app answers, in a real headless browser.

Needs Chromium, which the app itself does not. Browser and server share the machine, so every time
includes what the browser takes to draw.
"""

import asyncio
import time
from typing import Any

import numpy as np

from benchmarks.chromium import Chromium
from benchmarks.server import serving
from mirs_core.errors import RunError
from mirs_core.progress import Progress, silent
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import lineup

K = 66
"""Results per column: the smallest number of results that the page offers from 64 up."""
_COLUMNS = 3
_PAINTS, _WARM_UPS, _PAUSE, _SETTLED = 5, 5, 0.4, 6.0
PATIENCE = 180.0
SHOWN = """
(columns, patience) => new Promise((done, fail) => {
  const look = () => {
    const there = [...document.querySelectorAll('*')].some((host) => host.shadowRoot &&
      host.shadowRoot.querySelectorAll('.columns > section h2').length === columns)
    if (there) requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    else if (performance.now() > patience) fail(`no ${columns} columns in ${patience / 1000} s`)
    else setTimeout(look, 10)
  }
  look()
})
"""
"""A promise of the time at which the columns are there, since the navigation began."""
CLICK = """
async (place) => {
  const root = [...document.querySelectorAll('*')].filter(e => e.shadowRoot)
    .map(e => e.shadowRoot.querySelector('.root'))
    .find(r => r && r.querySelector('.columns > section h2'))
  const tiles = [...root.querySelectorAll('button.tile')]
  const before = root.dataset.subject
  const started = performance.now()
  tiles[place % tiles.length].click()
  await new Promise((done, fail) => {
    setTimeout(() => fail('no new results within 20 s'), 20000)
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
"""A promise of the time from the click on a result until the new ones are painted."""


def run(
    home: Home,
    clicks: int = 30,
    sessions: int = 5,
    seconds: float = 60.0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Milliseconds from a click on a result to the new results painted, and to the first paint.

    Three columns of 66 on the first data set of ``home``; then several sessions at once, each of
    which clicks every two seconds.

    Raises:
        ConfigError: Chromium is missing.
        RunError: no data set with three models, or the app does not start.
    """
    query = _models(home)
    with serving(home) as address:
        link = f"{address}/?k={K}&models={query}"
        return asyncio.run(_measured(link, clicks, sessions, seconds, progress))


def _models(home: Home) -> str:
    for data_set in lineup.data_sets(runs.list_runs(home)):
        if len(data_set.default()) >= _COLUMNS:
            return ",".join(data_set.default()[:_COLUMNS])
    raise RunError("No data set has three models; build the demo first: mirs demo")


async def _measured(
    link: str, clicks: int, sessions: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    cold, warm, alone = [], [], []
    for place in range(_PAINTS):
        progress("First paint", place, _PAINTS)
        async with Chromium() as browser:
            cold.append(await paint(browser, link))
            warm.append(await paint(browser, link))
    async with Chromium() as browser:
        await paint(browser, link)
        for place in range(_WARM_UPS + clicks):
            progress("Clicking", place, _WARM_UPS + clicks)
            milliseconds = await click(browser, 7 * place + 3)
            if place >= _WARM_UPS:
                alone.append(milliseconds)
            await asyncio.sleep(_PAUSE)
    progress("Several sessions", 0, 1)
    together = await asyncio.gather(
        *(_session(link, seconds, 13 * number) for number in range(sessions))
    )
    return {
        "bench": "app",
        "columns": _COLUMNS,
        "results": K,
        "first_paint_ms": figures(warm),
        "first_paint_new_browser_ms": figures(cold),
        "click_ms": figures(alone),
        "sessions": sessions,
        "together_ms": figures([value for session in together for value in session]),
    }


async def paint(browser: Chromium, link: str, columns: int = _COLUMNS) -> float:
    """Milliseconds from the start of the navigation until all columns are on screen.

    Raises:
        RunError: they were not within ``PATIENCE`` seconds.
    """
    await browser.go(link)
    await asyncio.sleep(_PAUSE)
    milliseconds = float(await browser.evaluate(f"({SHOWN})({columns}, {1000 * PATIENCE})"))
    await asyncio.sleep(1.0)
    return milliseconds


async def click(browser: Chromium, place: int) -> float:
    """Milliseconds from the click on a result until its own results are painted."""
    return float(await browser.evaluate(f"({CLICK})({place})"))


async def _session(link: str, seconds: float, first: int) -> list[float]:
    """Milliseconds of clicks every two seconds; a slow click delays the next and counts as slow."""
    async with Chromium() as browser:
        await paint(browser, link)
        await asyncio.sleep(_SETTLED + 0.4 * (first % 5))
        until, clicks, place = time.monotonic() + seconds, [], first
        while time.monotonic() < until:
            started = time.monotonic()
            clicks.append(await click(browser, place))
            place += 5
            await asyncio.sleep(max(0.0, 2.0 - (time.monotonic() - started)))
        return clicks


def figures(values: list[float]) -> dict[str, float]:
    """The number of values, their median, 95th percentile and maximum."""
    return {
        "n": len(values),
        "p50": round(float(np.percentile(values, 50)), 1),
        "p95": round(float(np.percentile(values, 95)), 1),
        "max": round(max(values), 1),
    }
