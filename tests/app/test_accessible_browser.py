"""Every page, light and dark, by the rules of axe-core; keys and the theme in a real browser."""

from typing import Any

import pytest

PAGES = ("", "space", "map", "evaluate", "train", "runs", "data")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(page: Any, server: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    broken = {}
    for name in PAGES:
        page.goto(f"{server}/{name}")
        page.wait_for_selector("h2, .mirs-hero", timeout=60_000)
        page.wait_for_selector("[data-test-script-state=notRunning]", timeout=60_000)
        page.wait_for_function("!document.querySelector('[data-stale=true]')")
        answer = axe.run(page).response["violations"]
        if answer:
            broken[name] = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in answer]
    assert broken == {}


def test_a_question_mark_opens_the_keys_except_while_typing(page: Any) -> None:
    page.keyboard.press("Shift+?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    dialog.wait_for()
    assert "mark it as a positive or negative example" in dialog.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.get_by_test_id("stMultiSelect").locator("input").first.focus()
    page.keyboard.press("Shift+?")
    page.wait_for_timeout(500)
    assert dialog.count() == 0


def test_the_menu_changes_the_theme_of_dialogs_and_of_all_pages(page: Any, server: str) -> None:
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert page.evaluate(scheme) == "light"
    page.get_by_test_id("stMainMenuButton").click()
    page.get_by_test_id("stMainMenuItem-theme-Dark").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_role("dialog", name="Keyboard").wait_for()
    assert page.evaluate(scheme) == "dark"
    page.goto(f"{server}/runs")
    page.wait_for_selector("h2", timeout=60_000)
    assert page.evaluate(scheme) == "dark", "the theme is that of all pages"
