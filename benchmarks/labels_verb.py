"""The verb ``bench labels``."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb
from mirs_core.system.tables import markdown
from mirs_core.workspace.home import Home

_HEAD = ("seed", "order", "verdicts", "wrong among them", "mAP@64 before", "mAP@64", "difference")


def add(group: Any) -> None:
    """Adds the verb and its options."""
    parser = verb(group, "labels", _labels, "what reviewing wrong labels gains")
    parser.add_argument("--data", type=Path, metavar="DIR", required=True)
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--share", type=float, default=0.2, help="share of wrong labels, 0 to 1")
    parser.add_argument("--verdicts", type=int, nargs="+", default=[25, 50, 100], metavar="N")


def _labels(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    from benchmarks import labels

    data = args.data.expanduser().resolve()
    answer = labels.run(
        Home.current(), data, range(args.seeds), args.share, args.verdicts, console.progress
    )
    return answer, markdown(_HEAD, [_cells(row) for row in answer["rows"]])


def _cells(row: dict[str, Any]) -> list[str]:
    paired = row["difference"]
    text = "-"
    if paired:
        text = f"{paired['value']:+.3f} ({paired['low']:+.3f} to {paired['high']:+.3f})"
    names = ("seed", "order", "verdicts", "wrong_among_them")
    scores = [f"{row[name]:.3f}" for name in ("map_at_64_before", "map_at_64")]
    return [*(str(row[name]) for name in names), *scores, text]
