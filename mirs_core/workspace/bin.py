"""The bin: runs that were deleted and can be brought back, in ``$MIRS_HOME/bin/<id>``.

What was said about a run goes along, in ``discarded.json`` inside its folder.
"""

import contextlib
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, make_folder, read_json, write_json
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

_NOTE = "discarded.json"


@dataclass(frozen=True, slots=True)
class Discarded:
    """A run in the bin. ``data_title`` and ``discarded`` (ISO) are empty where they are unknown."""

    id: str
    name: str
    preset: str
    data_title: str
    discarded: str
    bytes: int


def discard(home: Home, run_id: str) -> None:
    """Moves a run into the bin.

    Raises:
        RunError: the run does not exist, is running, or is the served one; or the bin holds
            another run of this name.
    """
    run, target = runs.removable(home, run_id), home.bin / run_id
    if target.exists():
        raise RunError(
            f"The bin holds an earlier run {run_id!r}; empty it first:"
            f" python -m mirs_core runs empty-bin {run_id}"
        )
    make_folder(target.parent)
    run.path.replace(target)
    said = annotations.read(home, run_id).to_json()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(target / _NOTE, {"discarded": now, "annotation": said})
    annotations.forget(home, run_id)


def discarded(home: Home) -> list[Discarded]:
    """The runs in the bin, the last one first."""
    found = [
        _entry(path)
        for path in (home.bin).glob("[a-z0-9]*")
        if path.is_dir() and is_safe_name(path.name)
    ]
    return sorted(found, key=lambda one: (one.discarded, one.id), reverse=True)


def restore(home: Home, run_id: str) -> None:
    """Brings a run back from the bin, with its name, tags and notes.

    Raises:
        RunError: the bin does not hold it, or another run has its id by now.
    """
    path, target = _existing(home, run_id), home.runs / run_id
    if target.exists():
        raise RunError(f"There is another run {run_id!r} by now; delete that one first.")
    make_folder(target.parent)
    with contextlib.suppress(MirsError):
        annotations.keep(home, run_id, annotations.parse(_note(path).get("annotation")))
    (path / _NOTE).unlink(missing_ok=True)
    path.replace(target)


def empty(home: Home, run_id: str | None = None) -> list[str]:
    """Removes one run of the bin for good, or all of them; returns their ids.

    Raises:
        RunError: the bin does not hold ``run_id``.
    """
    paths = [_existing(home, run_id)] if run_id else [home.bin / o.id for o in discarded(home)]
    for path in paths:
        doomed = path.with_name(f".emptied-{path.name}-{secrets.token_hex(3)}")
        path.replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    return [path.name for path in paths]


def _existing(home: Home, run_id: str) -> Path:
    path = home.bin / run_id
    if not is_safe_name(run_id) or not path.is_dir():
        raise RunError(f"The bin holds no run {run_id!r}; see: python -m mirs_core runs bin")
    return path


def _entry(path: Path) -> Discarded:
    note, run = _note(path), runs.RunFolder(path)
    said = annotations.Annotation()
    with contextlib.suppress(MirsError):
        said = annotations.parse(note.get("annotation"))
    preset, made = "", dict[str, Any]()
    with contextlib.suppress(MirsError):
        preset, made = run.config().preset, run.provenance()
    return Discarded(
        id=path.name,
        name=said.name or str(made.get("name", path.name)),
        preset=preset,
        data_title=str(made.get("data_title") or made.get("data_name", "")),
        discarded=str(note.get("discarded", "")),
        bytes=sum(one.stat().st_size for one in path.rglob("*") if one.is_file()),
    )


def _note(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path / _NOTE)
    except MirsError:
        return {}
    return value if isinstance(value, dict) else {}
