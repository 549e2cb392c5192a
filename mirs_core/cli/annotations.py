"""``runs rename``, ``tag`` and ``note``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.workspace import annotations
from mirs_core.workspace.annotations import Annotation
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def rename(args: argparse.Namespace, console: Console) -> Answer:
    """Names a run; an empty name gives it back the one it was made with."""
    return _answer(args.id, annotations.change(Home.current(), args.id, name=args.text))


def tag(args: argparse.Namespace, console: Console) -> Answer:
    """Replaces the tags of a run; none takes them away."""
    return _answer(args.id, annotations.change(Home.current(), args.id, tags=args.text))


def note(args: argparse.Namespace, console: Console) -> Answer:
    """Replaces the notes of a run; an empty text takes them away."""
    return _answer(args.id, annotations.change(Home.current(), args.id, notes=args.text))


def _answer(run_id: str, said: Annotation) -> Answer:
    lines = [
        run_id,
        f"name   {said.name or '-'}",
        f"tags   {', '.join(said.tags) or '-'}",
        f"notes  {said.notes or '-'}",
    ]
    return {"run": run_id, **said.to_json()}, "\n".join(lines)
