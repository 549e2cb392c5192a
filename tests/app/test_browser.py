"""What only a real browser can tell: clicks, hover, keyboard, the address, the layout."""

from typing import Any

import pytest

from benchmarks.app import CLICK, SHOWN


def test_a_click_on_a_result_makes_it_the_query(page: Any) -> None:
    titles = page.locator(".columns h2").all_inner_texts()
    assert titles == ["Baseline", "MIRS", "MIRS + DWT"]
    column = page.locator(".columns section").nth(1)
    assert column.locator("button.tile").count() == 24
    target = column.locator("button.tile").nth(3)
    wanted = target.get_attribute("data-id")
    assert "Search with this tile" in target.get_attribute("aria-label")
    target.click()
    page.wait_for_function(
        "wanted => new URL(location.href).searchParams.get('tile') === wanted", arg=wanted
    )
    page.wait_for_function(
        "wanted => ![...document.querySelectorAll('*')].some(host => host.shadowRoot &&"
        " host.shadowRoot.querySelector(`.columns button[data-id='${wanted}']`))",
        arg=wanted,
    )
    page.get_by_role("button", name="Back").click()
    page.wait_for_function(
        "wanted => new URL(location.href).searchParams.get('tile') !== wanted", arg=wanted
    )


def test_benchmarks_see_the_columns_and_the_new_results_of_a_click(page: Any) -> None:
    assert page.evaluate(f"({SHOWN})(3, 60000)") > 0
    subject = page.locator(".root:has(.columns)").first
    before = subject.get_attribute("data-subject")
    assert page.evaluate(f"({CLICK})(5)") > 0
    assert subject.get_attribute("data-subject") != before
    with pytest.raises(Exception, match="no 4 columns"):
        page.evaluate(f"({SHOWN})(4, 1)")


def test_the_back_button_of_the_browser_goes_back(page: Any) -> None:
    def wait_for(tile: str) -> None:
        page.wait_for_function(
            "wanted => new URL(location.href).searchParams.get('tile') === wanted", arg=tile
        )
        page.wait_for_selector(f"[data-testid=stCode] >> text={tile.rsplit('/', 1)[-1]}")

    first = page.evaluate("new URL(location.href).searchParams.get('tile')")
    target = page.locator(".columns section").nth(1).locator("button").nth(2)
    wanted = target.get_attribute("data-id")
    target.click()
    wait_for(wanted)
    page.go_back()
    wait_for(first)


def test_a_tile_is_shown_large_and_linked_across_columns(page: Any) -> None:
    linked = page.locator(".columns section").first.locator("button:has(.shared)").first
    linked.hover()
    assert page.locator(".card.shown").count() == 1
    same = linked.get_attribute("data-id")
    assert page.locator(f".columns button.linked[data-id='{same}']").count() >= 2
    page.mouse.move(5, 5)
    page.wait_for_selector(".card.shown", state="detached")


def test_the_keyboard_reaches_the_tiles(page: Any) -> None:
    tile = page.locator(".columns section button.tile").first
    tile.focus()
    wanted = tile.get_attribute("data-id")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "wanted => new URL(location.href).searchParams.get('tile') === wanted", arg=wanted
    )


def test_arrow_keys_walk_the_tiles_and_help_opens_on_focus(page: Any) -> None:
    tiles = page.locator(".columns section").first.locator("button.tile")
    tiles.nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert tiles.nth(1).evaluate("tile => tile === tile.getRootNode().activeElement")
    page.keyboard.press("ArrowDown")
    assert tiles.nth(1).evaluate("tile => tile !== tile.getRootNode().activeElement")
    page.keyboard.press("Shift+Tab")
    score = page.locator(".columns .score").first
    score.hover()
    assert "min(R, 64)" in page.locator(".card.shown").inner_text()


def test_three_columns_stand_beside_each_other_or_below_on_a_phone(page: Any) -> None:
    def tops() -> list[float]:
        boxes = [section.bounding_box() for section in page.locator(".columns section").all()]
        return [box["y"] for box in boxes]

    assert len(set(tops())) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert len(set(tops())) == 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_views_can_be_clicked_and_a_description_is_marked_as_synthetic(page: Any) -> None:
    page.get_by_role("radio", name="Describe").click()
    page.wait_for_selector(".mirs-query >> text=Synthetic")
    page.wait_for_function("new URL(location.href).searchParams.get('describe')")
