"""``evaluate``: mAP@64 of a run."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import add_run, carried_out_by
from mirs_core.mars import landforms
from mirs_core.system.tables import number, table
from mirs_core.workspace import runs

Answer = tuple[dict[str, Any], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``evaluate``."""
    add_run(parser)
    parser.add_argument(
        "--queries", type=Path, metavar="DIR", help="folder of your own query tiles"
    )
    parser.add_argument(
        "--exclude-strip", action="store_true", help="leave out tiles of the query's own strip"
    )
    carried_out_by(parser, evaluate)


def evaluate(args: argparse.Namespace, console: Console) -> Answer:
    """Measures a run against its evaluation archive."""
    from mirs_core.api.workspace import Workspace

    workspace = Workspace()
    report = workspace.evaluate(args.run, args.queries, args.exclude_strip, console.progress)
    run = runs.folder(workspace.home, workspace.run_id(args.run))
    archive_id = run.provenance().get("archive_id")
    about = {"run": run.id, "seed": run.config().seed, "archive_id": archive_id}
    answer = {**about, **report.to_json()}
    if answer["strip"] == "unknown":
        console.note("The strips of some tiles are unknown: those tiles could not be left out.")
    return answer, _report_text(answer)


def _report_text(answer: dict[str, Any]) -> str:
    main, hits = answer["map_at_64"]["min_r_k"], answer["map_at_64"]["hits"]
    ties = answer["ties"]
    lines = [
        f"run {answer['run']}: {answer['n_queries']} queries ({answer['n_skipped']} skipped)"
        f" against {answer['n_archive']} archive tiles, own strip {answer['strip']}",
        f"mAP@64  {number(main['value'])}  [{number(main['low'])}, {number(main['high'])}]"
        "  divisor min(R, k), 95 % bootstrap over queries",
        f"        {number(hits['value'])}  [{number(hits['low'])}, {number(hits['high'])}]"
        "  divisor of 2021: hits in the top 64",
        f"ties    worst {number(ties['worst'])}, expected {number(ties['expected'])},"
        f" best {number(ties['best'])}",
        f"size    {answer['archive_bytes']:,} bytes of codes",
    ]
    lines += [f"skipped {n}: {reason}" for reason, n in answer["skipped"].items()]
    rows = [
        [label, landforms.describe(label).name, str(value["n"]), number(value["min_r_k"])]
        for label, value in answer["per_class"].items()
    ]
    return "\n".join([*lines, "", table(["class", "landform", "queries", "mAP@64"], rows)])
