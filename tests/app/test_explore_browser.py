"""Exploring in a real browser: examples, filters, threshold, upload, crop, links, exports."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import geopandas as gpd
import numpy as np
import pandas as pd
from PIL import Image

LONG = 60_000


def columns(page: Any) -> Any:
    """The columns of results; examples and earlier queries have no heading."""
    return page.locator(".columns section:has(h2)")


def ids(page: Any, column: int) -> list[str]:
    tiles = columns(page).nth(column).locator("button.tile")
    return [str(tile.get_attribute("data-id")) for tile in tiles.all()]


def link(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def wait_for_link(page: Any, name: str, value: str | None) -> None:
    page.wait_for_function(
        "([name, value]) => new URL(location.href).searchParams.get(name) === value",
        arg=[name, value],
        timeout=LONG,
    )


def act(page: Any, column: int, place: int, name: str) -> str:
    """Presses one of the small buttons of a tile; returns the tile's id."""
    item = columns(page).nth(column).locator("li").nth(place)
    item.hover()
    found = str(item.locator("button.tile").get_attribute("data-id"))
    item.locator(f".acts button[title='{name}']").click()
    return found


def test_examples_change_the_order_and_a_fresh_session_restores_them(page: Any) -> None:
    before = ids(page, 1)
    plus = act(page, 1, 5, "More like this")
    wait_for_link(page, "plus", plus)
    minus = act(page, 0, 7, "Less like this")
    wait_for_link(page, "minus", minus)
    page.wait_for_selector("text=Less like these", timeout=LONG)
    page.wait_for_selector(".columns .note:has-text('score ')", timeout=LONG)
    after = ids(page, 1)
    assert after != before and plus not in after and minus not in after
    fresh = page.context.browser.new_context().new_page()
    fresh.goto(page.url)
    fresh.wait_for_selector(".columns .note:has-text('score ')", timeout=LONG)
    assert [ids(fresh, place) for place in range(3)] == [ids(page, place) for place in range(3)]
    fresh.close()
    page.get_by_role("button", name="Clear examples").click()
    wait_for_link(page, "plus", None)
    page.wait_for_selector("text=Less like these", state="detached", timeout=LONG)
    assert ids(page, 1) == before


def test_filters_and_the_threshold_are_applied_before_the_top_k(page: Any) -> None:
    page.get_by_text("Filter results").click()
    landforms = page.get_by_role("combobox", name="Landform classes", exact=True)
    # A list that opens while the sidebar still scrolls is closed again.
    landforms.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    landforms.click()
    page.get_by_role("option", name="Ridge", exact=True).click()
    page.keyboard.press("Escape")
    wait_for_link(page, "classes", "rid")
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot &&"
        " e.shadowRoot.querySelectorAll('section .note').length === 3 &&"
        " [...e.shadowRoot.querySelectorAll('.caption')].every(c => c.textContent === 'Ridge'))",
        timeout=LONG,
    )
    assert len(ids(page, 1)) == 12  # as many ridges as there are
    within = page.get_by_role("spinbutton", name="Maximum Hamming distance (bits)")
    within.fill("0")
    within.press("Enter")
    wait_for_link(page, "within", "0")
    page.wait_for_selector(
        "text=No tile within 0 bits of the query; the nearest is at", timeout=LONG
    )
    assert len(ids(page, 0)) == 12 and ids(page, 1) == []
    page.get_by_role("button", name="Clear all filters").click()
    wait_for_link(page, "within", None)
    wait_for_link(page, "classes", None)


def test_tile_details_show_bits_and_attention(page: Any) -> None:
    act(page, 1, 2, "Details")
    page.wait_for_selector(".mirs-bits", timeout=LONG)
    dialog = page.get_by_role("dialog")
    said = dialog.inner_text()
    assert (
        re.search(r"Hamming distance \d+ of \d+ bits", said)
        and "farther away than this tile" in said
    )
    marked = dialog.locator(".mirs-bits .differs").count()
    assert said.startswith("Tile details") and f"{marked} of " in said
    before = dialog.locator(".mirs-query img").first.get_attribute("src")
    dialog.get_by_text("Attention map").click()
    page.wait_for_function(
        "before => document.querySelector('[role=dialog] .mirs-query img').src !== before",
        arg=before,
        timeout=2 * LONG,
    )
    # The second overlay may still move the button.
    page.wait_for_selector("[data-test-script-state='notRunning']", timeout=LONG)
    dialog.get_by_role("button", name="Search with this tile").click()
    page.wait_for_selector(".mirs-bits", state="detached", timeout=LONG)


def test_the_keys_of_a_tile(page: Any) -> None:
    tile = columns(page).nth(1).locator("button.tile").nth(3)
    wanted = tile.get_attribute("data-id")
    tile.focus()
    page.keyboard.press("+")
    wait_for_link(page, "plus", wanted)
    columns(page).nth(1).locator("button.tile").first.focus()
    page.keyboard.press("i")
    page.wait_for_selector(".mirs-bits", timeout=LONG)


def mosaic() -> bytes:
    """Eight by five squares of one grey each: where a cut came from can be told."""
    values = np.arange(40, dtype=np.uint8).reshape(5, 8) * 6
    out = io.BytesIO()
    Image.fromarray(np.kron(values, np.ones((200, 200), np.uint8))).save(out, format="PNG")
    return out.getvalue()


def test_an_upload_is_cut_with_the_pointer_and_with_keys(page: Any) -> None:
    page.get_by_role("radio", name="Your own image").click()
    page.locator(".stMainBlockContainer input[type=file]").set_input_files(
        {"name": "strip.png", "mimeType": "image/png", "buffer": mosaic()}
    )
    box = page.locator(".box")
    box.wait_for(timeout=LONG)
    page.wait_for_selector("dd:has-text('strip.png [x 700, y 400, 200 px]')", timeout=LONG)
    stage = page.locator(".stage").bounding_box()
    scale = 1600 / stage["width"]
    at = box.bounding_box()
    page.mouse.move(at["x"] + 20, at["y"] + 20)
    page.mouse.down()
    page.mouse.move(at["x"] + 20 - 300 / scale, at["y"] + 20 - 200 / scale, steps=4)
    page.mouse.up()
    told = page.wait_for_selector("dd:has-text('y 200, 200 px')", timeout=LONG).inner_text()
    x = int(re.search(r"x (\d+)", told)[1])  # type: ignore[index]
    assert abs(x - 400) <= 3
    box.press("ArrowRight")
    page.wait_for_selector(f"dd:has-text('x {x + 16}, y 200')", timeout=LONG)
    box.press("+")
    page.wait_for_selector("dd:has-text('220 px')", timeout=LONG)
    columns(page).nth(1).locator("button.tile").nth(23).wait_for(timeout=LONG)
    assert len(ids(page, 1)) == 24
    page.get_by_role("radio", name="Whole image").click()
    page.wait_for_selector("dd:has-text('1600 × 1000 px')", timeout=LONG)


def test_a_path_on_this_computer_is_read_and_a_wrong_one_is_named(
    page: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(mosaic())
    page.get_by_role("radio", name="Your own image").click()
    field = page.get_by_role("textbox", name="or its path on this computer")
    field.fill("/nowhere/at/all.tif")
    field.press("Enter")
    page.wait_for_selector("text=No such file on this computer", timeout=LONG)
    field.fill(str(path))
    field.press("Enter")
    page.locator(".box").wait_for(timeout=LONG)


def downloaded(page: Any, name: str) -> bytes:
    with page.expect_download(timeout=LONG) as waiting:
        page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path()).read_bytes()


def test_exports_hold_what_is_on_screen(page: Any) -> None:
    shown = [ids(page, place) for place in range(3)]
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").wait_for(timeout=LONG)
    table = pd.read_csv(io.BytesIO(downloaded(page, "CSV")))
    found = [rows["id"].tolist() for _, rows in table.groupby("run", sort=False)]
    assert found == shown and table["synthetic"].all() and (table["place"] == "invented").all()
    places = gpd.read_parquet(io.BytesIO(downloaded(page, "GeoParquet")))
    assert places.crs.to_authority() == ("IAU_2015", "49900")
    assert places["id"].tolist() == table["id"].tolist()
    value = json.loads(downloaded(page, "GeoJSON"))
    assert [f["properties"]["id"] for f in value["features"]] == table["id"].tolist()
    assert value["about"]["query"] == link(page)["tile"][0]
    with zipfile.ZipFile(io.BytesIO(downloaded(page, "Tiles (ZIP)"))) as archive:
        manifest = json.loads(archive.read("manifest.json"))["tiles"]
        assert {tile["id"] for tile in manifest} == set(table["id"])
        assert all(archive.read(tile["file"]) for tile in manifest)
    assert downloaded(page, "Figure (PDF)").startswith(b"%PDF")
    with Image.open(io.BytesIO(downloaded(page, "Figure (PNG)"))) as figure:
        assert figure.width > 2000
    assert b"synthetic" in downloaded(page, "BibTeX")


def test_a_collection_is_made_annotated_and_found_again(page: Any) -> None:
    page.get_by_role("button", name="Add to collection").click()
    popover = page.get_by_test_id("stPopoverBody")
    popover.get_by_label("Name").fill("Round things")
    popover.get_by_label("Name").press("Enter")
    button = popover.get_by_role("button", name="Add", exact=True)
    button.wait_for(timeout=LONG)
    page.wait_for_selector(
        "[data-testid=stPopoverBody] button:has-text('Add'):not([disabled])", timeout=LONG
    )
    button.click()
    page.wait_for_selector("text=to the collection", timeout=LONG)
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Collections").click()
    page.get_by_role("textbox", name="Note").wait_for(timeout=LONG)
    page.get_by_role("textbox", name="Note").fill("Seen from above")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Collection saved.", timeout=LONG)
    page.get_by_role("button", name="Use as positives").click()
    page.wait_for_selector("text=More like these", timeout=LONG)
    page.get_by_role("radio", name="Collections").click()
    page.get_by_role("button", name="Delete").click()
    page.wait_for_selector("text=No collections yet", timeout=LONG)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("textbox", name="Note").wait_for(timeout=LONG)
    assert page.get_by_role("textbox", name="Note").input_value() == "Seen from above"
