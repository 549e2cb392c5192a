"""``sweeps list``, ``show`` and ``delete``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.sweep import cells_text
from mirs_core.cli.verbs import verb, verbs_of
from mirs_core.jobs.kinds.sweep import report
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The group ``sweeps``."""
    verbs = verbs_of(parser)
    verb(verbs, "list", list_all, "all sweeps, newest first")
    verb(verbs, "show", show, "the cells of a sweep").add_argument("id", metavar="ID")
    text = "delete a sweep; its runs stay"
    verb(verbs, "delete", delete, text).add_argument("id", metavar="ID")


def show(args: argparse.Namespace, console: Console) -> Answer:
    """The cells of a sweep."""
    answer = report(Home.current(), args.id)
    return answer, cells_text(answer)


def delete(args: argparse.Namespace, console: Console) -> Answer:
    """Deletes a sweep; its runs stay."""
    from mirs_core.pipeline import sweeps

    sweeps.delete(Home.current(), args.id)
    return {"deleted": args.id}, f"{args.id} is deleted; its runs stay."


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All sweeps, newest first."""
    from mirs_core.pipeline import sweeps

    home = Home.current()
    answer: list[dict[str, Any]] = []
    for sweep in sweeps.list_sweeps(home):
        cells = sweeps.cells(home, sweep.id)
        best = sweeps.best(cells)
        answer.append(
            {
                "sweep": sweep.id,
                "name": sweep.name,
                "method": sweep.method,
                "cells": sweep.cells,
                "done": sum(cell.value is not None for cell in cells),
                "best": best.value if best else None,
            }
        )
    rows = [
        [row["sweep"], row["name"], row["method"], f"{row['done']}/{row['cells']}",
         number(row["best"])]
        for row in answer
    ]  # fmt: skip
    text = table(["sweep", "name", "method", "cells", "best"], rows)
    return answer, text if answer else "There are no sweeps yet; see: mirs sweep --help"
