"""``reproduce``: the published tables."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import carried_out_by
from mirs_core.workspace.home import Home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``reproduce``."""
    parser.add_argument("--data", type=Path, metavar="DIR", required=True, help="a data set")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="folder for the report"
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    parser.add_argument("--encoder", metavar="NAME", default="")
    parser.add_argument(
        "--tables", default="", metavar="KEYS", help="only these tables, comma-separated"
    )
    carried_out_by(parser, reproduce)


def reproduce(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """The published tables, measured; continues where an earlier call ended."""
    from mirs_core.experiments import reproduction

    out = args.out.expanduser().resolve()
    report = reproduction.reproduce(
        Home.current(),
        args.data.expanduser().resolve(),
        out,
        seeds=args.seeds,
        encoder=args.encoder,
        tables=[key.strip() for key in args.tables.split(",") if key.strip()],
        progress=console.stoppable,
    )
    rows = [row for table in report["tables"] for row in table["rows"]]
    states = {state: sum(r["state"] == state for r in rows) for state in ("done", "not here")}
    text = (
        f"{states['done']} of {len(rows)} rows are measured"
        + (f", {states['not here']} cannot be measured here" if states["not here"] else "")
        + f".\n{out / 'report.md'}"
    )
    return {"out": str(out), **report}, text
