"""``bench space``: the page Hash space with as many tiles as DoMars16k, in a real browser.

The tiles are synthetic and generated once, in about a quarter of an hour on two cores; the demo's
models encode them. A projection of a million points measures the drawing alone. ``--archive N``
measures a synthetic archive instead, and its projection.
"""

import asyncio
import math
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.app import figures
from benchmarks.chromium import Chromium
from benchmarks.scale.making import make
from benchmarks.server import serving
from mirs_core.datasets.synthetic import generate
from mirs_core.hash_space import space_maps
from mirs_core.pipeline import demo, indexing
from mirs_core.progress import Progress, silent
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

TILES = 16_150
_CLASSES = 15
_DATA = "bench-space"
_MANY = "tests/app/many_points.py"
_CIRCLED = 3000
_PAUSE = 1.0
_FIND = """
var find = () => [...document.querySelectorAll('*')].filter((host) => host.shadowRoot)
  .map((host) => host.shadowRoot.querySelector('.root[data-drawn]')).find((root) => root);
var painted = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
"""
_SHOWN = (
    _FIND
    + """
new Promise((done) => {
  const look = () => (find() ? painted(() => done(performance.now())) : setTimeout(look, 10))
  look()
})
"""
)
# Where a point is on the screen.
_PLACE = (
    _FIND
    + """
new Promise((done) => {
  const look = () => {
    const root = find()
    const place = root && root.plots[0].place(ROW)
    if (!place) return setTimeout(look, 50)
    root.querySelector('.plot').scrollIntoView({ block: 'center', behavior: 'instant' })
    const box = root.querySelector('.plot').getBoundingClientRect()
    done([box.left + place[0], box.top + place[1]])
  }
  look()
})
"""
)
# A promise of the time from the release of the button until its effect is painted.
_WATCH = (
    _FIND
    + """
(() => {
  const root = find()
  const before = root.dataset.drawn
  window.taken = new Promise((done, fail) => {
    setTimeout(() => fail('no effect within 30 s'), 30000)
    addEventListener('mouseup', () => {
      const started = performance.now()
      const look = () => (CAME ? painted(() => done(performance.now() - started))
        : setTimeout(look, 5))
      look()
    }, { once: true, capture: true })
  })
})()
"""
)
_QUERY_CAME = "root.dataset.drawn !== before"
# The tiles of the grid below the projections; a different list is a new grid.
_LISTED = """[...document.querySelectorAll('.st-key-mirs-space-grid *')]
  .filter((host) => host.shadowRoot)
  .flatMap((host) => [...host.shadowRoot.querySelectorAll('button.tile')])
  .map((tile) => tile.dataset.id).join()"""
_GRID_CAME = f"(({_LISTED}) && ({_LISTED}) !== window.listed)"
_REMEMBER = f"window.listed = {_LISTED}"
# A circle on the screen around a point that contains COUNT points.
_CIRCLE = (
    _FIND
    + """
(() => {
  const root = find()
  root.querySelector('[data-tool=lasso]').click()
  const map = root.data.maps[0]
  const places = Array.from(map.x, (_, row) => root.plots[0].place(row))
  const [u, v] = places[ROW]
  const away = Float64Array.from(places, ([x, y]) => Math.hypot(x - u, y - v)).sort()
  const box = root.querySelector('.plot').getBoundingClientRect()
  // Thousands of tiles may share a code; a smaller circle is no lasso.
  const reach = Math.max(20, away[Math.min(COUNT, away.length - 1)])
  const turns = Array.from({ length: 41 }, (_, step) => (2 * Math.PI * step) / 40)
  const clamp = (value, most) => Math.max(3, Math.min(most - 3, value))
  return turns.map((turn) => [
    box.left + clamp(u + reach * Math.cos(turn), box.width),
    box.top + clamp(v + reach * Math.sin(turn), Math.min(box.height, innerHeight - box.top)),
  ])
})()
"""
)
_CHOSEN = _FIND + "(find().data.chosen || []).length"
_BOX = (
    _FIND
    + """
(() => {
  const box = find().querySelector('.plot').getBoundingClientRect()
  return [box.left + box.width / 2, box.top + box.height / 2]
})()
"""
)
_FRAMES = """
(() => {
  window.frames = []
  let last = performance.now()
  const tick = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(tick) }
  requestAnimationFrame(tick)
})()
"""


def run(
    home: Home,
    tiles: int = TILES,
    repeat: int = 10,
    many: int = 1_000_000,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Milliseconds until the projections are shown, a click is the query, a lasso opens a grid.

    Raises:
        MirsError: Chromium is missing, or the tiles cannot be generated.
    """
    run_ids, tiles, seconds = _prepared(home, tiles, progress)
    with serving(home) as address:
        timings = asyncio.run(
            _maps(f"{address}/space?models={','.join(run_ids)}", tiles, repeat, progress)
        )
    with serving(home, _MANY) as address:
        dense = asyncio.run(_dense(f"{address}/?n={many}", progress))
    return {"bench": "space", "tiles": tiles, "map_s": seconds, **timings, "many": many, **dense}


def run_archive(
    home: Home, tiles: int, repeat: int = 10, progress: Progress = silent
) -> dict[str, Any]:
    """The same for a synthetic archive of ``bench scale``, and the time of its projection.

    Args:
        home: with the run whose model and codes are used, or with none for the demo's; the archive
            is made in a folder of its own beside it, once, and projected anew.

    Raises:
        MirsError: Chromium is missing, or the archive cannot be made.
    """
    other = Home(home.path.with_name(f"{home.path.name}-space-{tiles}"))
    existing = [run for run in runs.list_runs(other) if run.state == "done"]
    run_id = (
        existing[0].id if existing else make(home, None, other.path, tiles, progress=progress).id
    )
    space_map = space_maps.project(other, run_id, progress=progress)
    with serving(other) as address:
        timings = asyncio.run(_maps(f"{address}/space?models={run_id}", tiles, repeat, progress))
    return {
        "bench": "space",
        "tiles": tiles,
        "map_s": space_map.seconds,
        "map_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "landmarks": space_map.landmarks,
        "trustworthiness": space_map.fidelity.trustworthiness,
        **timings,
    }


def _prepared(home: Home, tiles: int, progress: Progress) -> tuple[list[str], int, float]:
    """The two runs, created if missing, the number of tiles, and the slower projection's time."""
    demo.build(home, progress=progress)
    folder = home.data / _DATA
    if not folder.is_dir():
        generate(folder, per_class=math.ceil(tiles / _CLASSES), seed=7, progress=progress)
        for path in sorted(folder.rglob("*.jpg"))[tiles:]:
            path.unlink()
    run_ids, slowest = [], 0.0
    for preset in ("baseline", "mirs"):
        existing = [
            run.id
            for run in runs.list_runs(home)
            if run.preset == preset and run.state == "done" and run.data_root == folder.resolve()
        ]
        run_id = existing[0] if existing else _index(home, demo.DEMO_RUNS[preset], folder, progress)
        layout = space_maps.read(home, run_id) or space_maps.project(
            home, run_id, progress=progress
        )
        slowest = max(slowest, layout.seconds)
        tiles = len(layout.points)
        run_ids.append(run_id)
    return run_ids, tiles, slowest


def _index(home: Home, model: str, folder: Path, progress: Progress) -> str:
    return indexing.index(home, model, folder, name="Benchmark", progress=progress).id


async def _maps(link: str, count: int, repeat: int, progress: Progress) -> dict[str, Any]:
    openings, clicks, lassos, circled = [], [], [], 0
    async with Chromium() as browser:
        # On a fresh server the first visit to a page's own address shows a message before the page.
        await browser.go(link.replace("/space", "/"))
        await asyncio.sleep(8)
        for place in range(repeat):
            progress("Opening the page", place, repeat)
            await browser.go(link)
            await asyncio.sleep(0.3)
            openings.append(float(await browser.evaluate(_SHOWN)))
            await asyncio.sleep(_PAUSE)
        for place in range(repeat):
            progress("Clicking on points", place, repeat)
            x, y = await browser.evaluate(_PLACE.replace("ROW", str((1500 * place + 11) % count)))
            clicks.append(await _timed(browser, _QUERY_CAME, [(x, y)]))
        for place in range(repeat):
            progress("Circling points", place, repeat)
            circle = _CIRCLE.replace("ROW", str((1400 * place + 5) % count)).replace(
                "COUNT", str(_CIRCLED)
            )
            path = await browser.evaluate(circle)
            await browser.evaluate(_REMEMBER)
            lassos.append(await _timed(browser, _GRID_CAME, path))
            circled = max(circled, int(await browser.evaluate(_CHOSEN)))
    return {
        "first_on_screen_ms": round(openings[0], 1),
        "on_screen_ms": figures(openings),
        "click_to_query_ms": figures(clicks),
        "lasso_to_grid_ms": figures(lassos),
        "most_circled": circled,
    }


async def _timed(browser: Chromium, came: str, path: Sequence[Sequence[float]]) -> float:
    """Milliseconds from the release of the button at the end of a path to its effect."""
    x, y = path[0]
    await browser.mouse("mouseMoved", x - 2, y)
    await browser.mouse("mouseMoved", x, y)
    await asyncio.sleep(0.3)
    await browser.evaluate(_WATCH.replace("CAME", came))
    await browser.mouse("mousePressed", x, y)
    for point in path[1:]:
        await browser.mouse("mouseMoved", point[0], point[1], held=True)
        await asyncio.sleep(0.015)
    await browser.mouse("mouseReleased", path[-1][0], path[-1][1])
    milliseconds = float(await browser.evaluate("window.taken"))
    await asyncio.sleep(_PAUSE)
    return milliseconds


async def _dense(link: str, progress: Progress) -> dict[str, Any]:
    progress("Very many points", 0, 1)
    async with Chromium() as browser:
        await browser.go(link)
        await asyncio.sleep(1)
        opening = float(await browser.evaluate(_SHOWN))
        x, y = await browser.evaluate(_BOX)
        await asyncio.sleep(2)
        await browser.evaluate(_FRAMES)
        started = time.monotonic()
        for _ in range(30):
            await browser.mouse("mouseWheel", x, y, wheel=-40)
            await asyncio.sleep(0.05)
        seconds = time.monotonic() - started
        frames = [float(frame) for frame in await browser.evaluate("window.frames.slice(1)")]
    progress("Very many points", 1, 1)
    return {
        "many_on_screen_ms": round(opening, 1),
        "many_zoom_frames_per_s": round(len(frames) / seconds, 1),
        "many_frame_ms": figures(frames),
    }
