"""``data tile``, and the words for a rectangle of a strip."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli import following
from mirs_core.cli.console import Console
from mirs_core.datasets.strips import Cut, Words, cut_strip
from mirs_core.datasets.strips.cutting import SIDE


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The words of ``data tile``."""
    usual = Cut()
    verb.add_argument("raster", type=Path, metavar="RASTER", help="GeoTIFF, COG or JPEG 2000")
    verb.add_argument("--out", type=Path, metavar="DIR", required=True, help="a data set of strips")
    size = verb.add_mutually_exclusive_group()
    size.add_argument("--size", type=int, metavar="N", help=f"pixels a side (default {SIDE})")
    size.add_argument("--metres", type=float, metavar="M", help="metres a side")
    verb.add_argument("--stride", type=int, metavar="N", help="pixels to the next (default: size)")
    verb.add_argument(
        "--max-nodata",
        type=float,
        default=usual.max_nodata,
        metavar="SHARE",
        help=f"of missing pixels in a tile (default {usual.max_nodata})",
    )
    verb.add_argument(
        "--min-contrast",
        type=float,
        default=usual.min_contrast,
        metavar="C",
        help=f"standard deviation of a tile's grey levels (default {usual.min_contrast})",
    )
    verb.add_argument("--name", metavar="TEXT", help="of the strip (default: the file's)")
    verb.add_argument("--licence", metavar="TEXT", help="of the images")
    verb.add_argument("--credit", metavar="TEXT", help="whom to name")
    verb.add_argument("--source", metavar="URL", help="of the source product")
    following.add_words(verb)


def add_rectangle(verb: argparse.ArgumentParser) -> None:
    """The words for a query by a rectangle of a map-projected raster."""
    words = verb.add_mutually_exclusive_group()
    words.add_argument(
        "--window",
        type=int,
        nargs=4,
        metavar=("X", "Y", "WIDTH", "HEIGHT"),
        help="a rectangle of a map-projected image, in pixels",
    )
    words.add_argument(
        "--bounds",
        type=float,
        nargs=4,
        metavar=("WEST", "SOUTH", "EAST", "NORTH"),
        help="the same in degrees",
    )


def tile(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Cuts a strip into tiles."""
    following.check(args)
    cut = Cut(args.size, args.metres, args.stride, args.max_nodata, args.min_contrast)
    words = Words(args.name, args.source, args.licence, args.credit)
    made = cut_strip(args.raster, args.out, cut, words, console.stoppable)
    answer = {**made.to_json(), "runs": following.follow(args, args.out, console)}
    west, south, east, north = answer["bounds"].values()
    lines = [
        f"{answer['tiles']} tiles of {answer['strip']} in {args.out} ({answer['seconds']} s;"
        f" {answer['resumed']} were there already)",
        f"left out: {answer['skipped']['nodata']} with too many missing pixels"
        f" ({answer['nodata'] or 'none are marked'}), {answer['skipped']['flat']} too flat",
        f"{answer['crs']}: {answer['metres_per_pixel']:g} m/px, tiles of {answer['size']} px ="
        f" {answer['tile_metres']:,.0f} m",
        f"from {west:.4f} E, {south:.4f} N to {east:.4f} E, {north:.4f} N",
        *answer["warnings"],
    ]
    return answer, "\n".join(lines)
