"""Places as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.errors import DataError
from mirs_core.mars.nomenclature import FEATURES
from mirs_core.mars.place_search import find_place


@pytest.mark.parametrize(
    "text",
    ["18.4 77.7", "18.4, 77.7", "18.4,77.7", "18.4;77.7", "+18.4 -282.3 W", "18.4 N 77.7 E",
     "18.4N77.7E", "N18.4 E77.7", "n 18.4, e 77.7", "77.7E 18.4N", "18.4° N, 282.3° W",
     "282.3W 18.4N", "18°24'N 77°42'E", "18° 24′ 0″ N, 77° 42′ 0″ E", "18.4 N, 77.7",
     "77.7 E, 18.4", "  18.4   77.7 ", "18.4 n, 77.7 e", "18°24' 77°42'"],
    ids=range(19),
)  # fmt: skip
def test_every_usual_form_of_coordinates_is_the_same_place(text: str) -> None:
    if text.startswith("+"):
        with pytest.raises(DataError, match="sign and a letter"):
            find_place(text)
        return
    place = find_place(text)
    assert place.latitude == pytest.approx(18.4) and place.longitude == pytest.approx(77.7)
    assert place.name == "18.4° N, 77.7° E" and place.diameter == 0


def test_longitudes_are_of_either_convention() -> None:
    assert find_place("-4.5 -137.4").longitude == pytest.approx(222.6)
    assert find_place("-4.5 -137.4", as_west=True).longitude == pytest.approx(222.6)
    assert find_place("4.5S 137.4", as_west=True).longitude == pytest.approx(222.6)
    assert find_place("4.5S 137.4E", as_west=True).longitude == pytest.approx(137.4)
    assert find_place("4.5S 222.6W").longitude == pytest.approx(137.4)
    assert find_place("4.5S 360").longitude == 0
    west = find_place("-4.5 222.6", as_west=True)
    assert west.name == "4.5° S, 222.6° W" and west.latitude == -4.5


@given(st.integers(-9000, 9000), st.integers(0, 35999))
def test_a_written_place_is_found_again(north: int, turn: int) -> None:
    place = find_place(f"{north / 100} {turn / 100}")
    again = find_place(place.name)
    assert again.latitude == pytest.approx(north / 100, abs=1e-4)
    assert again.longitude == pytest.approx(turn / 100, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("95 20", "it comes first"), ("18.4", "not a latitude and a longitude"),
        ("18.4 400", "neither 0 to 360"), ("18.4 -200", "neither 0 to 360"),
        ("18 N 20 S", "two values of one axis"), ("18 E 20 W", "two values of one axis"),
        ("-18 S 20 E", "sign and a letter"), ("1 2 3", "not a latitude"),
        ("18,4 77,7", "not a latitude"), ("1e3 4", "not a latitude"), ("18.4 N 77.7 X", "not a la"),
        ("Atlantis", "none of the"), ("", "none of the"), ("planum", "could be .* and"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_place_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_place(text)


def test_features_are_found_by_their_names() -> None:
    for feature in FEATURES:
        for text in (feature.name, feature.name.upper(), f" {feature.name} "):
            place = find_place(text)
            assert (place.name, place.latitude, place.diameter) == (
                feature.name, feature.latitude, feature.diameter,
            )  # fmt: skip
    assert find_place("jez").name == "Jezero"
    assert find_place("maadim").name == "Ma'adim Vallis"
    assert find_place("olympus").name == "Olympus Mons"


def test_gale_is_not_galle() -> None:
    assert find_place("gale").name == "Gale" and find_place("galle").name == "Galle"
    with pytest.raises(DataError, match="could be"):
        find_place("gal")


@given(st.text(max_size=30))
def test_no_text_is_more_than_no_place(text: str) -> None:
    try:
        find_place(text)
    except DataError as error:
        assert "\n" not in str(error) or "\n" in text
