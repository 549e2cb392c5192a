"""The places that names of products tell, compared with those of rasters."""

import pytest

from mirs_core.mars.named_places import contradiction, named_place


@pytest.mark.parametrize(
    ("name", "latitudes", "longitude"),
    [
        ("ESP_012345_1650_RED.JP2", (-15.0,), None),
        ("psp_001234_2650.tif", (85.0,), None),
        ("DTEEC_001234_1650_001300_1650_A01.IMG", (-15.0,), None),
        ("P02_001234_1650_XN_15S123W.IMG", (-15.0, -15.0), 237.0),
        ("crop of F05_037607_1989_XN_18N282W.map.cub", (18.0, 18.9), 78.0),
        # A misprint in one of its parts.
        ("P03_002287_2005_XI_50N072W", (50.0, 20.5), 288.0),
        ("MurrayLab_CTX_V01_E-020_N-44_Mosaic.tif", (-42.0,), 342.0),
        ("MurrayLab_GlobalCTXMosaic_V01_E176_N84.tif", (86.0,), 178.0),
    ],
)
def test_names_tell_places(
    name: str, latitudes: tuple[float, ...], longitude: float | None
) -> None:
    place = named_place(name)
    assert place is not None
    assert (place.latitudes, place.longitude) == (pytest.approx(latitudes), longitude)


@pytest.mark.parametrize(
    "name",
    [
        "strip.tif", "SYN_000001_1800_XX_00N000W.tif", "AEB_000001_0000_RED.JP2",
        "H1234_0009_ND4.IMG", "V12345006.cub", "E0301234.img",
        "M0001234.IMG", "mc11_E-020.tif", "ESP_012345_9999.tif",
    ],
)  # fmt: skip
def test_other_names_tell_none(name: str) -> None:
    assert named_place(name) is None and contradiction(name, 10.0, 89.0) is None


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "is_right"),
    [
        ("PSP_001513_1655_RED.tif", 275.4, -14.5, True),
        ("PSP_001513_1655_RED.tif", 275.4, -15.4, True),
        ("PSP_001513_1655_RED.tif", 275.4, -19.5, False),
        # Near a pole the orbit angle is no latitude.
        ("ESP_012345_2680_RED.tif", 10.0, 86.5, True),
        ("ESP_012345_2680_RED.tif", 10.0, 83.0, False),
        ("P02_001234_1650_XN_15S123W.tif", 237.0, -17.5, True),
        ("P02_001234_1650_XN_15S123W.tif", 123.0, -15.0, False),
        ("P02_001234_1650_XN_15S123W.tif", 237.0, -21.0, False),
        ("P02_001234_1650_XN_15S000W.tif", 359.5, -15.0, True),
        ("MurrayLab_CTX_V01_E-020_N-44_Mosaic.tif", 342.0, -42.0, True),
        ("MurrayLab_CTX_V01_E-020_N-44_Mosaic.tif", 22.0, -42.0, False),
    ],
)
def test_rasters_elsewhere_are_told(
    name: str, longitude: float, latitude: float, is_right: bool
) -> None:
    reason = contradiction(name, longitude, latitude)
    assert (reason is None) is is_right
    if reason is not None:
        assert f"{abs(latitude):.1f}" in reason and "km away" in reason and "tells" in reason
