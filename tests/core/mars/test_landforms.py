import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.mars.landforms import LANDFORMS, OTHER, by_code, describe
from mirs_core.system.visible_text import TURNING, visible


def test_the_fifteen_of_domars16k() -> None:
    assert len(LANDFORMS) == len(by_code) == 15
    assert len({landform.colour for landform in LANDFORMS}) == 15
    sizes = dict.fromkeys((landform.group for landform in LANDFORMS), 0)
    for landform in LANDFORMS:
        sizes[landform.group] += 1
    assert list(sizes.values()) == [2, 4, 3, 2, 4]


def test_curved_and_straight_are_not_swapped() -> None:
    assert by_code["aec"].name == "Aeolian Curved"
    assert by_code["ael"].name == "Aeolian Straight"


def test_a_known_label_is_described_by_the_table() -> None:
    assert all(describe(landform.code) is landform for landform in LANDFORMS)


def test_an_unknown_label_gets_a_readable_name() -> None:
    dune = describe("dark_dune")
    assert (dune.name, dune.group) == ("Dark dune", OTHER)
    assert dune == describe("dark_dune")
    assert dune.colour != describe("bright_dune").colour


@pytest.mark.parametrize("sign", sorted(TURNING))
def test_no_label_turns_the_text_around_it(sign: str) -> None:
    landform = describe(f"a{sign}dnuorg_b")
    assert landform.name == "A\ufffddnuorg b" and sign in landform.code
    assert visible(f"a{sign}b") == "a\ufffdb" and visible("Düne _ \u0645") == "Düne _ \u0645"


@given(st.text())
def test_any_label_has_a_name_and_a_colour(label: str) -> None:
    landform = describe(label)
    assert landform.code == label
    assert re.fullmatch(r"#[0-9a-f]{6}", landform.colour)
    assert landform.name or not label


def test_labels_are_shown_as_they_are_written() -> None:
    names = {"RSL": "RSL", "TARs": "TARs", "N/A": "N/A", "CRATER": "CRATER", "crater": "Crater"}
    assert {label: describe(label).name for label in names} == names
