"""The maps in a real browser: card, click, lasso, what is linked, legend, colours."""

import math
from typing import Any

import pytest

LONG = 120_000
ROOT = """[...document.querySelectorAll('*')].filter((one) => one.shadowRoot)
  .map((one) => one.shadowRoot.querySelector('.root[data-drawn]')).find((one) => one)"""
MAP = ".st-key-mirs-space-map"
BRIGHT = f"(n) => [...({ROOT}).querySelectorAll('.plot')].every((one) => +one.dataset.bright === n)"


@pytest.fixture
def maps(page: Any) -> Any:
    page.get_by_role("link", name="Hash space", exact=True).click()
    page.wait_for_selector(".root[data-drawn]", timeout=LONG)
    page.wait_for_function(f"() => ({ROOT}).plots.length === 2", timeout=LONG)
    return page


def place(page: Any, row: int) -> tuple[float, float]:
    """Where the point of a row is on the screen, in the first map."""
    x, y = page.evaluate(
        f"""(row) => {{
          const root = {ROOT}
          const box = root.querySelector('.plot').getBoundingClientRect()
          const [x, y] = root.plots[0].place(row)
          return [box.left + x, box.top + y]
        }}""",
        row,
    )
    return x, y


def test_a_point_shows_its_tile_and_becomes_the_query(maps: Any) -> None:
    x, y = place(maps, 4)
    maps.mouse.move(x - 40, y)
    maps.mouse.move(x, y, steps=5)
    card = maps.locator(f"{MAP} .card.shown")
    card.wait_for(timeout=LONG)
    row = int(card.get_attribute("data-row"))
    assert card.locator("img").evaluate("(one) => one.decode().then(() => one.naturalWidth)") > 0
    assert "from the query" in card.inner_text()
    maps.mouse.click(x, y)
    maps.wait_for_function(f"(row) => ({ROOT}).data.query === row", arg=row, timeout=LONG)
    maps.wait_for_function(
        f"() => ({ROOT}).data.maps.every((map) => map.hits.length > 5)", timeout=LONG
    )
    assert "tile=" in maps.url


def test_a_lasso_opens_its_tiles_and_lights_them_in_both_maps(maps: Any) -> None:
    count = maps.evaluate(f"() => ({ROOT}).data.maps[0].x.length")
    maps.wait_for_function(BRIGHT, arg=count, timeout=LONG)
    maps.locator(f"{MAP} [data-tool=lasso]").click()
    box = maps.locator(f"{MAP} .plot").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    points = [place(maps, row) for row in range(0, count, 5)]
    away = sorted(math.dist(middle, point) for point in points)
    reach = away[len(away) // 2] + 1
    maps.mouse.move(middle[0] + reach, middle[1])
    maps.mouse.down()
    for step in range(1, 31):
        angle = 2 * math.pi * step / 30
        maps.mouse.move(middle[0] + reach * math.cos(angle), middle[1] + reach * math.sin(angle))
        maps.wait_for_timeout(15)
    maps.mouse.up()
    maps.wait_for_function(f"() => ({ROOT}).data.chosen !== null", timeout=LONG)
    maps.wait_for_selector("h3:text-matches('^[0-9,]+ selected tiles$')", timeout=LONG)
    chosen = maps.evaluate(f"() => ({ROOT}).data.chosen.length")
    assert 1 < chosen < count
    maps.wait_for_function(BRIGHT, arg=chosen, timeout=LONG)
    assert (
        f"{chosen} selected tiles"
        in maps.locator("h3:text-matches('selected tiles$')").inner_text()
    )
    maps.locator(".st-key-mirs-space-grid button.tile").first.wait_for(timeout=LONG)
    maps.get_by_role("button", name="Clear selection").click()
    maps.wait_for_function(BRIGHT, arg=count, timeout=LONG)


def test_the_legend_hides_groups_and_colours_change(maps: Any) -> None:
    count = maps.evaluate(f"() => ({ROOT}).data.maps[0].x.length")
    group = maps.locator(f"{MAP} .legend .group").first
    size = int(group.locator("small").inner_text())
    group.click()
    maps.wait_for_function(BRIGHT, arg=count - size, timeout=LONG)
    group.click()
    maps.wait_for_function(BRIGHT, arg=count, timeout=LONG)
    group.dblclick()
    maps.wait_for_function(BRIGHT, arg=size, timeout=LONG)
    maps.get_by_role("combobox", name="Colour by").click()
    maps.get_by_role("option", name="Purity").click()
    maps.wait_for_selector(f"{MAP} .legend .ramp", timeout=LONG)
    maps.wait_for_function(BRIGHT, arg=count, timeout=LONG)
    assert "colour=Purity" in maps.url


def test_a_run_gives_the_same_map_twice(maps: Any) -> None:
    sees = f"() => ({ROOT}).data.maps.map((map) => [...map.x.slice(0, 20), ...map.y.slice(0, 20)])"
    first = maps.evaluate(sees)
    maps.reload()
    maps.wait_for_selector(".root[data-drawn]", timeout=LONG)
    assert maps.evaluate(sees) == first
