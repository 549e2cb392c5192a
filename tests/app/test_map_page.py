"""The page Map of Mars, without a browser."""

import base64
import dataclasses
import json
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mirs_core.datasets import stored_items
from mirs_core.errors import DataError
from mirs_core.landform_map import spread
from mirs_core.landform_map.similarity import similarity_map
from mirs_core.mars.geography import Region, distance_km
from mirs_core.mars.region_texts import region_of_text
from mirs_core.mars.regions import CircleRegion, PolygonRegion
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval import retriever
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.home import Home
from mirs_core.workspace.run_folder import RunFolder
from pages.components.mars_map.mars_layers import Similarity, plain_similarity
from pages.components.mars_map.mars_map import MapActions, MapContent
from pages.components.mars_map.mars_regions import box_of, plain_region, shape_of
from pages.components.sending.sending import Sending
from pages.map import go_to, map_layers, planet
from pages.shared import loaders, state

PAGE = "pages/map/map.py"
RUN = "demo-mirs"


@dataclass
class Drawn:
    """What the page last gave to the component that draws the map, and to its cards."""

    content: MapContent | None = None
    actions: MapActions | None = None
    cards: Any = None


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    kept = Drawn()

    def mars_map(key: str, content: MapContent, actions: MapActions) -> None:
        kept.content, kept.actions = content, actions

    def hover_cards(key: str, subject: str, count: int, tell: Any) -> None:
        # Its answer depends on the session, which is there during a run alone.
        kept.cards = {row: tell(row) for row in (3, 7)}

    monkeypatch.setattr(planet, "mars_map", mars_map)
    monkeypatch.setattr(planet, "hover_cards", hover_cards)
    return kept


def opened(start: Any, **link: str) -> AppTest:
    app = start(models=f"demo-baseline,{RUN}", **link)
    app.switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


@pytest.fixture
def app(home: Home, start: Any, drawn: Drawn) -> AppTest:
    return opened(start)


@pytest.fixture
def searcher(home: Home) -> Searcher:
    return Searcher.open(home, RUN)


def said(app: AppTest) -> str:
    return " ".join([one.proto.body for one in app.get("html")] + [c.value for c in app.caption])


def test_the_real_component_draws(home: Home, start: Any) -> None:
    app = opened(start)
    assert "Map of Mars" in said(app)
    app.session_state[state.MAP] = "south"
    app.run()
    assert not app.exception


def test_tiles_results_and_query_are_on_the_map(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    content, items = drawn.content, searcher.items
    assert content is not None and content.tag == "Synthetic coordinates"
    assert np.array_equal(content.latitudes, np.array(items.latitudes, dtype=float))
    row = items.row(app.session_state[state.TILE])
    assert content.query == row
    hits = searcher.search(searcher.query_by_id(items.ids[row]), state.K_DEFAULT)
    assert [items.ids[one] for one in content.models[1].hits] == [hit.id for hit in hits]
    assert len({one.colour for one in content.models}) == 2


def test_examples_and_what_is_chosen_are_marked(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    ids = searcher.items.ids
    app.session_state[state.PLUS], app.session_state[state.MINUS] = [ids[4]], [ids[8], ids[2]]
    app.session_state[state.CHOSEN] = [ids[7], ids[2], "gone.jpg"]
    app.run()
    assert not app.exception and drawn.content is not None
    assert (drawn.content.plus, drawn.content.minus) == ((4,), (8, 2))
    assert drawn.content.chosen is not None and drawn.content.chosen.tolist() == [2, 7]


def test_mean_distances_stand_beside_chance(app: AppTest, drawn: Drawn, searcher: Searcher) -> None:
    items = searcher.items
    query = searcher.query_by_id(app.session_state[state.TILE])
    rows = [items.row(hit.id) for hit in searcher.search(query, state.K_DEFAULT)]
    latitudes, longitudes = spread.places(items)
    own = items.row(query.name)
    away = distance_km(latitudes[own], longitudes[own], latitudes, longitudes)
    others = [row for row in range(len(items)) if items.contents[row] != query.content]
    assert f"{away[rows].mean():,.0f} km" in said(app)
    assert f"{away[others].mean():,.0f} km" in said(app)
    assert (
        "distances" in said(app) and "chance" in said(app) and "synthetic coordinates" in said(app)
    )


def test_a_card_says_what_the_place_is_and_how_far(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    items = searcher.items
    own, other = items.row(app.session_state[state.TILE]), 7
    codes = searcher.retriever.codes
    bits = int(hamming(codes[own : own + 1], codes[other : other + 1])[0, 0])
    latitudes, longitudes = spread.places(items)
    away = distance_km(latitudes[own], longitudes[own], latitudes[other], longitudes[other])
    lines = drawn.cards[other].lines
    assert any(f"Hamming distance {bits} of " in line for line in lines)
    assert f"{float(away):,.0f} km from the query" in lines
    assert any(line.startswith("Synthetic coordinates: ") for line in lines)


def test_a_box_chooses_its_tiles_and_filters_all_lists(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    items = searcher.items
    region = Region(270, -60, 40, 60)
    inside = {items.ids[row] for row in np.flatnonzero(region.contains(*spread.places(items)))}
    app.session_state[state.BOX] = region.values()
    app.session_state[state.CHOSEN] = sorted(inside)
    app.run()
    assert drawn.content is not None and drawn.content.box == region
    assert f"{len(inside)} selected tiles" in said(app)
    next(one for one in app.button if one.label == "Filter to this region").click().run()
    assert not app.exception and app.query_params["region"] == "270..-60..40..60"
    assert drawn.content.region == region and drawn.content.box is None
    assert {items.ids[row] for row in drawn.content.models[1].hits} <= inside
    assert drawn.content.passing is not None and drawn.content.passing.sum() == len(inside)
    next(one for one in app.button if one.label == "Whole planet").click().run()
    assert drawn.content.passing is None and "region" not in app.query_params


def test_a_link_restores_region_view_and_west(home: Home, start: Any, drawn: Drawn) -> None:
    app = opened(start, region="300..-10..20.5..35", map="north", west="1")
    assert drawn.content is not None
    assert drawn.content.region == Region(300, -10, 20.5, 35)
    assert drawn.content.view == "north" and drawn.content.as_west
    assert any("° W" in line for line in drawn.cards[3].lines)
    assert app.query_params["region"] == "300..-10..20.5..35"
    assert app.query_params["west"] == "1" and app.query_params["map"] == "north"


def test_a_small_region_stays_as_fine_in_the_link(home: Home, start: Any, drawn: Drawn) -> None:
    app = opened(start, region="329.9996..-12.3456..0.0713..18.4328")
    assert drawn.content is not None
    assert drawn.content.region == Region(329.9996, -12.3456, 0.0713, 18.4328)
    assert app.query_params["region"] == "329.9996..-12.3456..0.0713..18.4328"


def test_a_link_restores_strip_and_part(
    home: Home, start: Any, drawn: Drawn, searcher: Searcher
) -> None:
    strip = searcher.items.strips[7]
    assert strip is not None
    app = opened(start, framed=strip)
    assert drawn.content is not None and drawn.content.frame is not None
    assert drawn.content.frame.id == strip and drawn.content.chosen is not None
    inside = [row for row, one in enumerate(searcher.items.strips) if one == strip]
    assert drawn.content.chosen.tolist() == inside
    assert app.query_params["framed"] == strip
    app.query_params["part"] = "estimate"
    app.run()
    assert "Landform estimate" in said(app) and app.query_params["part"] == "estimate"
    app.query_params.update({"part": "sideways", "framed": "<script>"})
    app.run()
    assert drawn.content.frame is None and "part" not in app.query_params
    assert "framed" not in app.query_params


def test_back_to_the_whole_planet_leaves_the_pole(home: Home, start: Any, drawn: Drawn) -> None:
    app = opened(start, map="north")
    # As the browser does: the address before had no view in it.
    app.run()
    assert app.query_params.pop("map") == "north"
    app.run()
    assert drawn.content is not None and drawn.content.view == "global"
    assert "map" not in app.query_params


@pytest.mark.parametrize(
    "wrong",
    [
        "1..2..3",
        "a..b..c..d",
        "0..50..10..20",
        "0..0..400..1",
        "0.12345..0..1..1",
        "1e3..0..1..1",
        "0..0..1..1..2",
    ],
)
def test_a_wrong_region_in_a_link_is_dropped(
    home: Home, start: Any, drawn: Drawn, wrong: str
) -> None:
    opened(start, region=wrong, map="sideways")
    assert drawn.content is not None and drawn.content.view == "global"
    assert drawn.content.region is None


def test_what_a_browser_sends_is_checked() -> None:
    # Finer than a tile of a kilometre, as far as a link holds it.
    assert box_of([-30.00004, -10, 25, 40.5]) == Region(330.0, -10, 25, 40.5)
    assert box_of([-30.0004, -10, 25, 40.5]) == Region(329.9996, -10, 25, 40.5)
    assert box_of([-200, -90, 200, 90]) == Region(0, -90, 360, 90)
    nan = float("nan")
    for wrong in (
        None, "x", [1, 2, 3], [1, 2, 3, "4"], [1, 50, 2, 20], [5, 0, 1, 2], [nan, 0, 1, 2],
        [True, 0, 1, 2], [1e9, 0, 2e9, 1], [0, -91, 1, 0], {"west": 1},
    ):  # fmt: skip
        assert box_of(wrong) is None, wrong


def test_a_drawn_circle_or_polygon_is_checked() -> None:
    assert shape_of({"circle": [10.00004, -30.0, 55.55]}) == CircleRegion(10.0, 330.0, 55.5)
    ring = [[-10, 0], [5, 0], [5, 0], [5.00001, 9]]
    assert shape_of({"polygon": ring}) == PolygonRegion((((((350, 0)), (365, 0), (365, 9)),),))
    nan = float("nan")
    for wrong in (
        None, [], {}, {"circle": [1, 2]}, {"circle": [1, 2, nan]}, {"circle": [True, 2, 3]},
        {"polygon": ring[:2]}, {"polygon": [[0, 0]] * 1001}, {"polygon": [[0, 0], [1], [2, 2]]},
        {"polygon": [[0, 0], [nan, 1], [2, 2]]},
    ):  # fmt: skip
        assert shape_of(wrong) is None, wrong
    for refused in (
        {"circle": [95, 0, 5]}, {"circle": [0, 0, 0]},
        {"polygon": [[0, 0], [9, 9], [9, 0], [0, 9]]}, {"polygon": [[0, 0], [1, 1], [2, 2]]},
    ):  # fmt: skip
        with pytest.raises(DataError):
            shape_of(refused)


def test_a_region_is_sent_without_jumps_and_never_with_too_many_corners() -> None:
    assert plain_region(None) is None
    assert plain_region(Region(350, 0, 10, 5)) == [350, 0, 10, 5]
    across = PolygonRegion(((((350, 0), (10, 0), (10, 5), (350, 5)),),))
    (ring,) = plain_region(across)["rings"]
    assert ring == [[350, 0], [370, 0], [370, 5], [350, 5]]
    (cap,) = plain_region(CircleRegion(90, 0, 500))["rings"]
    assert len(cap) == 363 and cap[-1][1] == cap[-2][1] == 90
    turns = np.linspace(0, 2 * np.pi, 50_000, endpoint=False)
    circle = zip((100 + 20 * np.cos(turns)).tolist(), (20 * np.sin(turns)).tolist(), strict=True)
    many = PolygonRegion(((tuple(circle),),))
    assert len(plain_region(many)["rings"][0]) < 4000


@pytest.mark.parametrize(
    "region",
    [CircleRegion(10, 300, 2500), PolygonRegion(((((250, -50), (400, -50), (330, 70)),),))],
    ids=["circle", "polygon"],
)
def test_a_drawn_region_filters_all_lists_and_is_in_the_link(
    app: AppTest, drawn: Drawn, searcher: Searcher, region: Any
) -> None:
    items = searcher.items
    inside = {items.ids[row] for row in np.flatnonzero(region.contains(*spread.places(items)))}
    assert 0 < len(inside) < len(items)
    app.session_state[state.BOX] = region
    app.session_state[state.CHOSEN] = sorted(inside)
    app.run()
    assert drawn.content is not None and drawn.content.box == region
    next(one for one in app.button if one.label == "Filter to this region").click().run()
    assert not app.exception and drawn.content.region == region and drawn.content.box is None
    assert {items.ids[row] for row in drawn.content.models[1].hits} <= inside
    assert drawn.content.passing is not None and drawn.content.passing.sum() == len(inside)
    assert region_of_text(app.query_params["region"]) == region
    assert any(region.written() in one.value for one in app.sidebar.markdown)


def test_a_region_from_a_file_restricts_results_and_a_bad_one_says_why(
    app: AppTest, drawn: Drawn
) -> None:
    ring = [[-60, -40], [60, -40], [60, 40], [-60, 40]]
    data = json.dumps({"type": "Polygon", "coordinates": [ring]}).encode()
    upload = next(one for one in app.file_uploader if "GeoJSON" in one.label)
    upload.set_value(("drawn.geojson", data, "application/json")).run()
    assert not app.exception and drawn.content is not None
    assert drawn.content.region is not None and drawn.content.region.contains(0, 0)
    text = "polygon within 40° S to 40° N, 300° E to 60° E"
    assert any(text in one.value for one in app.sidebar.markdown)
    before = drawn.content.region
    upload = next(one for one in app.file_uploader if "GeoJSON" in one.label)
    upload.set_value(("bad.geojson", b"{}", "application/json")).run()
    assert any("bad.geojson" in one.value for one in app.error)
    assert drawn.content.region == before


def test_the_map_goes_to_a_feature(app: AppTest, drawn: Drawn) -> None:
    next(one for one in app.selectbox if one.label == "Go to").set_value("Jezero").run()
    assert not app.exception and drawn.content is not None
    assert drawn.content.pin is not None and drawn.content.pin.name == "Jezero"
    assert drawn.content.frame is not None
    lats, lons = zip(*drawn.content.frame.places, strict=True)
    assert min(lats) < 18.41 < max(lats) and min(lons) < 77.69 < max(lons)


def test_the_map_goes_to_coordinates_in_the_convention_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session: dict[str, Any] = {}
    monkeypatch.setattr(go_to.st, "session_state", session)

    def go(text: str | None) -> Any:
        session[go_to.TEXT] = text
        go_to._go()
        return go_to.target()

    frame, pin = go("4.5 S, 222.6 W")
    assert pin.lon == pytest.approx(137.4) and frame.places == ((-4.5, pin.lon),)
    assert go("4.5 222.6")[1].lon == pytest.approx(222.6)
    session[state.WEST] = True
    assert go("4.5 222.6")[1].lon == pytest.approx(137.4)
    assert go("95 20") is None and "it comes first" in session[go_to._REFUSED]
    assert go(None) is None and go_to._REFUSED not in session


def test_a_place_that_a_polar_view_lacks_is_shown_on_the_planet(
    home: Home, start: Any, drawn: Drawn
) -> None:
    app = opened(start, map="north")
    next(one for one in app.selectbox if one.label == "Go to").set_value("Gale").run()
    assert not app.exception and drawn.content is not None
    assert drawn.content.view == "global" and drawn.content.pin is not None
    next(one for one in app.selectbox if one.label == "Strip").set_value(
        next(one for one in app.selectbox if one.label == "Strip").options[0]
    ).run()
    assert drawn.content.pin is None and drawn.content.frame is not None


def test_the_similarity_map_is_that_of_the_library(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    assert drawn.content is not None and drawn.content.similarity is None
    next(one for one in app.selectbox if one.label == "Similarity map").set_value(RUN).run()
    assert not app.exception
    query, layer = searcher.query_by_id(app.session_state[state.TILE]), drawn.content.similarity
    assert layer is not None and layer.unit == "bits" and layer.step == 5
    np.testing.assert_array_equal(layer.values, similarity_map(searcher, query, 5).values)
    app.session_state["mirs.map.similarity.step"] = 2.0
    app.session_state["mirs.map.similarity.statistic"] = "median"
    app.session_state[state.REGION] = (0.0, -40.0, 360.0, 40.0)
    app.run()
    layer, filters = drawn.content.similarity, Filters(region=Region(0, -40, 360, 40))
    assert layer is not None and layer.title == "Median of tiles: Hamming distance (bits)"
    expected = similarity_map(searcher, query, 2, "median", filters)
    np.testing.assert_array_equal(layer.values, expected.values)
    assert layer.north == 40 and "demo" not in layer.note
    buttons = [one.label for one in app.get("download_button")]
    assert "Save similarity map" in buttons


def test_a_similarity_map_is_sent_exactly() -> None:
    values = np.array([[np.nan, 3, 130], [57.5, 4, np.nan]], dtype=np.float32)
    layer = Similarity(values, 10, 20, 5, "t", "n", "c", "bits", True)
    to_send = Sending()
    plain = plain_similarity(to_send, layer)
    levels = np.frombuffer(base64.b64decode(to_send.new[plain["grid"]]), dtype="u1")
    decoded = np.where(levels > 0, plain["low"] + (levels - 1.0) * plain["per"], np.nan)
    np.testing.assert_array_equal(decoded.reshape(2, 3), values)
    empty = plain_similarity(Sending(), dataclasses.replace(layer, values=values[:, :1] * np.nan))
    assert empty["high"] < empty["low"]


def test_a_strip_is_framed_and_its_tiles_chosen(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    items = searcher.items
    strip = items.strips[5]
    app.selectbox(key=state.FRAMED).set_value(strip).run()
    assert not app.exception and drawn.content is not None and drawn.content.frame is not None
    assert drawn.content.frame.id == strip
    assert drawn.content.frame.places == ((items.latitudes[5], items.longitudes[5]),)
    tiles = [tile for tile, one in zip(items.ids, items.strips, strict=True) if one == strip]
    assert app.session_state[state.CHOSEN] == tiles
    counts = {one.name: one.count for one in drawn.content.strips}
    assert counts[strip] == len(tiles) and sum(counts.values()) == len(items)


def test_a_strip_with_an_outline_is_framed_whole(
    home: Home, start: Any, drawn: Drawn, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = str(searcher.items.strips[5])
    ring = ((359.0, 1.0), (1.0, 1.0), (1.5, -4.0))
    monkeypatch.setattr(loaders, "outlines", lambda found: {strip: ring})
    app = opened(start)
    app.selectbox(key=state.FRAMED).set_value(strip).run()
    assert drawn.content is not None and drawn.content.frame is not None
    shown = next(one for one in drawn.content.strips if one.name == strip)
    assert shown.ring == (*ring, ring[0])
    assert drawn.content.frame.places[0] == (1.0, 359.0)


def test_a_density_and_a_collection_are_shown(
    home: Home, start: Any, drawn: Drawn, searcher: Searcher
) -> None:
    items = searcher.items
    app = opened(start)
    data = app.session_state[state.DATA]
    made = collections.create(home, "Dunes", data, "Synthetic", True)
    kept = [collections.CollectedTile(items.ids[row], items.contents[row]) for row in (2, 9)]
    collections.add(home, made.id, kept)
    app.run()
    app.selectbox(key=map_layers.COLLECTION).set_value(made.id).run()
    app.selectbox(key=map_layers.DENSITY).set_value("cra").run()
    assert not app.exception and drawn.content is not None
    assert sorted(drawn.content.collected) == [2, 9]
    assert drawn.content.heat is not None and drawn.content.heat.grid.shape == (60, 120)
    whole = drawn.content.heat.grid.sum()
    # A box around one crater: the density that is left is that of the craters in it.
    north, turn = spread.places(items)
    rows = [row for row, label in enumerate(items.labels) if label == "cra"]
    low, left = np.floor(north[rows[0]]), np.floor(turn[rows[0]])
    box = Region(float(left), float(low), float(left) + 1, float(low) + 1)
    share = box.contains(north[rows], turn[rows]).mean()
    app.session_state[state.REGION] = box.values()
    app.run()
    assert drawn.content.heat is not None and 0 < share < 1
    assert drawn.content.heat.grid.sum() == pytest.approx(share * whole, rel=0.25)


def test_an_own_image_has_no_place_but_results(app: AppTest, drawn: Drawn) -> None:
    out = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(out, "PNG")
    app.session_state["mirs.query"] = state.Upload("mine.png", out.getvalue())
    app.run()
    assert not app.exception and drawn.content is not None
    assert drawn.content.query is None and len(drawn.content.models[0].hits) == state.K_DEFAULT
    assert "has no coordinates" in said(app)


def lose_places(monkeypatch: pytest.MonkeyPatch, **columns: Any) -> None:
    """The archives of all runs with other columns."""
    whole = stored_items.read_archive

    def read(run: RunFolder) -> stored_items.ArchivedTiles:
        tiles = whole(run)
        n, items = len(tiles.items), tiles.items
        changed = {name: column(n, items) for name, column in columns.items()}
        return dataclasses.replace(tiles, items=dataclasses.replace(items, **changed))

    monkeypatch.setattr(retriever, "read_archive", read)


def test_without_places_the_page_says_why_and_what_helps(
    home: Home, start: Any, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_places(monkeypatch, longitudes=lambda n, items: (None,) * n)
    app = opened(start)
    assert drawn.content is None
    assert "has coordinates" in app.info[0].value
    text = " ".join(one.value for one in app.markdown)
    assert "HiRISE" in text and "tiles.csv" in text and "Data sets page" in text


def test_lost_names_are_the_reason_where_not_even_latitudes_are_known(
    home: Home, start: Any, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = {name: lambda n, items: (None,) * n for name in ("latitudes", "longitudes")}
    lose_places(monkeypatch, **nothing)
    app = opened(start)
    text = " ".join(one.value for one in app.markdown)
    assert drawn.content is None and "named differently" in text and "HiRISE" not in text


def test_tiles_without_a_place_are_counted(
    home: Home, start: Any, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_places(
        monkeypatch, longitudes=lambda n, items: (None,) * 20 + tuple(items.longitudes[20:])
    )
    app = opened(start)
    assert f"20 of {len(drawn.content.latitudes):,} tiles have no coordinates" in said(app)
    assert np.isnan(drawn.content.latitudes[:20]).all()


def test_the_estimate_of_landforms_is_a_part_of_the_page(
    home: Home, start: Any, drawn: Drawn
) -> None:
    app = opened(start)
    drawn.content = None
    app.session_state[state.MAP_PART] = "estimate"
    app.run()
    assert not app.exception and drawn.content is None
    assert "Landform estimate" in said(app) and "Every tile" in app.info[0].value


def test_the_map_says_what_its_places_are(searcher: Searcher) -> None:
    assert planet._tag(searcher) == "Synthetic coordinates"
    card = dataclasses.replace(searcher.card, synthetic=False)
    for kind, told in (("strip centre", "Coordinates: strip centres"), ("tile", "")):
        items = dataclasses.replace(searcher.items, places=(kind,) * len(searcher.items))
        real: Any = SimpleNamespace(items=items, card=card)
        assert planet._tag(real) == told


def test_filters_say_their_region() -> None:
    filters = Filters(region=Region(300, -10, 20, 35))
    assert filters.description() == "region 10° S to 35° N, 300° E to 20° E"


def test_of_very_many_strips_a_name_is_typed(
    home: Home, start: Any, drawn: Drawn, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_layers, "_MOST_NAMES", 1)
    names = sorted(str(strip) for strip in set(searcher.items.strips))
    for name, options in (
        (names[0], names[:1]),
        (names[-1], [names[-1], names[0]]),
        ("no strip", names[:1]),
    ):
        app = opened(start, framed=name)
        assert app.selectbox(key=state.FRAMED).options == options
        assert drawn.content is not None
        assert (drawn.content.frame and drawn.content.frame.id) == (name if name in names else None)
