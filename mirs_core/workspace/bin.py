"""The bin: deleted runs that can be restored, in ``$MIRS_HOME/bin/<id>``.

The annotation of a run is stored in ``discarded.json`` inside its folder.
"""

import contextlib
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, make_folder, read_json, write_json
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.clock import now
from mirs_core.workspace.home import Home

_NOTE = "discarded.json"


@dataclass(frozen=True, slots=True)
class BinnedRun:
    """A run in the bin. ``data_title`` and ``discarded`` (ISO) are empty if unknown."""

    id: str
    name: str
    preset: str
    data_title: str
    discarded: str
    bytes: int


def discard(home: Home, run_id: str) -> None:
    """Moves a run into the bin.

    Raises:
        RunError: the run does not exist, is running, or is the default model; or the bin holds
            another run with this id.
    """
    run, target = runs.removable(home, run_id), home.bin / run_id
    if target.exists():
        raise RunError(f"The bin already holds a run {run_id!r}; delete it permanently first.")
    make_folder(target.parent)
    run.path.replace(target)
    annotation = annotations.read(home, run_id).to_json()
    write_json(target / _NOTE, {"discarded": now(), "annotation": annotation})
    annotations.delete(home, run_id)


def discarded(home: Home) -> list[BinnedRun]:
    """The runs in the bin, the most recently deleted first."""
    binned = [
        _entry(path)
        for path in home.bin.glob("[a-z0-9]*")
        if path.is_dir() and is_safe_name(path.name)
    ]
    return sorted(binned, key=lambda run: (run.discarded, run.id), reverse=True)


def restore(home: Home, run_id: str) -> None:
    """Restores a run from the bin, with its name, tags and notes.

    Raises:
        RunError: the run is not in the bin, or another run has its id.
    """
    path, target = _existing(home, run_id), home.runs / run_id
    if target.exists():
        raise RunError(f"Another run has the id {run_id!r}; delete that one first.")
    make_folder(target.parent)
    with contextlib.suppress(MirsError):
        annotations.write(home, run_id, annotations.parse(_note(path).get("annotation")))
    (path / _NOTE).unlink(missing_ok=True)
    path.replace(target)


def empty(home: Home, run_id: str | None = None) -> list[str]:
    """Permanently deletes one run in the bin, or all of them; returns their ids.

    Raises:
        RunError: ``run_id`` is not in the bin.
    """
    paths = [_existing(home, run_id)] if run_id else [home.bin / run.id for run in discarded(home)]
    for path in paths:
        doomed = path.with_name(f".emptied-{path.name}-{secrets.token_hex(3)}")
        path.replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    return [path.name for path in paths]


def _existing(home: Home, run_id: str) -> Path:
    path = home.bin / run_id
    if not is_safe_name(run_id) or not path.is_dir():
        raise RunError(
            f"There is no run {run_id!r} in the bin; look it up in the list of deleted runs."
        )
    return path


def _entry(path: Path) -> BinnedRun:
    note, run = _note(path), runs.RunFolder(path)
    annotation = annotations.Annotation()
    with contextlib.suppress(MirsError):
        annotation = annotations.parse(note.get("annotation"))
    preset, facts = "", dict[str, Any]()
    with contextlib.suppress(MirsError):
        preset, facts = run.config().preset, run.provenance()
    return BinnedRun(
        id=path.name,
        name=annotation.name or str(facts.get("name", path.name)),
        preset=preset,
        data_title=str(facts.get("data_title") or facts.get("data_name", "")),
        discarded=str(note.get("discarded", "")),
        bytes=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
    )


def _note(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path / _NOTE)
    except MirsError:
        return {}
    return value if isinstance(value, dict) else {}
