"""The map of a set with too many tiles to send: sights of what is in view."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mirs_core.landform_map import spread
from mirs_core.landform_map.ground import LEVELS, Area
from mirs_core.mars.geography import Region
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.components.mars_map.mars_map import MapActions, MapContent
from pages.components.mars_map.mars_sight import SightOfTiles, part_of, plain_sight
from pages.map import crowds, planet
from pages.shared import loaders, state
from pages.shared.loaders import sights as sight_loader

PAGE = "pages/map/map.py"
RUN = "demo-mirs"
FEW = 30


class Drawn:
    """What the page last gave to the map, and how it answers requests for sights."""

    content: MapContent
    actions: MapActions
    subject: str
    # The answers to some requests, which depend on the session of a run.
    answers: dict[str, SightOfTiles]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    latest = Drawn()
    latest.answers = {}

    def mars_map(key: str, content: MapContent, actions: MapActions) -> None:
        latest.content, latest.actions = content, actions

    def sights(key: str, subject: str, colours: int, look: Any) -> None:
        latest.subject = subject
        latest.answers = {
            "whole": look(Area.whole("global"), ()),
            "without the first": look(Area.whole("global"), (0,)),
            "north": look(Area.whole("north"), ()),
            "few": look(Area("global", 0, 0, 60, 40, 110), ()),
        }

    monkeypatch.setattr(planet, "mars_map", mars_map)
    monkeypatch.setattr(planet, "hover_cards", lambda *_: None)
    monkeypatch.setattr(crowds, "sights", sights)
    monkeypatch.setattr(loaders, "SINGLY", FEW)
    monkeypatch.setattr(sight_loader, "SINGLY", FEW)
    return latest


@pytest.fixture
def app(home: Home, start: Any, drawn: Drawn) -> AppTest:
    app = start(models=RUN)
    app.switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


@pytest.fixture
def searcher(home: Home) -> Searcher:
    return Searcher.open(home, RUN)


def test_only_marked_tiles_are_sent_with_the_map(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    content, items = drawn.content, searcher.items
    assert content.crowd is not None and content.crowd.count == len(items) > FEW
    rows = content.crowd.rows.tolist()
    hits = list(content.models[0].hits)
    assert rows == sorted({*hits, content.query}) and len(hits) == state.K_DEFAULT
    latitudes, longitudes = spread.places(items)
    assert np.array_equal(content.latitudes, latitudes[rows])
    assert np.array_equal(content.longitudes, longitudes[rows])
    assert len(content.codes) == len(rows)
    whole = content.crowd.whole
    assert whole.counts is not None and whole.counts.sum() == len(items)


def test_sights_count_tiles_or_name_them(app: AppTest, drawn: Drawn, searcher: Searcher) -> None:
    items = searcher.items
    latitudes, longitudes = spread.places(items)
    north = drawn.answers["north"]
    inside = np.flatnonzero(latitudes >= 55)
    if north.counts is not None:
        assert north.counts.sum() == len(inside)
    else:
        assert north.rows is not None and north.rows.tolist() == inside.tolist()
    few = drawn.answers["few"]
    inside = np.flatnonzero((latitudes <= 30) & (latitudes > -20) & (longitudes < 40))
    assert 0 < len(inside) <= FEW and few.rows is not None
    assert few.rows.tolist() == inside.tolist()
    assert few.latitudes is not None and np.array_equal(few.latitudes, latitudes[inside])
    assert few.chosen is not None and not few.chosen.any()
    first = drawn.content.colouring.counts[0]
    rest = drawn.answers["without the first"]
    count = len(rest.rows) if rest.rows is not None else int(np.asarray(rest.counts).sum())
    assert count == len(items) - first


def test_filters_and_selections_are_in_every_sight(
    app: AppTest, drawn: Drawn, searcher: Searcher
) -> None:
    before = drawn.subject
    region = Region(0, -20, 40, 30)
    inside = np.flatnonzero(region.contains(*spread.places(searcher.items)))
    app.session_state[state.REGION] = region.values()
    app.run()
    assert not app.exception and drawn.subject != before
    whole = drawn.answers["whole"]
    assert whole.rows is not None and whole.rows.tolist() == inside.tolist()
    filtered = drawn.subject
    app.session_state[state.CHOSEN] = [searcher.items.ids[inside[0]]]
    app.run()
    assert drawn.subject not in (before, filtered)
    whole = drawn.answers["whole"]
    assert whole.chosen is not None and whole.chosen.tolist() == [True] + [False] * (
        len(inside) - 1
    )
    assert drawn.content.crowd is not None and inside[0] in drawn.content.crowd.rows
    assert drawn.content.chosen is not None and drawn.content.chosen.tolist() == [inside[0]]


def test_the_real_component_draws_a_crowd(
    home: Home, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "SINGLY", FEW)
    app = start(models=RUN)
    app.switch_page(PAGE).run()
    app.session_state[state.MAP] = "south"
    app.run()
    assert not app.exception and not app.error


def test_requests_of_a_browser_are_checked() -> None:
    cells = {"view": "global", "level": 1, "left": -4, "top": 0, "right": 60, "bottom": 30}
    assert part_of({"cells": cells, "hidden": [3, 1, 3]}, 5) == (
        Area("global", 1, -4, 0, 60, 30),
        (1, 3),
    )
    for wrong in (
        None, [], {}, {"cells": cells}, {"cells": [], "hidden": []},
        {"cells": cells, "hidden": [5]}, {"cells": cells, "hidden": [True]},
        {"cells": cells, "hidden": "12"},
        {"cells": {**cells, "level": 40}, "hidden": []},
        {"cells": {**cells, "left": 1e300}, "hidden": []},
        {"cells": {**cells, "left": -10**9}, "hidden": []},
        {"cells": {**cells, "right": None}, "hidden": []},
        {"cells": {**cells, "bottom": 0}, "hidden": []},
        {"cells": {**cells, "view": ["global"]}, "hidden": []},
        {"cells": {**cells, "view": "sideways"}, "hidden": []},
        {"cells": {**cells, "level": 12, "right": 10**6, "bottom": 10**5}, "hidden": []},
    ):  # fmt: skip
        assert part_of(wrong, 5) is None, wrong


@pytest.mark.parametrize(("most", "kind"), [(255, "u1"), (256, "u2"), (65_536, "u4")])
def test_counts_are_sent_in_the_smallest_type(most: int, kind: str) -> None:
    counts = np.array([[0, most, 3]], dtype=np.uint32)
    area = Area("global", 0, 0, 0, 3, 1)
    plain = json.loads(json.dumps(plain_sight(SightOfTiles(area, (2, 7), counts=counts))))
    assert plain["kind"] == kind and plain["hidden"] == "2,7"
    assert plain["area"] == {
        "view": "global", "level": 0, "left": 0, "top": 0, "right": 3, "bottom": 1
    }  # fmt: skip
    values = np.frombuffer(base64.b64decode(plain["counts"]), f"<{kind}")
    assert values.tolist() == [0, most, 3]


def test_single_tiles_are_sent_as_arrays() -> None:
    rows = np.array([4, 70_000])
    sight = SightOfTiles(
        Area.whole("south"), (), None, rows, np.array([-60.5, -90]), np.array([359.5, 0]),
        np.array([1, 300], dtype=np.uint16), np.array([False, True]),
    )  # fmt: skip
    plain = plain_sight(sight)
    types = {"rows": "<u4", "points": "<f4", "codes": "<u2", "chosen": "u1"}
    values = {
        name: np.frombuffer(base64.b64decode(plain[name]), kind).tolist()
        for name, kind in types.items()
    }
    assert values == {
        "rows": [4, 70_000], "points": [-60.5, -90, 359.5, 0], "codes": [1, 300], "chosen": [0, 1]
    }  # fmt: skip


def test_levels_are_those_that_the_browser_learns() -> None:
    for view, (low, high) in LEVELS.items():
        whole = Area.whole(view)
        assert low <= whole.level <= high and whole.shape == whole.extent[::-1]
