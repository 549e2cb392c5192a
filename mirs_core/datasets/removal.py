"""Removing data sets from the list, and restoring them. Images are never deleted.

A folder of the user stays as it is. A data set in the home folder is moved to a hidden folder
beside the others. Models whose archives hold the tiles are moved to the bin.
"""

import contextlib
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mirs_core.datasets import registry
from mirs_core.errors import DataError, MirsError
from mirs_core.files import make_folder, read_json, write_json
from mirs_core.system.processes import locked
from mirs_core.workspace import bin, data_set_titles, runs
from mirs_core.workspace.clock import now
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Removed:
    """A data set that was removed.

    Attributes:
        root: its folder, which holds the images unless they were moved.
        title: of the data set.
        moved: where its images are now; empty if they stay in ``root``.
        runs: ids of the models that were moved to the bin.
        served: the one of them that was the default model; empty if none was.
        at: when, as ISO 8601.
    """

    root: str
    title: str
    moved: str
    runs: tuple[str, ...]
    served: str
    at: str


def remove(home: Home, root: Path) -> Removed:
    """Removes a data set from the list, with its models; ``restore`` undoes this.

    If its models include the default model, the newest usable model on other data takes over.

    Raises:
        DataError: no data set is in ``root``, or its folder cannot be moved.
        RunError: one of its models is being trained.
    """
    root = root.resolve()
    entry = next((d for d in registry.known_data_sets(home, counted=False) if d.root == root), None)
    if entry is None:
        raise DataError(f"{root} is not on the list of data sets; list them: mirs data list")
    listed = runs.list_runs(home)
    mine = [run.id for run in listed if run.data_root == root]
    for run in listed:
        if run.id in mine and run.state in {"running", "queued"}:
            raise DataError(f"Model {run.id} is being trained on {entry.title}; stop it first.")
    if blocking := [run_id for run_id in mine if (home.bin / run_id).exists()]:
        raise DataError(f"The bin already holds a run {blocking[0]!r}; empty the bin first.")
    served = runs.served_run(home)
    with locked(home.locks / "removed-data-sets"):
        moved = _move_aside(home, root)
        if served in mine:
            _serve_another(home, [run.id for run in listed if run.usable and run.id not in mine])
        for run_id in mine:
            bin.discard(home, run_id)
        registry.forget(home, root)
        removed = Removed(
            str(root), entry.title, moved, tuple(mine), served if served in mine else "", now()
        )
        _write(home, [*removed_data_sets(home), removed])
    return removed


def removed_data_sets(home: Home) -> list[Removed]:
    """The data sets that can be restored, in the order in which they were removed."""
    with contextlib.suppress(MirsError, TypeError, KeyError):
        if home.removed_data_sets.is_file():
            return [_parsed(value) for value in read_json(home.removed_data_sets)["removed"]]
    return []


def restore(home: Home, text: str) -> Removed:
    """Restores the data set that was removed last under this title or folder, with its models.

    Models that were deleted from the bin since stay deleted.

    Raises:
        DataError: no such data set was removed, or something else is in its place now.
    """
    with locked(home.locks / "removed-data-sets"):
        entries = removed_data_sets(home)
        matching = [r for r in entries if text in (r.root, r.title) or r.root == _resolved(text)]
        if not matching:
            titles = ", ".join(r.title for r in entries) or "none"
            raise DataError(f"No data set {text!r} was removed (removed: {titles}).")
        removed = matching[-1]
        root = Path(removed.root)
        if removed.moved:
            if root.exists():
                raise DataError(f"{root} exists already; rename that folder first.")
            _rename(Path(removed.moved), root)
        elif not root.is_dir():
            raise DataError(f"The folder {root} is no longer there; put it back first.")
        registry.remember(home, root)
        for run_id in removed.runs:
            with contextlib.suppress(MirsError):
                bin.restore(home, run_id)
        if removed.served:
            with contextlib.suppress(MirsError):
                runs.serve(home, removed.served)
        _write(home, [r for r in entries if r is not removed])
    return removed


def rename(home: Home, root: Path, title: str) -> str:
    """Renames a data set; see ``data_set_titles.rename``.

    Raises:
        DataError: no data set is in ``root``, another has this title, or it cannot be used.
    """
    root, title = root.resolve(), " ".join(title.split())
    data_sets = registry.known_data_sets(home, counted=False)
    if root not in {data_set.root for data_set in data_sets}:
        raise DataError(f"{root} is not on the list of data sets; list them: mirs data list")
    same = [d for d in data_sets if d.root != root and d.title.casefold() == title.casefold()]
    if title and same:
        raise DataError(f"Another data set is called {title!r} ({same[0].root}); choose another.")
    return data_set_titles.rename(home, root, title)


def _move_aside(home: Home, root: Path) -> str:
    """Moves a folder out of the folder of data sets; where to, or "" if it is not there."""
    if root.parent != home.data.resolve() or not root.is_dir():
        return ""
    aside = root.parent / ".removed" / f"{root.name}-{secrets.token_hex(3)}"
    make_folder(aside.parent)
    _rename(root, aside)
    return str(aside)


def _rename(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        raise DataError(f"{source} cannot be moved ({error.strerror or error}).") from None


def _serve_another(home: Home, usable: list[str]) -> None:
    if usable:
        runs.serve(home, usable[0])
    else:
        home.default_run.unlink(missing_ok=True)


def _resolved(text: str) -> str:
    return str(Path(text).expanduser().resolve())


def _parsed(value: dict[str, Any]) -> Removed:
    return Removed(**{**value, "runs": tuple(value["runs"])})


def _write(home: Home, removed: list[Removed]) -> None:
    write_json(home.removed_data_sets, {"removed": [asdict(entry) for entry in removed]})
