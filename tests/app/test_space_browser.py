"""The maps in a real browser: a lasso, its grid, what is linked, and a click."""

import math
from typing import Any

LONG = 120_000


def test_a_lasso_opens_its_tiles_and_a_click_makes_the_query(page: Any) -> None:
    page.get_by_role("link", name="Hash space", exact=True).click()
    page.wait_for_selector("text=Trustworthiness", timeout=LONG)
    page.wait_for_function(
        "() => document.querySelectorAll('.js-plotly-plot .modebar').length >= 2", timeout=LONG
    )
    plot = page.locator(".js-plotly-plot").first
    plot.hover()
    plot.locator(".modebar-btn[data-title='Lasso Select']").click()
    area = plot.locator(".nsewdrag").bounding_box()
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    reach = 0.48 * min(area["width"], area["height"])
    page.mouse.move(middle[0] + reach, middle[1])
    page.mouse.down()
    for step in range(1, 25):
        angle = 2 * math.pi * step / 24
        page.mouse.move(middle[0] + reach * math.cos(angle), middle[1] + reach * math.sin(angle))
    page.mouse.up()
    page.wait_for_selector("h3:has-text('chosen tiles')", timeout=LONG)
    tile = page.locator(".columns section button.tile").nth(1)
    tile.wait_for(timeout=LONG)
    picked = page.evaluate(
        "() => [...document.querySelectorAll('.js-plotly-plot')].map(plot =>"
        " plot.data.reduce((n, trace) => n + (trace.selectedpoints || []).length, 0))"
    )
    assert len(set(picked)) == 1 and picked[0] > 1  # the same tiles light up in both
    name = tile.get_attribute("data-id").rsplit("/", 1)[-1]
    tile.click()
    page.wait_for_function(
        "name => [...document.querySelectorAll('.js-plotly-plot')].every(plot =>"
        " plot.data.some(one => one.name === 'query' && one.hovertemplate.includes(name)))",
        arg=name,
        timeout=LONG,
    )
