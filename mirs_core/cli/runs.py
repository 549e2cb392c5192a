"""``runs list``, ``show``, ``card``, ``compare``, ``serve``, ``delete`` and the bin."""

import argparse
import json
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.evaluation import model_card, run_comparison
from mirs_core.evaluation.scores import RunScores
from mirs_core.files import read_json
from mirs_core.system.tables import number, table
from mirs_core.workspace import bin, runs
from mirs_core.workspace.home import Home


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All runs, newest first."""
    found = runs.list_runs(Home.current())
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
            "tags": list(run.tags),
        }
        for run in found
    ]
    rows = [
        [
            "*" if run.served else "",
            run.id,
            run.name if run.name != run.id else "",
            run.preset,
            run.data,
            run.encoder,
            run.state,
            number(run.map_at_64),
        ]
        for run in found
    ]
    text = table(["", "run", "name", "preset", "data", "encoder", "state", "mAP@64"], rows)
    return answer, text if found else "No runs yet; start with: python -m mirs_core demo"


def show(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Everything a run remembers."""
    run = runs.folder(Home.current(), args.id)
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
    runs.serve(Home.current(), args.id)
    return {"served": args.id}, f"{args.id} is what the app shows first."


def card(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """The model card of a run."""
    text = model_card.model_card(Home.current(), args.id)
    return {"run": args.id, "card": text}, text.rstrip()


def compare(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Two to five runs beside each other."""
    found = run_comparison.compare(Home.current(), args.ids)
    settings = [
        [one.name, *(str(value) if value != "" else "-" for value in one.values)]
        for one in found.settings
    ]
    lines = [table(["setting", *(run.id for run in found.runs)], settings), ""]
    if found.scores:
        rows = [_scores_of(one, place == 0) for place, one in enumerate(found.scores)]
        lines.append(table(["run", "mAP@64", "95 % interval", "against the first"], rows))
    else:
        lines.append("None of these runs measured anything.")
    return found.to_json(), "\n".join(lines)


def _scores_of(one: RunScores, first: bool) -> list[str]:
    value, against = one.value, "-"
    if not one.same_archive:
        against = "measured on another archive: does not compare"
    elif one.difference is not None:
        gain = one.difference.interval
        against = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
    elif not first:
        against = "no shared query"
    span = f"{number(value.low)} to {number(value.high)}"
    return [one.run.id, number(value.value), span, against]


def delete(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Moves a run into the bin."""
    bin.discard(Home.current(), args.id)
    text = (
        f"{args.id} is in the bin; bring it back with: python -m mirs_core runs restore {args.id}"
    )
    return {"deleted": args.id}, text


def list_bin(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """The runs in the bin."""
    found = bin.discarded(Home.current())
    answer = [
        {"run": one.id, "name": one.name, "preset": one.preset, "deleted": one.discarded,
         "bytes": one.bytes}
        for one in found
    ]  # fmt: skip
    rows = [[one.id, one.preset, one.discarded, f"{one.bytes / 1e6:.1f} MB"] for one in found]
    text = table(["run", "preset", "deleted", "size"], rows)
    return answer, text if found else "The bin is empty."


def restore(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Brings a run back from the bin."""
    bin.restore(Home.current(), args.id)
    return {"restored": args.id}, f"{args.id} is back."


def empty_bin(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Removes one run of the bin for good, or all of them."""
    gone = bin.empty(Home.current(), args.id)
    return {"removed": gone}, f"Removed for good: {', '.join(gone) or 'nothing'}."
