"""``session show``: what a session file holds, and what of it is here."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb, verbs_of
from mirs_core.errors import DataError
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.exchange.sessions import Findings, SavedCollection, Session

Answer = tuple[dict[str, Any], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The group ``session``."""
    verbs = verbs_of(parser)
    show_verb = verb(
        verbs, "show", show, "what a session file holds, and what of it is missing here"
    )
    show_verb.add_argument("file", type=Path, metavar="FILE")


def show(args: argparse.Namespace, console: Console) -> Answer:
    """Reads a session file and looks for its models and tiles; changes nothing."""
    from mirs_core.exchange import sessions

    path = args.file.expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    session = sessions.read(data)
    findings = sessions.match(Home.current(), session)
    answer = {
        "created": session.created,
        "software": session.software,
        "note": session.note,
        "data_set": session.data.title if session.data else None,
        "search": dict(session.search),
        "models": [model.name for model in session.models],
        "images": [image.name for image in session.images],
        "earlier_queries": len(session.history),
        "collections": {entry.name: len(entry.tiles) for entry in session.collections},
        "here": findings.to_json(),
    }
    return answer, _text(session, findings)


def _text(session: "Session", findings: "Findings") -> str:
    here = {model.run: findings.models.get(model.run) for model in session.models}
    lines = [
        f"Saved {session.created} by {session.software}",
        *([f"Note: {session.note}"] if session.note else []),
        f"Data set: {session.data.title if session.data else 'none'}",
        *(f"Model: {m.name} ({f'here as {run}' if run else 'missing'})"
          for m in session.models for run in [here[m.run]]),
        *(f"{name}: {value}" for name, value in session.search.items()),
        *(f"Image: {image.name} ({len(image.data):,} bytes)" for image in session.images),
        f"Earlier queries: {len(session.history)}",
        *(f"Collection: {name}" for name in map(_collection, session.collections)),
        "",
        *(findings.missing or ("Everything is here.",)),
    ]  # fmt: skip
    return "\n".join(lines)


def _collection(saved: "SavedCollection") -> str:
    count = len(saved.tiles)
    return f"{saved.name} ({count:,} {'tile' if count == 1 else 'tiles'})"
