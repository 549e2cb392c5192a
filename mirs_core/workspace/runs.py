"""Runs: one folder each in the home folder, written once and read-only when finished.

``config.json`` holds the configuration, ``provenance.json`` versions and data set, ``status.json``
the state, ``progress.jsonl`` one line per epoch, ``model.safetensors`` the model of the best epoch,
``archive/`` codes and items, ``metrics.json`` the evaluation.
"""

import secrets
import shutil
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, slug, write_json
from mirs_core.system.provenance import environment
from mirs_core.workspace import annotations, data_set_titles
from mirs_core.workspace.clock import now
from mirs_core.workspace.home import Home
from mirs_core.workspace.run_folder import STATES, RunFolder, is_usable, read_mapping

__all__ = [
    "STATES",
    "RunFolder",
    "RunSummary",
    "abandon",
    "create",
    "delete",
    "find",
    "folder",
    "list_runs",
    "removable",
    "serve",
    "served_run",
    "summary",
]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in a list of runs. ``map_at_64`` is the min(R, k) value or None.

    ``served`` marks the default model.
    ``trained`` heads are networks (baselines and PCA-sign have none); ``whitened`` is per domain.
    """

    id: str
    name: str
    preset: str
    encoder: str
    data: str
    data_title: str
    data_root: Path
    manifest_digest: str
    seed: int
    archive_id: str | None
    state: str
    served: bool
    synthetic: bool
    map_at_64: float | None
    bits: int | None
    distance: str
    created: str
    error: str | None = None
    tags: tuple[str, ...] = ()
    trained: bool = False
    whitened: bool = False

    @property
    def usable(self) -> bool:
        """Whether the run can be searched: done, or stopped with its best epoch archived."""
        return is_usable(self.state, self.archive_id)


def folder(home: Home, run_id: str) -> RunFolder:
    """The folder of an existing run.

    Raises:
        RunError: there is no run with this id.
    """
    if not is_safe_name(run_id) or not (home.runs / run_id / "config.json").is_file():
        raise annotations.no_such_run(run_id)
    return RunFolder(home.runs / run_id)


DEFAULT = "default"
"""Stands for the default model where a run is named, unless a run has this id or name."""


def find(home: Home, reference: str) -> str:
    """The id of the run with this id, or with this name if it is the only one.

    Raises:
        RunError: there is no such run, or several have the name; the message lists candidates.
    """
    if is_safe_name(reference) and (home.runs / reference / "config.json").is_file():
        return reference
    listed = list_runs(home)
    named = [run for run in listed if run.name == reference]
    if len(named) == 1:
        return named[0].id
    if named:
        candidates = ", ".join(f"{run.id} ({run.preset} on {run.data})" for run in named)
        raise RunError(
            f"{len(named)} runs are named {reference!r}: {candidates}. Give an id, or rename one."
        )
    if reference == DEFAULT:
        if (served := served_run(home)) is not None:
            return folder(home, served).id
        raise RunError("There is no default model; choose one with: mirs runs serve RUN")
    names = dict.fromkeys(text for run in listed for text in (run.name, run.id))
    near = get_close_matches(reference, list(names), 3, 0.5)
    hint = f" Similar: {', '.join(near)}." if near else ""
    raise RunError(f"{annotations.no_such_run(reference)}{hint}")


def create(
    home: Home,
    config: configs.RunConfig,
    *,
    run_id: str | None = None,
    name: str | None = None,
    provenance: dict[str, Any],
) -> RunFolder:
    """A new run in the state ``queued``; ``provenance`` is added to versions, commit and platform.

    Raises:
        RunError: ``run_id`` is taken or is not a safe folder name.
    """
    data_name = str(provenance.get("data_name", "data"))
    run_id = run_id or f"{config.preset}-{slug(data_name)}-s{config.seed}-{secrets.token_hex(3)}"
    target = home.runs / run_id
    if not is_safe_name(run_id):
        raise RunError(
            f"{run_id!r} is not a valid run id: use lower-case letters, digits, dots, underscores"
            " and hyphens."
        )
    if target.exists():
        raise RunError(f"There is already a run {run_id!r}; delete it first.")
    facts = {"name": name or run_id, "created": now(), **environment(), **provenance}
    temporary = home.runs / f".new-{run_id}-{secrets.token_hex(3)}"
    write_json(temporary / "config.json", config.to_json())
    write_json(temporary / "provenance.json", facts)
    RunFolder(temporary).set_status("queued")
    temporary.replace(target)
    return RunFolder(target)


def summary(home: Home, run: RunFolder, served: str | None) -> RunSummary:
    """The summary of ``run``. Raises MirsError if its files are damaged."""
    config, facts, status = run.config(), run.provenance(), run.status()
    annotation, value = annotations.read(home, run.id), None
    title = data_set_titles.title_of(home, Path(config.archive_root))
    if run.metrics.is_file():
        value = _value_of(read_mapping(run.metrics), run.metrics)
    return RunSummary(
        id=run.id,
        name=annotation.name or str(facts.get("name", run.id)),
        preset=config.preset,
        encoder=config.encoder.name,
        data=str(facts.get("data_name", "")),
        data_title=title or str(facts.get("data_title") or facts.get("data_name", "")),
        data_root=Path(config.archive_root),
        manifest_digest=str(facts.get("manifest", "")),
        seed=config.seed,
        archive_id=facts.get("archive_id"),
        state=status["state"],
        served=run.id == served,
        synthetic=bool(facts.get("synthetic")),
        map_at_64=value,
        bits=config.head.bits if config.hashes else None,
        distance=config.archive.distance,
        created=str(facts.get("created", "")),
        error=status.get("error"),
        tags=annotation.tags,
        trained=config.trains,
        whitened=config.whitening.enabled,
    )


def _value_of(metrics: dict[str, Any], path: Path) -> float | None:
    """mAP@64 with min(R, k) of a report; None if nothing could be measured."""
    try:
        value = metrics["map_at_64"]["min_r_k"]["value"]
        return None if value is None else float(value)
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path} is damaged. Delete the run and train again.") from None


def list_runs(home: Home) -> list[RunSummary]:
    """All readable runs, newest first. A damaged folder is listed as failed, with the reason."""
    served, summaries = served_run(home), []
    for path in sorted(home.runs.glob("[a-z0-9]*")):
        run = RunFolder(path)
        if not is_safe_name(run.id) or not (path / "config.json").exists():
            continue
        try:
            summaries.append(summary(home, run, served))
        except MirsError as error:
            summaries.append(_damaged(run, str(error)))
    return sorted(summaries, key=lambda run: (run.created, run.id), reverse=True)


def _damaged(run: RunFolder, error: str) -> RunSummary:
    return RunSummary(
        id=run.id, name=run.id, preset="", encoder="", data="", data_title="", data_root=Path(),
        seed=0, manifest_digest="", archive_id=None, state="failed", served=False, synthetic=False,
        map_at_64=None, bits=None, distance="", created="", error=error,
    )  # fmt: skip


def served_run(home: Home) -> str | None:
    """The id of the default model, or None."""
    try:
        run_id = read_mapping(home.default_run).get("run")
    except RunError:
        return None
    return run_id if isinstance(run_id, str) and is_safe_name(run_id) else None


def serve(home: Home, run_id: str) -> None:
    """Makes a finished run the default model; nothing else changes that choice.

    Raises:
        RunError: the run does not exist or is not done.
    """
    folder(home, run_id).check_usable("can be the default model")
    write_json(home.default_run, {"run": run_id})


def delete(home: Home, run_id: str) -> None:
    """Deletes a run permanently; ``bin.discard`` moves it to the bin, where it can be restored.

    Raises:
        RunError: the run does not exist, is running, or is the default model.
    """
    abandon(removable(home, run_id))
    annotations.delete(home, run_id)


def abandon(run: RunFolder) -> None:
    """Deletes the files of a run that this process created, whatever its state."""
    doomed = run.path.with_name(f".deleted-{run.id}-{secrets.token_hex(3)}")
    run.path.replace(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def removable(home: Home, run_id: str) -> RunFolder:
    """The folder of a run that may be deleted.

    Raises:
        RunError: the run does not exist, is running, or is the default model.
    """
    run = folder(home, run_id)
    if served_run(home) == run_id:
        raise RunError(f"Run {run_id} is the default model; choose another default model first.")
    try:
        running = run.status()["state"] == "running"
    except RunError:
        running = False
    if running:
        raise RunError(f"Run {run_id} is running; stop it first.")
    return run
