"""Every value of a link survives: written to the address, read in a new session."""

import pytest
import streamlit as st

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
