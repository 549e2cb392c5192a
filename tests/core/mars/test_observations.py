from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.mars.observations import orbit_latitude, parse


def test_a_ctx_name() -> None:
    seen = parse("train/cra/P03_002287_2005_XI_20N072W_CX6543_CY12329.jpg")
    assert seen is not None
    assert seen.strip == "P03_002287_2005_XI_20N072W"
    assert seen.instrument == "CTX"
    assert (seen.latitude, seen.longitude) == (20.5, 288.0)
    assert (seen.x, seen.y) == (6543, 12329)
    assert seen.url == "https://viewer.mars.asu.edu/viewer/ctx/P03_002287_2005_XI_20N072W"


@pytest.mark.parametrize("name", ["v3_ESP_012345_1234_RED-0001.jpg", "ESP_012345_1234.png"])
def test_a_hirise_name(name: str) -> None:
    seen = parse(name)
    assert seen is not None
    assert (seen.strip, seen.instrument) == ("ESP_012345_1234", "HiRISE")
    assert (seen.latitude, seen.longitude) == (-56.6, None)
    assert (seen.x, seen.y) == (None, None)
    assert seen.url == "https://www.uahirise.org/ESP_012345_1234"


def test_an_early_hirise_name() -> None:
    seen = parse("v1_PSP_001234_2015_RED-0002.jpg")
    assert seen is not None
    assert (seen.strip, seen.latitude) == ("PSP_001234_2015", 21.5)


def test_a_synthetic_name_has_a_place_but_no_product() -> None:
    seen = parse("SYN_000012_1653_XI_15S200W_CX10_CY20.jpg")
    assert seen is not None
    assert (seen.instrument, seen.url) == ("SYN", None)
    assert (seen.strip, seen.latitude) == ("SYN_000012_1653_XI_15S200W", -14.7)
    assert (seen.longitude, seen.x, seen.y) == (160.0, 10, 20)


@pytest.mark.parametrize(
    "name",
    [
        "ctx_ab12.jpg",
        "",
        "photo.png",
        "XESP_012345_1234.jpg",
        "ESP_012345_12345.jpg",
        "P03_0022.jpg",
    ],
)
def test_other_names_tell_nothing(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize(
    ("angle", "latitude"),
    [
        (900, -90.0),
        (1800, 0.0),
        (2005, 20.5),
        (2700, 90.0),
        (0, 0.0),
        (450, -45.0),
        (899, -89.9),
        (2705, 89.5),
        (3595, 0.5),
        (2701, None),
        (3596, None),
        (9999, None),
    ],
)
def test_orbit_angles(angle: int, latitude: float | None) -> None:
    assert orbit_latitude(angle) == pytest.approx(latitude)


@pytest.mark.parametrize(
    ("name", "latitude"),
    [
        ("P03_002287_2005_XI_21N072W.jpg", 20.5),  # half a degree apart: the angle is finer
        ("P03_002287_1900_XI_20N072W.jpg", 20.0),  # ten degrees apart: the name is right
        ("P03_002287_1900_XI_20S072W.jpg", -20.0),
        ("P03_002287_2703_XI_20N072W.jpg", 20.0),  # an angle that there is not
        ("P03_002287_2005_XI_99N072W.jpg", 20.5),  # a latitude that there is not
    ],
)
def test_which_latitude_is_trusted(name: str, latitude: float) -> None:
    seen = parse(name)
    assert seen is not None
    assert seen.latitude == pytest.approx(latitude)


@pytest.mark.parametrize(
    ("west", "east"), [(0, 0.0), (72, 288.0), (360, 0.0), (359, 1.0), (361, None)]
)
def test_longitudes_become_east_positive(west: int, east: float | None) -> None:
    seen = parse(f"P03_002287_2005_XI_20N{west:03d}W.jpg")
    assert seen is not None
    assert seen.longitude == east


def test_lower_case_names_the_same_strip() -> None:
    assert parse("p03_002287_2005_xi_20n072w.jpg") == parse("P03_002287_2005_XI_20N072W.jpg")


@given(st.text())
def test_any_name_is_survived(name: str) -> None:
    seen = parse(name)
    assert seen is None or seen.strip


@given(angle=st.integers(0, 9999), north=st.integers(0, 99), west=st.integers(0, 999))
def test_places_are_on_mars(angle: int, north: int, west: int) -> None:
    for side in "NS":
        seen = parse(f"B01_000001_{angle:04d}_XN_{north:02d}{side}{west:03d}W_CX1_CY2.jpg")
        assert seen is not None
        assert seen.latitude is None or -90 <= seen.latitude <= 90
        assert seen.longitude is None or 0 <= seen.longitude < 360


def test_hirise_tiles_all_name_their_observation(real_data: Path) -> None:
    names = [path.name for path in (real_data / "hirise").rglob("*.jpg")]
    seen = [parse(name) for name in names]
    assert len(names) > 1000
    assert all(one and one.instrument == "HiRISE" and one.latitude is not None for one in seen)
