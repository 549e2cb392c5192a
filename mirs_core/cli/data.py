"""The group ``data``: data sets are described, imported, downloaded, listed and cut from strips."""

import argparse
from pathlib import Path

from mirs_core.cli import data_sets, kind_verbs, labels
from mirs_core.cli.verbs import verb, verbs_of
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import (
    data_download,
    data_import,
    data_prepare,
    data_synthetic,
    data_tile,
)
from mirs_core.mars.geography import written_latitude


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs of ``data``."""
    verbs = verbs_of(parser)
    describe = verb(
        verbs, "describe", data_sets.describe, "splits, classes, duplicates, unreadable files"
    )
    describe.add_argument("folder", type=Path, metavar="DIR")
    kind_verbs.add(verbs, data_synthetic.SPEC, _synthetic)
    kind_verbs.add(verbs, data_download.SPEC, _downloaded)
    kind_verbs.add(verbs, data_prepare.SPEC, _prepared)
    kind_verbs.add(verbs, data_tile.SPEC, _tiled)
    kind_verbs.add(verbs, data_import.SPEC, _imported)
    data_sets.add_verbs(verbs)
    labels.add_verbs(verbs)


def _synthetic(spec: data_synthetic.Synthetic, answer: Answer) -> str:
    return f"{answer['tiles']} synthetic tiles in {spec.folder} ({answer['seconds']} s)"


def _downloaded(spec: data_download.Download, answer: Answer) -> str:
    from mirs_core.datasets.download import published_data_set

    title, tiles = published_data_set(spec.name).title, answer["tiles"]
    if not answer["bytes"]:
        return f"{title} is there already: {tiles:,} tiles in {answer['dir']}"
    return f"{title}: {tiles:,} tiles in {answer['dir']} ({answer['seconds']} s)"


def _prepared(spec: data_prepare.Prepare, answer: Answer) -> str:
    return f"Ready: {', '.join(answer['runs'])}. Open them with: mirs app"


def _tiled(spec: data_tile.Tile, answer: Answer) -> str:
    west, south, east, north = answer["bounds"].values()
    lines = [
        f"{answer['tiles']} tiles of {answer['strip']} in {spec.out} ({answer['seconds']} s;"
        f" {answer['resumed']} were there already)",
        f"left out: {answer['skipped']['nodata']} with too many missing pixels"
        f" ({answer['nodata'] or 'none are marked'}), {answer['skipped']['flat']} too flat",
        f"{answer['crs']}: {answer['metres_per_pixel']:g} m/px, tiles of {answer['size']} px ="
        f" {answer['tile_metres']:,.0f} m",
        *([f"virtual: no image files; pixels are read from {spec.raster}"] if spec.virtual else []),
        f"from {west:.4f} E, {_latitude(south)} to {east:.4f} E, {_latitude(north)}",
        *answer["warnings"],
    ]
    return "\n".join(lines)


def _latitude(degrees: float) -> str:
    return written_latitude(degrees, 4).replace("°", "")


def _imported(spec: data_import.Import, answer: Answer) -> str:
    lines = [
        f"{answer['data']}: {answer['tiles']:,} tiles in {answer['dir']}"
        f" ({answer['labelled']:,} labelled, {answer['placed']:,} with coordinates)",
    ]
    if answer["copied"]:
        lines.append(f"{answer['added']:,} copied, {answer['skipped']:,} were there already")
    lines += answer["changed"]
    if answer["table"]:
        lines.append(f"Table: {answer['table']['described']}.")
    if answer["duplicates"]:
        are = (
            "file is a duplicate of another"
            if answer["duplicates"] == 1
            else ("files are duplicates of others")
        )
        lines.append(f"{answer['duplicates']:,} {are}")
    if answer["unmatched"]:
        few = ", ".join(answer["unmatched"])
        lines.append(f"{answer['unmatched_rows']:,} rows of the table match no file ({few})")
    lines += [f"left out: {bad['path']}: {bad['why']}" for bad in answer["unreadable"]]
    return "\n".join([*lines, *answer["notes"]])
