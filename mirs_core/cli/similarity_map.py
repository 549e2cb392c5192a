"""``similarity-map``: where on Mars the tiles are that are nearest to an image."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.regions import add_region, region_of
from mirs_core.cli.verbs import add_run, carried_out_by
from mirs_core.errors import ConfigError
from mirs_core.workspace.home import Home

# Imported when the verb is carried out: a search engine takes a second.
_STEP, _STATISTICS = 1.0, ("minimum", "median")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb ``similarity-map``."""
    add_run(verb)
    verb.add_argument("--image", type=Path, metavar="FILE", required=True, help="the query")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        required=True,
        help=".tif: a GeoTIFF in planetocentric degrees (IAU_2015:49900)",
    )
    verb.add_argument(
        "--step",
        type=float,
        metavar="DEGREES",
        help=f"side of a cell, a divisor of 180 (default {_STEP:g})",
    )
    verb.add_argument(
        "--statistic",
        choices=_STATISTICS,
        default=_STATISTICS[0],
        help="of the distances in a cell",
    )
    verb.add_argument(
        "--strip",
        metavar="NAME",
        help="map the footprints of a strip's tiles, in cells of an eighth of a tile",
    )
    add_region(verb)
    carried_out_by(verb, similarity_map)


def similarity_map(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Maps how near the nearest tile of each place is to an image, and writes a GeoTIFF."""
    from mirs_core.exchange.exports import similarity_raster
    from mirs_core.landform_map import similarity, strip_similarity
    from mirs_core.retrieval.filters import Filters
    from mirs_core.retrieval.search import Searcher

    similarity_raster.check_name(args.out)
    if args.strip is not None and (args.step is not None or args.statistic != _STATISTICS[0]):
        raise ConfigError("--strip has cells of its own and maps minima; leave out the others.")
    region = region_of(args)
    filters = Filters(region=region)
    searcher = Searcher.open(Home.current(), args.run)
    searcher.load_encoder()
    query = searcher.query_by_image(args.image)
    if args.strip is not None:
        mapped = strip_similarity.strip_similarity_map(searcher, query, args.strip, filters)
    else:
        step = _STEP if args.step is None else args.step
        mapped = similarity.similarity_map(searcher, query, step, args.statistic, filters)
    similarity_raster.save_similarity_map(mapped, args.out)
    return _answer(args, mapped), _text(args.out, mapped)


def _answer(args: argparse.Namespace, mapped: Any) -> dict[str, Any]:
    low, high = mapped.range
    return {
        "run": args.run,
        "query": str(args.image),
        "out": str(args.out),
        "statistic": mapped.statistic,
        "unit": mapped.unit,
        "step": mapped.grid.step,
        "rows": mapped.grid.rows,
        "columns": mapped.grid.columns,
        "bounds": [mapped.grid.west, mapped.grid.south, mapped.grid.east, mapped.grid.north],
        "cells": int((mapped.tiles > 0).sum()),
        "tiles": int(mapped.tiles.sum()) if not mapped.strip else None,
        "without_coordinates": mapped.without_place,
        "positions": mapped.positions,
        "least": None if low != low else low,
        "greatest": None if high != high else high,
        "filters": mapped.filters,
    }


def _text(out: Path, mapped: Any) -> str:
    from mirs_core.exchange.exports.similarity_raster import title

    (low, high), name = mapped.range, title(mapped)
    cells = int((mapped.tiles > 0).sum())
    lines = [
        f"{name[0].upper() + name[1:]}: {low:g} to {high:g} in {cells:,} cells of"
        f" {mapped.grid.step:.4g}°"
        if cells
        else "No tile with coordinates passes; every cell is without data."
    ]
    if mapped.positions:
        lines.append(f"Positions: {mapped.positions}")
    if mapped.without_place:
        lines.append(f"{mapped.without_place:,} tiles have no coordinates and are not on the map.")
    return "\n".join([*lines, f"Written to {out}"])
