"""``bench shift`` on the command line."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb
from mirs_core.system.tables import markdown, number
from mirs_core.workspace.home import Home


def add(group: Any) -> None:
    """Adds the verb to the group ``bench``."""
    from benchmarks.shift import METHODS, SHIFTS

    parser = verb(group, "shift", shift, "what whitening is worth where the sensor changes")
    parser.add_argument("--data", type=Path, metavar="DIR", required=True, help="a data set")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--shift", action="append", choices=[*SHIFTS], help="default: all")
    parser.add_argument("--method", action="append", choices=[*METHODS], help="default: all")


def shift(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Heads of a clean training half on a degraded archive."""
    from benchmarks import shift as bench

    answer = bench.run(
        Home.current(),
        args.data.expanduser().resolve(),
        max(1, args.seeds),
        tuple(args.shift or bench.SHIFTS),
        tuple(args.method or bench.METHODS),
        progress=console.progress,
    )
    head = ["shift", "method", "mAP@64", "to mirs", "sd over seeds", "validation", ""]
    rows = []
    for row in answer["rows"]:
        for value in row["methods"]:
            gap = value["difference"]
            versus = "-"
            if gap is not None:
                versus = f"{gap['value']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}]"
            chosen = "chosen by validation" if value["method"] == row["chosen"] else ""
            rows.append([
                row["shift"], value["method"], number(value["value"]), versus,
                number(gap["seed_sd"]) if gap else "-", number(value["validation"]), chosen,
            ])  # fmt: skip
    return answer, markdown(head, rows)
