"""``demo``, ``train`` and ``compare``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.config import presets, relevance
from mirs_core.errors import ConfigError, MirsError, RunError
from mirs_core.experiments import comparison, reproduction
from mirs_core.hash_space import layout as mapping
from mirs_core.pipeline import demo as demos
from mirs_core.pipeline import train as pipeline
from mirs_core.system.tables import markdown, number
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def demo(args: argparse.Namespace, console: Console) -> Answer:
    """Builds what is missing of the demo."""
    if args.per_class < 10:
        raise ConfigError(
            f"--per-class is {args.per_class}; the demo needs at least 10 a landform."
        )
    home = Home.current()
    ready = demos.is_complete(home)
    built = demos.build(home, args.per_class, console.stoppable)
    text = "The demo is there already." if ready else "The demo is ready."
    return {"runs": built, "data": str(demos.data_folder(home))}, f"{text} Look at it: make app"


def train(args: argparse.Namespace, console: Console) -> Answer:
    """Trains a new run, or one that was prepared."""
    home = Home.current()
    if args.run:
        run = runs.folder(home, args.run)
        outcome = pipeline.train(home, run, console.progress, console.should_stop)
    else:
        settings = presets.from_preset(
            args.preset,
            data=str(args.data.expanduser().resolve()),
            seed=args.seed,
            encoder=args.encoder,
            changes=args.changes,
        )
        relevance.refuse_idle(settings, args.changes)
        outcome = pipeline.prepare_and_train(
            home, settings, args.name, console.progress, console.should_stop
        )
    answer = outcome.to_json()
    if args.map and not answer.get("stopped"):
        _lay_out(home, outcome.run, console)
    return answer, _text(answer)


def _lay_out(home: Home, run_id: str, console: Console) -> None:
    """The map of a run that was just trained; without one it is a run all the same."""
    try:
        mapping.project(home, run_id, progress=console.progress)
    except MirsError as error:
        console.note(f"The run is done; its map is not: {error}")


def _text(answer: dict[str, Any]) -> str:
    found, seconds = answer["map_at_64"], answer["seconds"]
    lines = [
        f"run        {answer['run']}",
        f"encoder    {answer['encoder']}",
        f"mAP@64     {number(found['min_r_k'])}   (with 2021's divisor {number(found['hits'])})",
        f"time       features {seconds['features']:.1f} s, training {seconds['training']:.1f} s"
        f" ({answer['epochs']} epochs), total {seconds['total']:.1f} s",
    ]
    if found["min_r_k"] is None:
        lines[2] = "mAP@64     not measured: no labelled test tiles"
    return "\n".join(lines)


def compare(args: argparse.Namespace, console: Console) -> Answer:
    """Presets over seeds, with intervals and the paired difference to the first hash model."""
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
    return answer, _comparison_text(answer)


def reproduce(args: argparse.Namespace, console: Console) -> Answer:
    """The published tables, measured; goes on where an earlier one stopped."""
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
        + (f", {states['not here']} can't be here" if states["not here"] else "")
        + f".\n{out / 'report.md'}"
    )
    return {"out": str(out), **report}, text


def _comparison_text(answer: dict[str, Any]) -> str:
    head = ["preset", "mAP@64", "sd over seeds", "95 % interval", "divisor hits", "vs reference"]
    rows = []
    for row in answer["presets"]:
        difference = row["difference"]
        versus = "-"
        if difference is not None:
            versus = (
                f"{difference['value']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]"
            )
        rows.append(
            [
                row["preset"],
                number(row["value"]),
                number(row["sd"]),
                f"[{number(row['low'])}, {number(row['high'])}]",
                number(row["hits"]),
                versus,
            ]
        )
    about = (
        f"{answer['data']}: {answer['n_queries']} queries, {answer['seeds']} seeds,"
        f" divisor min(R, k), reference {answer['reference']}"
    )
    return f"{about}\n\n{markdown(head, rows)}"
