"""``runs list``, ``show``, ``card``, ``compare``, ``serve``, ``delete`` and the bin."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.cli import annotations, transfer
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import add_run, verb, verbs_of
from mirs_core.files import read_json
from mirs_core.system.tables import number, table
from mirs_core.workspace import bin, runs
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.evaluation.scores import RunScores


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All runs, newest first."""
    all_runs = runs.list_runs(Home.current())
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
        for run in all_runs
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
        for run in all_runs
    ]
    text = table(["", "run", "name", "preset", "data", "encoder", "state", "mAP@64"], rows)
    if any(run.served for run in all_runs):
        text += "\n* default model"
    return answer, text if all_runs else "There are no runs yet; start with: mirs demo"


def show(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Everything that is stored about a run."""
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
    """Makes a run the default model."""
    runs.serve(Home.current(), args.id)
    return {"served": args.id}, f"{args.id} is the default model."


def card(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """The model card of a run."""
    from mirs_core.evaluation import model_card

    text = model_card.model_card(Home.current(), args.id)
    return {"run": args.id, "card": text}, text.rstrip()


def compare(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Two to five runs side by side."""
    from mirs_core.evaluation import run_comparison

    comparison = run_comparison.compare(Home.current(), args.ids)
    settings = [
        [setting.name, *(str(value) if value != "" else "-" for value in setting.values)]
        for setting in comparison.settings
    ]
    lines = [table(["setting", *(run.id for run in comparison.runs)], settings), ""]
    if comparison.scores:
        rows = [_scores_of(scores, place == 0) for place, scores in enumerate(comparison.scores)]
        lines.append(table(["run", "mAP@64", "95 % interval", "against the first"], rows))
    else:
        lines.append("None of these runs was evaluated.")
    return comparison.to_json(), "\n".join(lines)


def _scores_of(scores: "RunScores", first: bool) -> list[str]:
    value, against = scores.value, "-"
    if not scores.same_archive:
        against = "measured on another archive: not comparable"
    elif scores.difference is not None:
        gain = scores.difference.interval
        against = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
    elif not first:
        against = "no shared query"
    span = f"{number(value.low)} to {number(value.high)}"
    return [scores.run.id, number(value.value), span, against]


def delete(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Moves a run into the bin."""
    bin.discard(Home.current(), args.id)
    text = f"{args.id} is in the bin; restore it with: mirs runs restore {args.id}"
    return {"deleted": args.id}, text


def list_bin(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """The runs in the bin."""
    discarded = bin.discarded(Home.current())
    answer = [
        {"run": run.id, "name": run.name, "preset": run.preset, "deleted": run.discarded,
         "bytes": run.bytes}
        for run in discarded
    ]  # fmt: skip
    rows = [[run.id, run.preset, run.discarded, f"{run.bytes / 1e6:.1f} MB"] for run in discarded]
    text = table(["run", "preset", "deleted", "size"], rows)
    return answer, text if discarded else "The bin is empty."


def restore(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Restores a run from the bin."""
    bin.restore(Home.current(), args.id)
    return {"restored": args.id}, f"{args.id} is restored."


def empty_bin(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Deletes one run in the bin permanently, or all of them."""
    deleted = bin.empty(Home.current(), args.id)
    return {"removed": deleted}, f"Deleted permanently: {', '.join(deleted) or 'nothing'}."


_OF_A_RUN = (
    ("show", show, "everything that is stored about a run"),
    ("card", card, "the model card of a run, in Markdown"),
    ("serve", serve, "make a run the default model"),
    ("delete", delete, "move a run to the bin"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The group ``runs``."""
    verbs = verbs_of(parser)
    verb(verbs, "list", list_all, "all runs, newest first")
    for name, command, help in _OF_A_RUN:
        add_run(verb(verbs, name, command, help), "id")
    restored = verb(verbs, "restore", restore, "restore a run from the bin")
    restored.add_argument("id", metavar="ID")
    verb(verbs, "bin", list_bin, "the runs in the bin, the last deleted first")
    empty = verb(verbs, "empty-bin", empty_bin, "delete runs in the bin permanently")
    empty.add_argument("id", metavar="ID", nargs="?", help="one of them (default: all)")
    compared = verb(verbs, "compare", compare, "two to five runs side by side")
    add_run(compared, "ids", "the runs", nargs="+")
    annotations.add_verbs(verbs)
    export = verb(verbs, "export", transfer.export, "write a finished run to one file")
    add_run(export, "id")
    export.add_argument("file", type=Path, metavar="FILE", help="a new file, or a folder for it")
    imported = verb(verbs, "import", transfer.import_, "import a run that was exported")
    imported.add_argument("file", type=Path, metavar="FILE")
    imported.add_argument("--id", metavar="ID", help="a new id instead of the one it had")
