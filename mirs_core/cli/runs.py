"""``runs list``, ``show``, ``serve`` and ``delete``."""

import argparse
import json
from typing import Any

from mirs_core import runs
from mirs_core.cli.console import Console
from mirs_core.files import read_json
from mirs_core.tables import number, table


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All runs, newest first."""
    found = runs.list_runs(runs.home_folder())
    answer = [
        {
            "run": run.id,
            "name": run.name,
            "preset": run.preset,
            "encoder": run.encoder,
            "data": run.data,
            "state": run.state,
            "served": run.served,
            "map_at_64": run.map_at_64,
        }
        for run in found
    ]
    rows = [
        [
            "*" if run.served else "",
            run.id,
            run.preset,
            run.data,
            run.encoder,
            run.state,
            number(run.map_at_64),
        ]
        for run in found
    ]
    text = table(["", "run", "preset", "data", "encoder", "state", "mAP@64"], rows)
    return answer, text if found else "No runs yet; start with: python -m mirs_core demo"


def show(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Everything a run remembers."""
    run = runs.folder(runs.home_folder(), args.id)
    metrics = read_json(run.metrics) if run.metrics.is_file() else None
    if isinstance(metrics, dict):
        metrics.pop("per_query", None)
    answer = {
        "run": run.id,
        "path": str(run.path),
        "status": run.status(),
        "config": run.config().to_json(),
        "provenance": run.provenance(),
        "metrics": metrics,
    }
    return answer, json.dumps(answer, indent=2, ensure_ascii=False)


def serve(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Chooses the run that the app shows first."""
    runs.serve(runs.home_folder(), args.id)
    return {"served": args.id}, f"{args.id} is what the app shows first."


def delete(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Removes a run."""
    runs.delete(runs.home_folder(), args.id)
    return {"deleted": args.id}, f"{args.id} is deleted."
