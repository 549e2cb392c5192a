"""``sweep`` and ``sweeps``: push weight (lambda1) x balance weight (lambda2)."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.config import presets, relevance
from mirs_core.errors import ConfigError
from mirs_core.pipeline import sweeps
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def sweep(args: argparse.Namespace, console: Console) -> Answer:
    """Carries out a new sweep, or goes on with one."""
    home = Home.current()
    if args.id:
        chosen = args.id
    elif args.data is None:
        raise ConfigError("Give --data DIR for a new sweep, or --id ID to go on with one.")
    else:
        config = presets.from_preset(
            args.preset,
            data=str(args.data.expanduser().resolve()),
            seed=args.seed,
            encoder=args.encoder,
            changes=args.changes,
        )
        relevance.refuse_idle(config, args.changes)
        chosen = sweeps.create(
            home,
            config,
            method=args.method,
            push=tuple(args.push),
            balance=tuple(args.balance),
            trials=args.trials,
            name=args.name or "",
        ).id
    sweeps.carry_out(home, chosen, console.progress, console.should_stop)
    return _answer(chosen)


def show(args: argparse.Namespace, console: Console) -> Answer:
    """What a sweep has found."""
    return _answer(args.id)


def delete(args: argparse.Namespace, console: Console) -> Answer:
    """Removes a sweep; its runs stay."""
    sweeps.delete(Home.current(), args.id)
    return {"deleted": args.id}, f"{args.id} is deleted; its runs stay."


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All sweeps, newest first."""
    home = Home.current()
    answer: list[dict[str, Any]] = []
    for one in sweeps.list_sweeps(home):
        found = sweeps.cells(home, one.id)
        top = sweeps.best(found)
        answer.append(
            {
                "sweep": one.id,
                "name": one.name,
                "method": one.method,
                "cells": one.cells,
                "done": sum(cell.value is not None for cell in found),
                "best": top.value if top else None,
            }
        )
    rows = [
        [one["sweep"], one["name"], one["method"], f"{one['done']}/{one['cells']}",
         number(one["best"])]
        for one in answer
    ]  # fmt: skip
    text = table(["sweep", "name", "method", "cells", "best"], rows)
    return answer, text if answer else "No sweeps yet; see: python -m mirs_core sweep -h"


def _answer(sweep_id: str) -> Answer:
    home = Home.current()
    chosen, found = sweeps.load(home, sweep_id), sweeps.cells(home, sweep_id)
    top = sweeps.best(found)
    answer = {
        "sweep": chosen.id,
        "method": chosen.method,
        "cells": [
            {"push": c.push, "balance": c.balance, "run": c.run, "validation_map_at_64": c.value}
            for c in found
        ],
        "best": top.run if top else None,
        **({} if _is_whole(chosen, found) else {"stopped": True}),
    }
    rows = [
        ["*" if cell is top else "", f"{cell.push:g}", f"{cell.balance:g}", number(cell.value),
         cell.run]
        for cell in found
    ]  # fmt: skip
    text = table(["", "lambda1", "lambda2", "validation mAP@64", "run"], rows)
    rest = chosen.cells - sum(cell.value is not None for cell in found)
    more = f"\n{rest} cells are left: python -m mirs_core sweep --id {chosen.id}" if rest else ""
    return answer, text + more


def _is_whole(chosen: sweeps.Sweep, found: list[sweeps.Cell]) -> bool:
    return sum(cell.value is not None for cell in found) == chosen.cells
