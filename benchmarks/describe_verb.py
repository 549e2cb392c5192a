"""The verb ``bench describe``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import RUN, RunName, verb
from mirs_core.datasets.descriptions.description import VERSION
from mirs_core.mars.landforms import LANDFORMS
from mirs_core.system.tables import markdown
from mirs_core.workspace.home import Home


def describe(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """AP@64 of descriptions against real tiles, by landform class."""
    from benchmarks import describe as bench

    answer = bench.run(
        Home.current(), args.run, max(1, args.queries), args.test, args.version, console.progress
    )
    return answer, text(answer)


def text(answer: dict[str, Any]) -> str:
    """The measurement as a Markdown table."""
    single, nine = answer["one"], answer["description"]
    rows = [
        [form.name, f"{single['per_class'][form.code]:.2f}", f"{nine['per_class'][form.code]:.2f}"]
        for form in LANDFORMS
        if form.code in nine["per_class"]
    ]
    whole = [
        "{value:.3f} [{low:.3f}, {high:.3f}]".format_map(part["map_at_64"])
        for part in (single, nine)
    ]
    hits = [f"{part['map_at_64_hits']:.3f}" for part in (single, nine)]
    rows += [["mAP@64", *whole], ["mAP@64, divisor hits", *hits]]
    return markdown(["landform class", "one tile", "description (nine tiles)"], rows)


def add(group: Any) -> None:
    """Adds the verb to the group ``bench``."""
    parser = verb(group, "describe", describe, "how well real tiles are found by description")
    parser.add_argument(
        "--run",
        metavar=RUN,
        type=RunName,
        required=True,
        action="append",
        help="repeat for several seeds",
    )
    parser.add_argument(
        "--queries", type=int, default=8, metavar="N", help="descriptions of each landform class"
    )
    parser.add_argument(
        "--test", action="store_true", help="rank the test tiles, which no choice has read"
    )
    parser.add_argument(
        "--version", type=int, default=VERSION, choices=(1, 2), help="version of the painters"
    )
