"""``encoders list``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb, verbs_of
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The group ``encoders``."""
    verb(verbs_of(parser), "list", list_all, "all fine-tuned encoders, newest first")


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All fine-tuned encoders, newest first."""
    from mirs_core.encoders.fine_tuned_store import list_encoders

    encoders = list_encoders(Home.current())
    answer = [
        {
            "encoder": encoder.id,
            "name": encoder.name,
            "objective": encoder.objective,
            "from": encoder.base,
            "data": encoder.data,
            "seed": encoder.seed,
            "state": encoder.state,
            "validation": encoder.validation,
        }
        for encoder in encoders
    ]
    rows = [[e.id, e.objective, e.base, e.data, e.state, _figure(e.validation)] for e in encoders]
    text = table(["encoder", "objective", "from", "data", "state", "validation"], rows)
    return answer, text if rows else "There are no encoders yet; see: mirs train-encoder --help"


def _figure(validation: dict[str, float]) -> str:
    name, value = next(iter(validation.items()), ("", None))
    return f"{name} {number(value)}".strip()
