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
    parser.add_argument(
        "--other-codes",
        action="store_true",
        help="also the same features stored otherwise: float16, int8, RaBitQ, product quantisation",
    )
    add_changes(parser)
    carried_out_by(parser, compare)


def compare(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Presets over seeds, with intervals and the paired difference to the first hash model."""
    from mirs_core.experiments import comparison
    from mirs_core.experiments.other_codes import other_codes

    if args.seeds < 1:
        raise RunError(f"--seeds is {args.seeds}; give at least 1.")
    home, data = Home.current(), args.data.expanduser().resolve()
    answer = comparison.compare(
        home,
        data,
        [name.strip() for name in args.presets.split(",") if name.strip()],
        range(args.seeds),
        encoder=args.encoder,
        changes=args.changes,
        progress=console.stoppable,
    )
    if args.other_codes:
        seeds, encoder = range(args.seeds), args.encoder
        answer["other_codes"] = other_codes(home, data, seeds, encoder, console.stoppable)
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
    text = f"{about}\n\n{markdown(head, rows)}"
    return f"{text}\n\n{_other_codes(answer)}" if "other_codes" in answer else text


def _other_codes(answer: dict[str, Any]) -> str:
    rows = [
        [row["preset"], number(row["value"]), number(row["sd"]), f"{row['bytes_per_tile']:,}", "-"]
        for row in answer["presets"]
    ]
    for row in answer["other_codes"]:
        if row["why"]:
            rows.append([row["title"], f"not measured: {row['why']}", "-", "-", "-"])
            continue
        size, query = f"{row['bytes_per_tile']:,}", f"{row['query_ms']:.3f} ms"
        rows.append([row["title"], number(row["value"]), number(row["sd"]), size, query])
    head = ["the same features, other ways", "mAP@64", "sd over seeds", "bytes a tile", "a search"]
    return markdown(head, rows)
