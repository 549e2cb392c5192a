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
    from mirs_core.mars.geography import Region
    from mirs_core.mars.region_files import read_region
    from mirs_core.mars.regions import CircleRegion

    if args.region is not None:
        return read_region(args.region)
    if args.circle is not None:
        return CircleRegion(*args.circle)
    if args.box is not None:
        west, south, east, north = args.box
        # 350 to 10 crosses the meridian 0, as -10 to 10 does.
        return Region.between(west, south, east if east >= west else east + 360, north)
    return None
