"""Options that restrict a verb to a region of Mars."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirs_core.mars.regions import AnyRegion


def add_region(parser: argparse.ArgumentParser) -> None:
    """``--region``, ``--circle`` and ``--box``, of which one can be given."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--region",
        type=Path,
        metavar="FILE",
        help="only tiles inside the polygons of a GeoJSON file, as JMARS and QGIS write it;"
        " planetocentric degrees, longitudes east from 0 to 360 or -180 to 180",
    )
    place.add_argument(
        "--circle",
        type=float,
        nargs=3,
        metavar=("LAT", "LON", "KM"),
        help="only tiles at most KM from a place, along great circles",
    )
    place.add_argument(
        "--box",
        type=float,
        nargs=4,
        metavar=("WEST", "SOUTH", "EAST", "NORTH"),
        help="only tiles in a box of longitudes and latitudes, from WEST eastwards to EAST",
    )


def region_of(args: argparse.Namespace) -> "AnyRegion | None":
    """The region that was given; None for the whole planet.

    Raises:
        DataError: it is none, or its file cannot be used.
    """
    from mirs_core.mars.region_files import chosen_region

    return chosen_region(args.region, args.circle, args.box)
