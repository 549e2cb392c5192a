"""Every value of a link survives: written to the address, read in a new session."""

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest
import streamlit as st
from hostile_names import NAMES as NAMES_OF_FILES
from hypothesis import given, settings
from hypothesis import strategies as hs

from mirs_core.mars.geography import Region
from mirs_core.mars.regions import CircleRegion, PolygonRegion
from pages.shared import link, missing, state

NAMES = [
    "dune, dark",
    "a+b",
    "a#b",
    "100 % sand",
    "%2C",
    "%252C",
    "line\nbreak",
    "Fl\u00e4che",
    "Fla\u0308che",
    "a & b",
    "ridge; linear",
]


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    values: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", values)
    return values


@pytest.mark.parametrize(
    "key", [state.GROUPS, state.CLASSES, state.STRIPS, state.MODELS, state.PLUS, state.MINUS]
)
def test_every_name_survives(key: str, session: dict[str, object]) -> None:
    session[key] = NAMES
    address = {link._LISTS[key]: link._joined(key)}
    assert link._names(address, key) == NAMES


def test_links_of_before_are_read() -> None:
    assert link._names({"classes": "cra,rid"}, state.CLASSES) == ["cra", "rid"]


def test_names_are_known_in_either_unicode_form(session: dict[str, object]) -> None:
    session[state.CLASSES] = ["Fla\u0308che", "pit", "Fl\u00e4che"]
    options = ["Fl\u00e4che", "dune"]
    assert state.invalid(state.CLASSES, options) == ["pit"]
    assert state.keep_valid(state.CLASSES, options) == ["Fl\u00e4che"]
    # Both forms may be classes of their own.
    session[state.CLASSES] = ["Fla\u0308che", "Fl\u00e4che"]
    assert state.keep_valid(state.CLASSES, ["Fl\u00e4che", "Fla\u0308che"]) == [
        "Fla\u0308che",
        "Fl\u00e4che",
    ]


@pytest.mark.parametrize("name", NAMES_OF_FILES)
def test_hostile_names_of_files_survive_the_address(
    name: str, session: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    tile = f"{name}/{name}.png"
    session[state.TILE], session[state.CLASSES] = tile, [name, "plain"]
    session[state.PLUS] = [tile, "a.png"]
    address = urlencode(link.search_link())
    assert address.isascii() and address.isprintable()
    for key in list(session):
        del session[key]
    parameters = dict(parse_qsl(address, keep_blank_values=True, strict_parsing=True))
    monkeypatch.setattr(st, "query_params", QueryParams(parameters))
    link.restore()
    assert session[state.TILE] == tile
    assert session[state.CLASSES] == [name, "plain"] and session[state.PLUS] == [tile, "a.png"]


class QueryParams(dict[str, str]):
    """Stands for the address of the page."""

    def to_dict(self) -> dict[str, str]:
        return dict(self)


# --- the whole state -------------------------------------------------------------------------

_text = hs.text(hs.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_awkward = _text | hs.sampled_from(NAMES) | hs.sampled_from([",", "%", "+", '"', "\U0001f311", " "])
_tile = _awkward.filter(lambda name: "//" not in name and name.strip("/") == name)
_names = hs.lists(_awkward, max_size=4, unique=True)
_tiles = hs.lists(_tile, max_size=4, unique=True)
_degree = hs.floats(0, 360) | hs.integers(0, 360).map(float)


@hs.composite
def _regions(draw: hs.DrawFn) -> object:
    kind = draw(hs.sampled_from(["box", "circle", "polygon"]))
    south, north = sorted((draw(hs.floats(-90, 90)), draw(hs.floats(-90, 90))))
    if kind == "box":
        return Region(draw(_degree), south, draw(_degree), north).values()
    if kind == "circle":
        return CircleRegion(south, draw(_degree), draw(hs.integers(1, 10_000)))
    lon = draw(hs.integers(-180, 360))
    return PolygonRegion(((((lon, -1.5), (lon + 20, 0), (lon + 3, draw(hs.integers(1, 90)))),),))


_states = hs.fixed_dictionaries(
    {
        state.DATA: _awkward, state.TILE: _tile, state.K: hs.integers(1, 16).map(lambda n: 6 * n),
        state.MODELS: _names, state.GROUPS: _names, state.CLASSES: _names, state.ROLES: _names,
        state.STRIPS: _names, state.PLUS: _tiles, state.MINUS: _tiles,
        state.STRIP: hs.booleans(), state.NEAR: hs.booleans(), state.WEST: hs.booleans(),
        state.BAND: hs.tuples(hs.integers(-90, 0), hs.integers(0, 90)),
        state.WITHIN: hs.none() | hs.integers(0, 4096),
        state.REGION: hs.none() | _regions(),
        state.COLOUR: _awkward.filter(lambda name: name not in link._FORMER_COLOURS),
        state.MAP: hs.sampled_from(state.MAPS), state.MAP_PART: hs.sampled_from(state.MAP_PARTS),
        state.FRAMED: _awkward, state.PART: _awkward, state.SECTION: _awkward, state.RUNS: _names,
    }
)  # fmt: skip


class Address:
    """What the browser keeps: the parameters as one text."""

    text = ""

    def to_dict(self) -> dict[str, str]:
        parts = parse_qs(self.text, keep_blank_values=True, strict_parsing=bool(self.text))
        return {name: values[-1] for name, values in parts.items()}

    def from_dict(self, values: dict[str, str]) -> None:
        self.text = urlencode(values)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Address:
    kept = Address()
    monkeypatch.setattr(st, "query_params", kept)
    monkeypatch.setattr(missing, "place", lambda: None)
    return kept


LINKS: list[tuple[Any, Any, tuple[str, ...]]] = [
    (link.search_link, link.restore, (
        state.DATA, state.TILE, state.K, state.MODELS, state.GROUPS, state.CLASSES, state.ROLES,
        state.STRIPS, state.PLUS, state.MINUS, state.STRIP, state.NEAR, state.WEST, state.BAND,
        state.WITHIN, state.REGION,
    )),
    (link.space_link, link.restore, (state.TILE, state.CLASSES, state.COLOUR)),
    (link.map_link, link.restore_map, (state.TILE, state.REGION, state.FRAMED)),
    (link.evaluation_link, link.restore_evaluation, (state.DATA, state.MODELS, state.PART)),
    (link.runs_link, link.restore_runs, (state.DATA, state.MODELS, state.RUNS)),
    (link.data_link, link.restore_data, (state.DATA, state.MODELS, state.SECTION)),
]  # fmt: skip


@pytest.mark.parametrize(("write", "restore", "keys"), LINKS)
def test_the_whole_state_survives(
    write: Any, restore: Any, keys: tuple[str, ...], session: dict[str, Any], address: Address
) -> None:
    @settings(deadline=None, max_examples=60)
    @given(values=_states)
    def check(values: dict[str, Any]) -> None:
        address.text = ""
        session.clear()
        session.update(values)
        link.write_link(write())
        session.clear()
        restore()
        for key in keys:
            expected = values[key]
            if key == state.REGION and isinstance(expected, tuple):
                assert session[key] == pytest.approx(expected, abs=1e-4)
            elif isinstance(expected, CircleRegion):
                places = (expected.latitude, expected.longitude, expected.km)
                again = session[key].latitude, session[key].longitude, session[key].km
                assert again == pytest.approx(places, abs=1e-4)
            else:
                assert session[key] == expected, key
        assert missing._NOTES not in session
        if restore is link.restore_map:
            assert (state.map_view(), session[state.MAP_PART] or "map") == (
                values[state.MAP], values[state.MAP_PART]
            )  # fmt: skip
        before = address.text
        link.write_link(write())
        assert address.text == before

    check()


# --- what is not here ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"k": "7"}, {"k": "many"}, {"latitudes": "10..5"}, {"latitudes": "a"}, {"within": "-1"},
        {"within": "9999"}, {"region": "1..2..3"}, {"region": "0..50..10..40"}, {"map": "mars"},
        {"west": "yes"}, {"strip": "2"}, {"near": "x"},
    ],
)  # fmt: skip
def test_values_that_cannot_be_used_are_named(
    values: dict[str, str], session: dict[str, Any], address: Address
) -> None:
    address.from_dict({"tile": "a.png", **values})
    link.restore()
    ((name, value),) = values.items()
    assert session[missing._NOTES] == {missing.VALUES: [f"{name}={value}"]}
    # The next link has none of them.
    address.from_dict({"tile": "b.png"})
    link.restore()
    assert missing._NOTES not in session


def test_names_beyond_the_limit_are_named(session: dict[str, Any], address: Address) -> None:
    address.from_dict({"classes": ",".join(f"c{n}" for n in range(1_003))})
    link.restore()
    assert len(session[state.CLASSES]) == 1_000
    assert session[missing._NOTES] == {missing.VALUES: ["c1000", "c1001", "c1002"]}


def test_the_query_tile_is_known_in_either_unicode_form(session: dict[str, Any]) -> None:
    assert state.option("Fla\u0308che/1.png", ["a.png", "Fl\u00e4che/1.png"]) == "Fl\u00e4che/1.png"
    assert state.option("b.png", ["a.png"]) is None
