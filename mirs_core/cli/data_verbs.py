"""The words of ``data`` and ``archive``: what comes in, and archives that change."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli import archives, data, fetching, following, importing
from mirs_core.cli import strips as strip_commands
from mirs_core.cli import verbs as words
from mirs_core.datasets.download import DATA_SETS


def add_data(verbs: Any) -> None:
    """The verbs of ``data``."""
    group = words.group(
        verbs, "data", "look at data sets, fetch published ones, or make the synthetic one"
    )
    describe = words.verb(
        group, "describe", data.describe, "splits, classes, duplicates, bad files"
    )
    describe.add_argument("folder", type=Path, metavar="DIR")
    synthetic = words.verb(
        group, "synthetic", data.synthetic, "write synthetic Mars as image files"
    )
    synthetic.add_argument("folder", type=Path, metavar="DIR")
    synthetic.add_argument(
        "--per-class", type=int, default=80, metavar="N", help="tiles a landform"
    )
    synthetic.add_argument("--seed", type=int, default=0, metavar="N")
    published = ", ".join(DATA_SETS)
    download = words.verb(group, "download", fetching.download, "fetch a published data set")
    download.add_argument("name", metavar="NAME", help=published)
    download.add_argument("folder", type=Path, metavar="DIR")
    prepare = words.verb(
        group, "prepare", fetching.prepare, "fetch it, train baseline and hash models, serve MIRS"
    )
    prepare.add_argument("name", metavar="NAME", help=f"{published}, or a folder of your own")
    prepare.add_argument("folder", type=Path, metavar="DIR", nargs="?")
    for verb in (download, prepare):
        verb.add_argument("--yes", action="store_true", help="do not ask before downloading")
    strip_commands.add_arguments(
        words.verb(group, "tile", strip_commands.tile, "cut a map-projected image strip into tiles")
    )

    words.verb(group, "list", importing.list_all, "the data sets that are known here")
    _import(words.verb(group, "import", importing.import_, "bring in a folder of your own images"))


def _import(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DIR")
    where = verb.add_mutually_exclusive_group()
    where.add_argument("--copy", action="store_true", help="copy the tiles into the home folder")
    where.add_argument("--to", type=Path, metavar="DATASET_DIR", help="add them to this data set")
    verb.add_argument("--table", type=Path, metavar="CSV", help="label, split, place of each tile")
    verb.add_argument(
        "--labels-from-folders", action="store_true", help="the folders in DIR are classes"
    )
    verb.add_argument("--name", metavar="TEXT", help="short, for lists and file names")
    verb.add_argument("--title", metavar="TEXT", help="one line for people")
    verb.add_argument("--instrument", metavar="TEXT", help="the camera, as CTX")
    verb.add_argument("--metres-per-pixel", type=float, metavar="N")
    verb.add_argument("--licence", metavar="TEXT", help="of the images")
    verb.add_argument("--citation", metavar="TEXT", help="how to cite them")
    verb.add_argument("--credit", metavar="TEXT", help="whom to name for each tile")
    verb.add_argument("--source", metavar="TEXT", help="where each tile is from")
    verb.add_argument("--synthetic", action="store_true", help="they were made by a program")
    following.add_words(verb)


def add_archives(verbs: Any) -> None:
    """The verbs of ``archive``."""
    group = words.group(
        verbs, "archive", "let an archive grow or shrink, and exchange it as a table"
    )
    add = words.verb(group, "add", archives.add, "archive what the run's data set has got since")
    add.add_argument("--run", metavar="ID", required=True)
    add.add_argument("--data", type=Path, metavar="DIR", help="first copy its tiles there")
    add.add_argument("--again", action="store_true", help="also take back tiles that were removed")
    remove = words.verb(group, "remove", archives.remove, "take tiles out; their files stay")
    remove.add_argument("--run", metavar="ID", required=True)
    which = remove.add_mutually_exclusive_group(required=True)
    which.add_argument("--tile", metavar="TILE_ID", action="append", default=[])
    which.add_argument("--list", type=Path, metavar="FILE", help="a text file, one id a line")
    for verb in (add, remove):
        verb.add_argument("--keep", action="store_true", help="leave the old run as it is")
    export = words.verb(
        group, "export", archives.export, "write tiles and codes as one Parquet table"
    )
    export.add_argument("file", type=Path, metavar="FILE.parquet")
    export.add_argument("--run", metavar="ID", required=True)
    arrive = words.verb(group, "import", archives.import_, "an archive from such a table")
    arrive.add_argument("file", type=Path, metavar="FILE.parquet")
    arrive.add_argument("--run", metavar="ID", required=True, help="a run of the same model")
    arrive.add_argument("--data", type=Path, metavar="DIR", help="where the tiles stand")
    arrive.add_argument("--name", metavar="TEXT")
