"""``runs rename``, ``tag`` and ``note``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import add_run, verb
from mirs_core.workspace import annotations
from mirs_core.workspace.annotations import Annotation
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def rename(args: argparse.Namespace, console: Console) -> Answer:
    """Renames a run; an empty name restores the original one."""
    return _answer(args.id, annotations.change(Home.current(), args.id, name=args.text))


def tag(args: argparse.Namespace, console: Console) -> Answer:
    """Replaces the tags of a run; none removes them."""
    return _answer(args.id, annotations.change(Home.current(), args.id, tags=args.text))


def note(args: argparse.Namespace, console: Console) -> Answer:
    """Replaces the notes of a run; an empty text removes them."""
    return _answer(args.id, annotations.change(Home.current(), args.id, notes=args.text))


def _answer(run_id: str, annotation: Annotation) -> Answer:
    lines = [
        run_id,
        f"name   {annotation.name or '-'}",
        f"tags   {', '.join(annotation.tags) or '-'}",
        f"notes  {annotation.notes or '-'}",
    ]
    return {"run": run_id, **annotation.to_json()}, "\n".join(lines)


def add_verbs(verbs: Any) -> None:
    """The verbs of the group ``runs`` that annotate a run."""
    for name, command, help, word, count in (
        ("rename", rename, "rename a run", "NAME", None),
        ("tag", tag, "replace the tags of a run", "TAG", "*"),
        ("note", note, "replace the notes of a run", "TEXT", None),
    ):
        parser = verb(verbs, name, command, help)
        add_run(parser, "id")
        parser.add_argument("text", metavar=word, nargs=count)
