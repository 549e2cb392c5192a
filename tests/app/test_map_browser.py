"""The map of Mars in a real browser: click, box, poles, strips, keys, no word to the outside."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

LONG = 120_000
ROOT = """[...document.querySelectorAll('*')].filter((one) => one.shadowRoot)
  .map((one) => one.shadowRoot.querySelector('.root[data-drawn]')).find((one) => one && one.map)"""
MAP = ".st-key-mirs-mars-map"


def drawn(page: Any) -> None:
    """Waits until the basemap and the tiles of the newest state are painted."""
    page.wait_for_selector(f"{MAP} .root[data-drawn]", timeout=LONG)
    page.wait_for_function(
        f"""() => {{
          const root = {ROOT}
          const box = root && root.querySelector('.plot')
          return box && box.dataset.sheet === root.data.view && box.dataset.painted === root.data.id
        }}""",
        timeout=LONG,
    )


@pytest.fixture
def mars(page: Any) -> Iterator[Any]:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.get_by_role("link", name="Map of Mars", exact=True).click()
    drawn(page)
    yield page
    strangers = ("http://localhost", "http://127.0.0.1", "data:", "blob:")
    assert [url for url in asked if not url.startswith(strangers)] == []
    assert [text for text in complaints if "404" not in text] == []


def spot(page: Any, row: int) -> tuple[float, float]:
    """Where the dot of a row is on the screen, as soon as the page around it stands still."""
    last, found = None, _spot(page, row)
    while found != last:
        page.wait_for_timeout(250)
        last, found = found, _spot(page, row)
    return found


def _spot(page: Any, row: int) -> tuple[float, float]:
    x, y = page.evaluate(
        f"""(row) => {{
          const root = {ROOT}
          const box = root.querySelector('.plot').getBoundingClientRect()
          const [x, y] = root.map.spot(row)
          return [box.left + x, box.top + y]
        }}""",
        row,
    )
    return x, y


def crowd(page: Any) -> list[int]:
    """The rows of the place with the most tiles that the view shows."""
    return list(
        page.evaluate(
            f"""() => {{
              const {{ tiles, points }} = ({ROOT}).map
              const seen = tiles.places.filter((_, number) => points[number])
              return seen.sort((a, b) => b.rows.length - a.rows.length)[0].rows
            }}"""
        )
    )


def wait(page: Any, test: str, value: Any = None) -> None:
    found = f"(value) => {{ const root = {ROOT}; return {test} }}"
    page.wait_for_function(found, arg=value, timeout=LONG)


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the box tool, from one share of the plot to another."""
    page.locator(f"{MAP} [data-tool=box]").click()
    box = page.locator(f"{MAP} .plot").bounding_box()
    (x, y), (u, v) = start, end
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"], steps=8)
    page.mouse.up()


def test_a_place_opens_and_one_of_its_tiles_becomes_the_query(mars: Any) -> None:
    rows = crowd(mars)
    assert len(rows) > 1
    mars.mouse.click(*spot(mars, rows[0]))
    mars.wait_for_selector(f"h3:has-text('{len(rows)} selected tiles')", timeout=LONG)
    wait(mars, "root.map.opened >= 0 && root.data.chosen?.length === value", len(rows))
    drawn(mars)
    x, y = spot(mars, rows[1])
    mars.mouse.move(x, y, steps=3)
    card = mars.locator(f"{MAP} .card.shown")
    card.wait_for(timeout=LONG)
    assert "Synthetic coordinates" in card.inner_text() and "from the query" in card.inner_text()
    mars.mouse.click(x, y)
    wait(mars, "root.data.query === value", rows[1])
    wait(mars, "root.data.models.every((one) => one.hits.length > 5)")
    mars.wait_for_url(re.compile("tile="), timeout=LONG)
    drawn(mars)
    mars.reload()
    drawn(mars)
    wait(mars, "root.data.query === value", rows[1])


def test_a_box_across_the_meridian_of_0_is_chosen_and_filters(mars: Any) -> None:
    # The plate is turned, so that 0 east is not at its edge.
    mars.evaluate(f"() => {{ const {{ map }} = {ROOT}; map.view.at.lon = 0; map.redraw() }}")
    drag(mars, (0.3, 0.1), (0.7, 0.9))
    mars.wait_for_selector("button:has-text('Filter to this region')", timeout=LONG)
    wait(mars, "root.data.box && root.data.box[0] > root.data.box[2]")
    count = mars.evaluate(f"() => ({ROOT}).data.chosen.length")
    inside = mars.evaluate(
        f"""() => {{
          const {{ lat, lon, box }} = ({ROOT}).data
          const [west, south, east, north] = box
          return [...lat.keys()].filter((row) => lat[row] >= south && lat[row] <= north
            && (lon[row] >= west || lon[row] <= east)).length
        }}"""
    )
    assert 0 < count == inside
    mars.get_by_role("button", name="Filter to this region").click()
    wait(mars, "root.data.open?.reduce((sum, one) => sum + one, 0) === value", count)
    mars.wait_for_url(re.compile("region="), timeout=LONG)
    mars.reload()
    drawn(mars)
    wait(mars, "root.data.region && root.data.region[0] > root.data.region[2]")


def test_a_polygon_by_clicks_and_a_circle_by_keys(mars: Any) -> None:
    mars.locator(f"{MAP} [data-tool=polygon]").click()
    box = mars.locator(f"{MAP} .plot").bounding_box()
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.5, 0.8)):
        mars.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    mars.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert mars.locator(f"{MAP} .where").inner_text() == "0.0° N, 180.0° E"
    mars.locator(f"{MAP} canvas.over").press("Enter")
    wait(mars, "root.data.box?.rings?.length === 1")
    # As the pointer was, to a pixel; the side of more than half a turn goes as it was drawn.
    ring = mars.evaluate(f"() => ({ROOT}).data.box.rings[0]")
    expected = [(72, 54), (180, 54), (288, 54), (180, -54)]
    assert len(ring) == 4
    for (lon, lat), (east, north) in zip(ring, expected, strict=True):
        assert abs(lon - east) < 0.5 and abs(lat - north) < 0.5
    count = mars.evaluate(f"() => ({ROOT}).data.chosen.length")
    mars.get_by_role("button", name="Filter to this region").click()
    wait(mars, "root.data.open?.reduce((sum, one) => sum + one, 0) === value", count)
    mars.wait_for_url(re.compile("region=polygons"), timeout=LONG)
    mars.reload()
    drawn(mars)
    wait(mars, "root.data.region?.rings?.[0].length === 4")
    over = mars.locator(f"{MAP} canvas.over")
    over.focus()
    for key in ("c", "ArrowRight", "ArrowRight", "c"):
        over.press(key)
    # A rim of 360 corners around the crosshair.
    wait(mars, "root.data.box?.rings?.[0].length === 360")
    norths = mars.evaluate(f"() => ({ROOT}).data.box.rings[0].map(([, lat]) => lat)")
    assert abs(max(norths) + min(norths)) < 0.01 and max(norths) > 5


def test_the_similarity_map_hides_the_tiles_and_has_a_legend_in_bits(mars: Any) -> None:
    mars.get_by_role("combobox", name="Similarity map").click()
    mars.get_by_role("option", name="MIRS", exact=True).click()
    wait(mars, "root.data.similarity && !root.layers.tiles && root.map.similarity")
    legend = mars.locator(f"{MAP} .similar")
    assert "Nearest tile: Hamming distance (bits)" in legend.inner_text()
    painted = """() => {
      const { picture } = ROOT.map.similarity
      const { data } = picture.getContext('2d').getImageData(0, 0, picture.width, picture.height)
      return [data.filter((_, at) => at % 4 === 3 && data[at] > 0).length,
              [...ROOT.data.similarity.grid].filter((level) => level > 0).length]
    }""".replace("ROOT", f"({ROOT})")
    cells, present = mars.evaluate(painted)
    assert 0 < cells == present
    mars.get_by_role("button", name="Save similarity map").wait_for(timeout=LONG)


def test_the_pole_is_a_disc_and_its_box_a_sector(mars: Any) -> None:
    mars.get_by_role("radio", name="North pole").or_(
        mars.get_by_role("button", name="North pole")
    ).first.click()
    wait(mars, "root.data.view === 'north' && root.map.view.kind === 'north'")
    drawn(mars)
    mars.wait_for_url(re.compile("map=north"), timeout=LONG)
    there = mars.evaluate(
        f"() => ({ROOT}).map.view.unpoint(...({ROOT}).map.size.map((n) => n / 2))"
    )
    assert there[0] > 89.9
    # From the meridian of 90 down to that of 0, which points down.
    drag(mars, (0.75, 0.5), (0.5, 0.72))
    wait(mars, "root.data.box")
    west, south, east, north = mars.evaluate(f"() => ({ROOT}).data.box")
    assert (round(west) % 360, round(east)) == (0, 90) and 55 < south < north < 90


def test_keys_move_zoom_and_open(mars: Any) -> None:
    mars.locator(f"{MAP} canvas.over").focus()
    before = mars.evaluate(f"() => ({{ ...({ROOT}).map.view.at }})")
    for key in ("+", "ArrowRight"):
        mars.keyboard.press(key)
    after = mars.evaluate(f"() => ({{ ...({ROOT}).map.view.at }})")
    assert after["zoom"] > before["zoom"] and after["lon"] > before["lon"]
    assert "° E" in mars.locator(f"{MAP} .status").inner_text()
    row = crowd(mars)[0]
    mars.evaluate(
        f"""(row) => {{
          const root = {ROOT}
          root.map.view.at.lat = root.data.lat[row]
          root.map.view.at.lon = root.data.lon[row]
          root.map.redraw()
        }}""",
        row,
    )
    mars.wait_for_timeout(300)
    mars.keyboard.press("Enter")
    mars.wait_for_selector("h3:has-text('selected tiles')", timeout=LONG)


def test_keys_draw_a_box_and_take_it_away(mars: Any) -> None:
    mars.locator(f"{MAP} canvas.over").focus()
    mars.keyboard.press("b")
    # Beyond the meridian of 0: the map is turned below the cross.
    for _ in range(11):
        mars.keyboard.press("ArrowRight")
    mars.keyboard.press("+")
    mars.keyboard.press("ArrowUp")
    mars.keyboard.press("b")
    wait(mars, "root.data.box")
    west, south, east, north = mars.evaluate(f"() => ({ROOT}).data.box")
    assert (west, south) == (180, 0) and 0 < east < 90 and 0 < north < 60
    mars.wait_for_selector("button:has-text('Filter to this region')", timeout=LONG)
    mars.keyboard.press("Escape")
    wait(mars, "!root.data.box && !root.map.box")


def test_the_view_in_words_has_no_tail_of_digits(mars: Any) -> None:
    mars.locator(f"{MAP} canvas.over").focus()
    for _ in range(6):
        mars.keyboard.press("ArrowRight")
        said = mars.locator(f"{MAP} .status").inner_text()
        assert re.fullmatch(r"0°, \d+(\.\d)?° E", said)


def test_a_place_at_the_edge_answers_at_both_edges(mars: Any) -> None:
    row = crowd(mars)[0]
    mars.evaluate(
        f"""(row) => {{
          const root = {ROOT}
          root.map.view.at.lon = root.data.lon[row] + 180
          root.map.redraw()
        }}""",
        row,
    )
    mars.wait_for_timeout(300)
    number = mars.evaluate(f"(row) => ({ROOT}).map.tiles.seats.of[row]", row)
    rows = mars.evaluate(f"(number) => ({ROOT}).map.tiles.places[number].rows", number)
    turn = mars.evaluate(f"() => 360 * ({ROOT}).map.view.scale()")
    left = mars.locator(f"{MAP} .plot").bounding_box()["x"]
    places = {one: spot(mars, one) for one in rows}
    inside = next(one for one, (x, _) in places.items() if x > left + 3)
    beyond = next(one for one, (x, _) in places.items() if x < left - 3)
    for one, by in ((inside, 0), (beyond, turn)):
        x, y = places[one]
        mars.mouse.move(x + by, y)
        wait(mars, "root.map.over === value", one)
        assert mars.evaluate(f"() => ({ROOT}).map.by") == by


def test_a_click_on_the_query_keeps_its_results(mars: Any) -> None:
    row = mars.evaluate(f"() => ({ROOT}).data.query")
    mars.evaluate(
        f"""(row) => {{
          const {{ map }} = {ROOT}
          map.open(map.tiles.seats.of[row])
        }}""",
        row,
    )
    mars.wait_for_timeout(300)
    mars.mouse.click(*spot(mars, row))
    mars.wait_for_timeout(1500)
    wait(mars, "root.data.query === value", row)
    assert mars.evaluate(f"() => ({ROOT}).data.models.every((one) => one.hits.length > 5)")


def test_tiles_of_a_small_strip_are_apart_when_framed(mars: Any) -> None:
    apart = mars.evaluate(
        f"""() => {{
          const {{ map }} = {ROOT}
          map.view.fit([[18.30, 77.00], [18.50, 77.20]])
          const [x, y] = map.view.point(18.40, 77.10)
          const [u] = map.view.point(18.40, 77.12)
          map.redraw()
          return [x, y, u - x, ...map.size]
        }}"""
    )
    x, y, step, width, height = apart
    assert abs(x - width / 2) < 1 and abs(y - height / 2) < 1 and step > 20
    mars.wait_for_timeout(300)
    assert mars.evaluate(f"() => ({ROOT}).querySelector('.plot').dataset.painted.length") > 5


def test_west_longitudes_and_layers(mars: Any) -> None:
    mars.get_by_text("West longitudes").click()
    wait(mars, "root.data.west === true")
    mars.wait_for_url(re.compile("west=1"), timeout=LONG)
    lines = mars.locator(f"{MAP} [data-layer=lines]")
    assert lines.get_attribute("aria-pressed") == "false"
    lines.click()
    assert lines.get_attribute("aria-pressed") == "true"
    assert mars.evaluate(f"() => ({ROOT}).layers.lines") is True


def test_a_click_on_an_outline_chooses_its_strip(mars: Any) -> None:
    name, count = mars.evaluate(
        f"""() => {{
          const root = {ROOT}
          const strip = root.data.strips[0]
          strip.ring = [[200, 10], [240, 10], [240, -10], [200, -10], [200, 10]]
          root.layers.strips = true
          root.map.redraw()
          return [strip.name, strip.count]
        }}"""
    )
    x, y = mars.evaluate(
        f"""() => {{
          const root = {ROOT}
          const box = root.querySelector('.plot').getBoundingClientRect()
          const [x, y] = root.map.view.point(0, 200)
          return [box.left + x, box.top + y]
        }}"""
    )
    mars.mouse.click(x, y)
    wait(mars, "root.data.frame?.id === value", name)
    wait(mars, "root.data.chosen?.length === value && root.map.view.at.zoom > 2", count)
