"""Every value of a link survives: written to the address, read in a new session."""

from urllib.parse import parse_qsl, urlencode

import pytest
import streamlit as st
from hostile_names import NAMES as NAMES_OF_FILES

from pages.shared import link, state

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
