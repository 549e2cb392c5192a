"""The map of 30,000 tiles in a real browser: a density that becomes points as one zooms in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser import chromium_page

from benchmarks.scale import making
from benchmarks.server import serving
from mirs_core.workspace.home import Home

COUNT = 30_000
LONG = 120_000
ROOT = """[...document.querySelectorAll('*')].filter((one) => one.shadowRoot)
  .map((one) => one.shadowRoot.querySelector('.root[data-drawn]')).find((one) => one && one.map)"""
MAP = ".st-key-mirs-mars-map"


@pytest.fixture(scope="module")
def crowded(small_demo: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose default model has an archive of synthetic tiles."""
    target = tmp_path_factory.mktemp("crowd") / "home"
    making.make(small_demo, "demo-mirs", target, COUNT)
    with serving(Home(target)) as address:
        yield address


@pytest.fixture
def mars(crowded: str) -> Iterator[Any]:
    with chromium_page() as page:
        page.goto(f"{crowded}/map")
        page.wait_for_selector(f"{MAP} .root[data-drawn]", timeout=LONG)
        wait(page, "root.querySelector('.plot').dataset.painted === root.data.id")
        yield page


def wait(page: Any, test: str, value: Any = None) -> None:
    source = f"(value) => {{ const root = {ROOT}; return root && {test} }}"
    page.wait_for_function(source, arg=value, timeout=LONG)


def zoom(page: Any, times: int) -> None:
    """Moves the crowd's fullest cell to the middle, and zooms in on it."""
    page.evaluate(
        f"""(times) => {{
          const root = {ROOT}
          const {{ area, counts }} = root.crowd.current
          const [wide, side] = [area.right - area.left, 2 ** -area.level]
          const best = counts.indexOf(counts.reduce((most, one) => Math.max(most, one)))
          const {{ at }} = root.map.view
          at.lat = 90 - (area.top + Math.floor(best / wide) + 0.5) * side
          at.lon = (area.left + (best % wide) + 0.5) * side
          at.zoom *= times
          root.map.redraw()
        }}""",
        times,
    )


def test_a_density_becomes_points_and_a_point_the_query(mars: Any) -> None:
    note = mars.locator(f"{MAP} .sight")
    wait(mars, "root.querySelector('.sight').dataset.kind === 'density'")
    assert f"{COUNT:,} tiles in view as density; zoom in to see single tiles" in note.inner_text()
    assert re.search(r"Tiles per\s+[\d,]+ km²\s+\d", note.inner_text())
    zoom(mars, 30)
    wait(mars, "root.crowd.current.rows && root.querySelector('.sight').dataset.kind === 'points'")
    assert re.search(r"^[\d,]+ tiles in view as points", note.inner_text())
    # Every point of the sight is drawn, and the results that are elsewhere.
    drawn, sent, marked = mars.evaluate(
        f"() => {{ const root = {ROOT}; return [root.data.rows.length,"
        " root.crowd.current.rows.length, root.raw.rows.length] }"
    )
    assert sent <= drawn <= sent + marked and 0 < sent < COUNT
    mars.wait_for_timeout(400)
    x, y, row = mars.evaluate(
        f"""() => {{
          const root = {ROOT}
          const box = root.querySelector('.plot').getBoundingClientRect()
          const away = (row) => {{
            const spot = root.map.spot(row)
            return spot ? Math.hypot(spot[0] - box.width / 2, spot[1] - box.height / 2) : 1e9
          }}
          const rows = [...root.data.rows.keys()].filter((row) => row !== root.data.query)
          const row = rows.reduce((best, one) => (away(one) < away(best) ? one : best))
          const [x, y] = root.map.spot(row)
          return [box.left + x, box.top + y, root.idOf(row)]
        }}"""
    )
    mars.mouse.move(x, y, steps=3)
    wait(mars, "root.map.over >= 0")
    over = mars.evaluate(f"() => ({ROOT}).idOf(({ROOT}).map.over)")
    mars.locator(f"{MAP} .card.shown").wait_for(timeout=LONG)
    mars.mouse.click(x, y)
    wait(mars, "root.raw.query === value", over)
    wait(mars, "root.raw.models.every((one) => one.hits.length > 5)")
    wait(mars, "root.data.query >= 0 && root.idOf(root.data.query) === value", over)
    mars.wait_for_url(re.compile("tile="), timeout=LONG)
    assert over == row
    mars.locator(f"{MAP} [data-tool=whole]").click()
    wait(mars, "root.querySelector('.sight').dataset.kind === 'density'")


def test_hidden_classes_leave_the_density(mars: Any) -> None:
    total = f"() => ({ROOT}).crowd.current.counts.reduce((sum, one) => sum + one, 0)"
    assert mars.evaluate(total) == COUNT
    first = mars.locator(f"{MAP} .group").first
    count = int(first.locator("small").inner_text().replace(",", ""))
    first.click()
    wait(mars, "root.crowd.current.counts?.reduce((sum, one) => sum + one, 0) === value",
         COUNT - count)  # fmt: skip


def test_a_click_on_a_cell_zooms_in(mars: Any) -> None:
    zoom(mars, 1)
    mars.wait_for_timeout(300)
    box = mars.locator(f"{MAP} .plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mars.evaluate(f"() => {{ ({ROOT}).layers.results = false; ({ROOT}).map.redraw() }}")
    # Beside a result, whose dot would be the query.
    spots = [(x + dx, y + dy) for dx in (0, 1, -1) for dy in (0, 1, -1)]
    before = mars.evaluate(f"() => ({ROOT}).map.view.at.zoom")
    for u, v in spots:
        mars.mouse.move(u, v)
        if mars.evaluate(f"() => !({ROOT}).querySelector('.count').hidden"):
            break
    assert re.match(r"[\d,]+ tiles? in [\d,.]+ km²", mars.locator(f"{MAP} .count").inner_text())
    mars.mouse.click(u, v)
    wait(mars, "root.map.view.at.zoom > 2 * value", before)
