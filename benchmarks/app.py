"""``bench app``: how fast the app answers, in a real headless browser.

Needs a Chromium, which is no dependency of the app. Browser and server share the machine, so
what the browser takes to draw is part of every figure.
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
"""Results in a column: the first length that the page offers from 64 on."""
_COLUMNS = 3
_PAINTS, _WARM_UPS, _PAUSE, _SETTLED = 5, 5, 0.4, 6.0
# When the columns are there, by the clock that starts with the navigation.
_SHOWN = """
(columns) => new Promise((done) => {
  const look = () => {
    const there = [...document.querySelectorAll('*')].some((host) => host.shadowRoot &&
      host.shadowRoot.querySelectorAll('h3').length === columns)
    if (there) requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    else setTimeout(look, 10)
  }
  look()
})
"""
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
    for one in lineup.data_sets(runs.list_runs(home)):
        if len(one.default()) >= _COLUMNS:
            return ",".join(one.default()[:_COLUMNS])
    raise RunError("No data set has three models beside each other; build the demo first.")


async def _measured(
    link: str, clicks: int, sessions: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    cold, warm, alone = [], [], []
    for place in range(_PAINTS):
        progress("First paint", place, _PAINTS)
        async with Chromium() as browser:
            cold.append(await _paint(browser, link))
            warm.append(await _paint(browser, link))
    async with Chromium() as browser:
        await _paint(browser, link)
        for place in range(_WARM_UPS + clicks):
            progress("Clicking", place, _WARM_UPS + clicks)
            taken = await _click(browser, 7 * place + 3)
            if place >= _WARM_UPS:
                alone.append(taken)
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
        "together_ms": figures([value for one in together for value in one]),
    }


async def _paint(browser: Chromium, link: str) -> float:
    """Milliseconds from the start of the navigation until all columns are on screen."""
    await browser.go(link)
    await asyncio.sleep(_PAUSE)
    found = float(await browser.evaluate(f"({_SHOWN})({_COLUMNS})"))
    await asyncio.sleep(1.0)
    return found


async def _click(browser: Chromium, place: int) -> float:
    return float(await browser.evaluate(f"({_CLICK})({place})"))


async def _session(link: str, seconds: float, first: int) -> list[float]:
    """Clicks every two seconds; one that is slow delays the next, and counts as slow."""
    async with Chromium() as browser:
        await _paint(browser, link)
        await asyncio.sleep(_SETTLED + 0.4 * (first % 5))
        until, taken, place = time.monotonic() + seconds, [], first
        while time.monotonic() < until:
            started = time.monotonic()
            taken.append(await _click(browser, place))
            place += 5
            await asyncio.sleep(max(0.0, 2.0 - (time.monotonic() - started)))
        return taken


def figures(values: list[float]) -> dict[str, float]:
    """How many values there are, their median, 95th percentile and maximum."""
    return {
        "n": len(values),
        "p50": round(float(np.percentile(values, 50)), 1),
        "p95": round(float(np.percentile(values, 95)), 1),
        "max": round(max(values), 1),
    }
