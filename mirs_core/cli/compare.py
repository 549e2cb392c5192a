"""``compare``: presets over seeds."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.settings import add_changes
from mirs_core.cli.verbs import carried_out_by
from mirs_core.errors import RunError
from mirs_core.system.tables import markdown, number
from mirs_core.workspace.home import Home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``compare``."""
    parser.add_argument("--data", type=Path, metavar="DIR", required=True, help="a data set")
    parser.add_argument("--presets", default="baseline,baseline-centred,mirs,mirs-dwt")
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    parser.add_argument("--encoder", metavar="NAME", help="overrides the encoder of the presets")
    add_changes(parser)
    carried_out_by(parser, compare)


def compare(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Presets over seeds, with intervals and the paired difference to the first hash model."""
    from mirs_core.experiments import comparison

    if args.seeds < 1:
        raise RunError(f"--seeds is {args.seeds}; give at least 1.")
    answer = comparison.compare(
        Home.current(),
        args.data.expanduser().resolve(),
        [name.strip() for name in args.presets.split(",") if name.strip()],
        range(args.seeds),
        encoder=args.encoder,
        changes=args.changes,
        progress=console.stoppable,
    )
    return answer, _text(answer)


def _text(answer: dict[str, Any]) -> str:
    head = ["preset", "mAP@64", "sd over seeds", "95 % interval", "divisor hits", "vs reference"]
    head.append("sd of that over seeds")
    rows = []
    for row in answer["presets"]:
        difference = row["difference"]
        versus, over_seeds = "-", "-"
        if difference is not None:
            versus = (
                f"{difference['value']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]"
            )
            over_seeds = number(difference["seed_sd"])
        rows.append(
            [
                row["preset"],
                number(row["value"]),
                number(row["sd"]),
                f"[{number(row['low'])}, {number(row['high'])}]",
                number(row["hits"]),
                versus,
                over_seeds,
            ]
        )
    about = (
        f"{answer['data']}: {answer['n_queries']} queries, {answer['seeds']} seeds,"
        f" divisor min(R, k), reference {answer['reference']}"
    )
    return f"{about}\n\n{markdown(head, rows)}"
