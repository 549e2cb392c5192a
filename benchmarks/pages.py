"""``bench pages``: how long each page takes, and how much memory the server has after all of them.

For home folders of any size; one with a million tiles comes from ``bench scale --make``. Needs
Chromium. Browser and server share the machine, so every time includes what the browser takes.
"""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.app import PATIENCE, click, figures, paint
from benchmarks.chromium import Chromium
from benchmarks.server import Server, started
from mirs_core.errors import RunError
from mirs_core.progress import Progress, silent
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.shared import lineup

_MOST_COLUMNS = 3
_SESSIONS = 2
_WARM_UPS, _PAUSE = 3, 0.4
_SETTLED = 0.5
_SEARCH, _BROWSE = "search", "browse"
PAGES = {
    _SEARCH: "/?",
    "space": "/space?",
    "map": "/map?",
    "evaluate": "/evaluate?part=scores",
    "evaluate ranking": "/evaluate?part=ranking",
    "evaluate codes": "/evaluate?part=codes",
    "evaluate domains": "/evaluate?part=domains",
    "train": "/train?",
    "runs": "/runs?",
    "data sets": "/data?",
}
# The time from the click on "Browse tiles" on the search page until tiles are painted.
_BROWSED = """
(patience) => new Promise((done) => {
  const started = performance.now()
  ;[...document.querySelectorAll('button')].find((one) => one.innerText.includes('Browse tiles'))
    .click()
  const look = () => {
    const late = performance.now() - started > patience
    const there = [...document.querySelectorAll('.st-key-mirs-browser *')].some((host) =>
      host.shadowRoot && host.shadowRoot.querySelector('button.tile'))
    if (there || late) requestAnimationFrame(() => requestAnimationFrame(() =>
      done([performance.now() - started, late ? 'not ready in time' : ''])))
    else setTimeout(look, 20)
  }
  look()
})
"""
# Milliseconds since the navigation when the script of the page has ended and its end is painted;
# also what the page says that went wrong.
_ENDED = """
(patience) => new Promise((done) => {
  const look = () => {
    const app = document.querySelector('[data-testid=stApp]')
    const state = app && app.dataset.testScriptState
    const drawn = document.querySelector('[data-testid=stMain] [data-testid=stElementContainer]')
    const late = performance.now() > patience
    if ((state === 'notRunning' && drawn) || late) {
      const error = document.querySelector('[data-testid=stException]')
      const faults = error ? error.innerText.slice(0, 300) : ''
      requestAnimationFrame(() => requestAnimationFrame(() =>
        done([performance.now(), faults || (late ? 'not ready in time' : '')])))
    } else setTimeout(look, 20)
  }
  look()
})
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process in GB; of ``resident``, ``own`` is not that of files it maps."""

    resident: float
    own: float

    @classmethod
    def of(cls, process: int) -> "Memory":
        """The memory of a process at present; only on Linux."""
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        values = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
        resident, own = (int(values[name][0]) / 1e6 for name in ("VmRSS", "RssAnon"))
        return cls(round(resident, 2), round(own, 2))


def run(
    home: Home, clicks: int = 30, skip: tuple[str, ...] = (), progress: Progress = silent
) -> dict[str, Any]:
    """Milliseconds to the first page of a new server, from click to results, and to each page.

    Up to three models of the first data set are compared. Then two sessions visit every page of
    ``PAGES`` but those in ``skip``; ``memory_gb`` is the server's after that.

    Raises:
        ConfigError: Chromium is missing.
        RunError: no data set with a model, or the app does not start.
    """
    models, tiles = _models(home)
    with started(home) as server:
        visited = [name for name in PAGES if name not in skip]
        answer = asyncio.run(_measured(server, models, clicks, visited, progress))
    return {"bench": "pages", "tiles": tiles, "columns": len(models), **answer}


def _models(home: Home) -> tuple[list[str], int]:
    from mirs_core.retrieval.search import Searcher

    for data_set in lineup.data_sets(runs.list_runs(home)):
        ids = dict.fromkeys([*data_set.default(), *(run.id for run in data_set.runs)])
        models = list(ids)[:_MOST_COLUMNS]
        return models, len(Searcher.open(home, models[0]).items)
    raise RunError("There is no model to search with; build the demo first: mirs demo")


async def _measured(
    server: Server, models: list[str], clicks: int, names: list[str], progress: Progress
) -> dict[str, Any]:
    query = f"models={','.join(models)}"
    async with Chromium() as browser:
        first = await paint(browser, f"{server.address}/?k=66&{query}", len(models))
        opened = Memory.of(server.process)
        times = []
        for place in range(_WARM_UPS + clicks):
            progress("Clicking", place, _WARM_UPS + clicks)
            milliseconds = await click(browser, 7 * place + 3)
            times += [milliseconds] if place >= _WARM_UPS else []
            await asyncio.sleep(_PAUSE)
    visits = [await _visited(server, query, names, progress) for _ in range(_SESSIONS)]
    return {
        "first_page_ms": round(first, 1),
        "click_ms": figures(times),
        "pages_ms": {
            name: dict(zip(("first", "second"), (times[name][0] for times in visits), strict=True))
            for name in visits[0]
        },
        "faults": {name: fault for times in visits for name, (_, fault) in times.items() if fault},
        "memory_opened_gb": asdict(opened),
        "memory_gb": asdict(Memory.of(server.process)),
    }


async def _visited(
    server: Server, query: str, names: list[str], progress: Progress
) -> dict[str, tuple[float, str]]:
    """Milliseconds to each page in a new session, and what went wrong."""
    visits = {}
    async with Chromium() as browser:
        for place, name in enumerate(names):
            progress("Visiting pages", place, len(names))
            link = f"{server.address}{PAGES[name]}&{query}"
            if name == _SEARCH:
                visits[name] = (round(await paint(browser, link, query.count(",") + 1), 1), "")
                visits[_BROWSE] = await _seen(browser, _BROWSED)
            else:
                await browser.go(link)
                visits[name] = await _seen(browser, _ENDED)
            await asyncio.sleep(_PAUSE)
    progress("Visiting pages", len(names), len(names))
    return visits


async def _seen(browser: Chromium, script: str) -> tuple[float, str]:
    """Milliseconds, and what went wrong, as ``script`` reports them."""
    await asyncio.sleep(_SETTLED)
    milliseconds, fault = await browser.evaluate(f"({script})({1000 * PATIENCE})")
    return round(float(milliseconds), 1), str(fault)
