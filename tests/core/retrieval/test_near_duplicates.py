"""Tiles that overlap, as their names tell."""

from mirs_core.datasets.items import Items
from mirs_core.retrieval import near_duplicates

STRIP, OTHER = "P03_002287_2005_XI_20N072W", "P04_002288_2005_XI_20N072W"
NAMES = (
    f"{STRIP}_CX1000_CY1000.jpg",
    f"{STRIP}_CX1199_CY0801.jpg",
    f"{STRIP}_CX1200_CY1000.jpg",
    f"{STRIP}_CX1000_CY1200.jpg",
    f"{OTHER}_CX1000_CY1000.jpg",
    "ESP_012345_1234.jpg",
    "mine.jpg",
)


def items() -> Items:
    n = len(NAMES)
    strips = (STRIP,) * 4 + (OTHER, "ESP_012345_1234", None)
    return Items(NAMES, (None,) * n, ("archive",) * n, strips, NAMES, (None,) * n, (None,) * n)


def test_squares_of_one_strip_overlap_or_not() -> None:
    assert near_duplicates.by_name(items(), 0) == [1]
    assert near_duplicates.by_name(items(), 1) == [0, 2]
    assert near_duplicates.by_name(items(), 4) == []


def test_names_that_tell_no_place_tell_no_overlap() -> None:
    assert near_duplicates.by_name(items(), 5) == near_duplicates.by_name(items(), 6) == []
