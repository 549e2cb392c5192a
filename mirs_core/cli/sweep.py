"""``sweep``: push weight (lambda1) x balance weight (lambda2)."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import sweep
from mirs_core.system.tables import number, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``sweep``."""
    kind_verbs.complete(parser, sweep.SPEC, lambda spec, answer: cells_text(answer))


def cells_text(answer: Answer) -> str:
    """The cells of a sweep as a table, the best one marked."""
    rows = [
        ["*" if cell["run"] == answer["best"] else "", f"{cell['push']:g}",
         f"{cell['balance']:g}", number(cell["validation_map_at_64"]), cell["run"]]
        for cell in answer["cells"]
    ]  # fmt: skip
    text = table(["", "lambda1", "lambda2", "validation mAP@64", "run"], rows)
    if answer.get("stopped"):
        text += f"\nSome cells are left: mirs sweep --id {answer['sweep']}"
    return text
