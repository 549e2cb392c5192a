"""Runs: one folder each under the home folder, written once and read-only when finished.

``config.json`` what was asked, ``provenance.json`` what it was made with, ``status.json`` how it
went, ``progress.jsonl`` one line an epoch, ``model.safetensors`` the model of one epoch,
``archive/`` the codes and their items, ``metrics.json`` the evaluation.
"""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, read_json, slug, write_json
from mirs_core.system.processes import is_alive, this_process
from mirs_core.system.provenance import environment
from mirs_core.workspace import annotations
from mirs_core.workspace.home import Home

STATES = ("queued", "running", "done", "failed", "stopped")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a list of runs shows of one. ``map_at_64`` is the min(R, k) value or None.

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
        return _is_usable(self.state, self.archive_id)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the files of one run stand."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id, the name of its folder."""
        return self.path.name

    @property
    def model(self) -> Path:
        """The trained model, one epoch."""
        return self.path / "model.safetensors"

    @property
    def codes(self) -> Path:
        """Packed codes (N, bits/8) uint8, or features (N, D) float32 of a baseline."""
        return self.path / "archive" / "codes.npy"

    @property
    def items(self) -> Path:
        """The items, parallel to the rows of ``codes``."""
        return self.path / "archive" / "items.json"

    @property
    def metrics(self) -> Path:
        """The evaluation report with its per-query values."""
        return self.path / "metrics.json"

    @property
    def progress(self) -> Path:
        """One JSON line an epoch."""
        return self.path / "progress.jsonl"

    @property
    def checkpoint(self) -> Path:
        """Where a training that did not come to its end goes on from."""
        return self.path / "checkpoint.safetensors"

    @property
    def learnt(self) -> Path:
        """Roles of training and validation tiles, where the run's items may not hold them."""
        return self.path / "learnt.json"

    @property
    def excluded(self) -> Path:
        """Contents of the tiles that were taken out of the archive and are not to come back."""
        return self.path / "excluded.json"

    def keep_excluded(self, tiles: Mapping[str, str]) -> None:
        """Remembers tiles that were taken out: their id by content hash."""
        if tiles:
            write_json(self.excluded, dict(sorted(tiles.items())))

    def excluded_tiles(self) -> dict[str, str]:
        """Id by content hash of the tiles that were taken out of the archive."""
        return _mapping(self.excluded) if self.excluded.exists() else {}

    def keep_learnt(self, roles: Mapping[str, str]) -> None:
        """Remembers the tiles that the model has learnt from: role by content hash."""
        write_json(self.learnt, dict(sorted(roles.items())))

    def learnt_roles(self) -> dict[str, str]:
        """Role by content hash of tiles that the model knows and its items may not hold."""
        return _mapping(self.learnt) if self.learnt.exists() else {}

    def config(self) -> configs.RunConfig:
        """The run's configuration. Raises ConfigError or RunError where it is damaged."""
        return configs.from_json(read_json(self.path / "config.json"))

    def provenance(self) -> dict[str, Any]:
        """What the run was made with."""
        return _mapping(self.path / "provenance.json")

    def status(self) -> dict[str, Any]:
        """How the run went; a running state whose process is gone reads as failed."""
        status = _mapping(self.path / "status.json")
        if status.get("state") not in STATES:
            raise RunError(f"{self.path / 'status.json'} has no known state. Delete the run.")
        if status["state"] == "running" and not is_alive(status.get("process")):
            return {**status, "state": "failed", "error": "The process ended without a word."}
        return status

    def check_usable(self, purpose: str) -> None:
        """Refuses a run that has no archive: one that isn't done, nor stopped with an epoch kept.

        Args:
            purpose: what it can't be, as in "can be served".

        Raises:
            RunError: the run is not finished, or its files are damaged.
        """
        state = self.status()["state"]
        if not _is_usable(state, self.provenance().get("archive_id")):
            raise RunError(f"Run {self.id} is {state}; only a finished run {purpose}.")

    def set_status(self, state: str, error: str | None = None) -> None:
        """Replaces the run's state; the time and the process are this one's."""
        now = _now()
        process = this_process() if state == "running" else None
        write_json(
            self.path / "status.json",
            {"state": state, "error": error, "process": process, "updated": now},
        )

    def append_progress(self, line: dict[str, Any]) -> None:
        """Adds one line to ``progress.jsonl``.

        Raises:
            RunError: it cannot be written.
        """
        try:
            with self.progress.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(line, allow_nan=False) + "\n")
        except OSError as error:
            raise RunError(
                f"{self.progress} cannot be written ({error.strerror}); free some space and resume."
            ) from None

    def history(self) -> list[dict[str, Any]]:
        """The epochs so far; a last line that is being written is left out."""
        try:
            lines = self.progress.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []
        found = []
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:
                break
            if not isinstance(value, dict):
                break
            found.append(value)
        return found


def _is_usable(state: str, archive: str | None) -> bool:
    return state == "done" or (state == "stopped" and archive is not None)


def _mapping(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise RunError(f"{path} is damaged. Delete the run and train again.")
    return value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def folder(home: Home, run_id: str) -> RunFolder:
    """The folder of an existing run.

    Raises:
        RunError: the id is no run's.
    """
    if not is_safe_name(run_id) or not (home.runs / run_id / "config.json").is_file():
        raise RunError(f"There is no run {run_id!r}; see: python -m mirs_core runs list")
    return RunFolder(home.runs / run_id)


def create(
    home: Home,
    config: configs.RunConfig,
    *,
    run_id: str | None = None,
    name: str | None = None,
    provenance: dict[str, Any],
) -> RunFolder:
    """A new run in the state ``queued``. ``provenance`` adds to versions, commit and platform.

    Raises:
        RunError: ``run_id`` is taken or is no safe folder name.
    """
    data_name = str(provenance.get("data_name", "data"))
    run_id = run_id or f"{config.preset}-{slug(data_name)}-s{config.seed}-{secrets.token_hex(3)}"
    target = home.runs / run_id
    if not is_safe_name(run_id):
        raise RunError(f"{run_id!r} cannot name a run: lower-case letters, digits, . _ - only.")
    if target.exists():
        raise RunError(f"There is a run {run_id!r} already; delete it first.")
    made = {"name": name or run_id, "created": _now(), **environment(), **provenance}
    temporary = home.runs / f".new-{run_id}-{secrets.token_hex(3)}"
    write_json(temporary / "config.json", config.to_json())
    write_json(temporary / "provenance.json", made)
    RunFolder(temporary).set_status("queued")
    temporary.replace(target)
    return RunFolder(target)


def summary(home: Home, run: RunFolder, served: str | None) -> RunSummary:
    """What a list shows of ``run``; raises MirsError where its files are damaged."""
    config, made, status = run.config(), run.provenance(), run.status()
    said, value = annotations.read(home, run.id), None
    if run.metrics.is_file():
        value = _value_of(_mapping(run.metrics), run.metrics)
    return RunSummary(
        id=run.id,
        name=said.name or str(made.get("name", run.id)),
        preset=config.preset,
        encoder=config.encoder.name,
        data=str(made.get("data_name", "")),
        data_title=str(made.get("data_title") or made.get("data_name", "")),
        data_root=Path(config.archive_root),
        manifest_digest=str(made.get("manifest", "")),
        seed=config.seed,
        archive_id=made.get("archive_id"),
        state=status["state"],
        served=run.id == served,
        synthetic=bool(made.get("synthetic")),
        map_at_64=value,
        bits=config.head.bits if config.hashes else None,
        distance=config.archive.distance,
        created=str(made.get("created", "")),
        error=status.get("error"),
        tags=said.tags,
        trained=config.trains,
        whitened=config.whitening.enabled,
    )


def _value_of(metrics: dict[str, Any], path: Path) -> float | None:
    """The headline of a report: mAP@64 with min(R, k), None where nothing could be measured."""
    try:
        value = metrics["map_at_64"]["min_r_k"]["value"]
        return None if value is None else float(value)
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path} is damaged. Delete the run and train again.") from None


def list_runs(home: Home) -> list[RunSummary]:
    """All readable runs, newest first. A damaged folder is listed as failed, with the reason."""
    served, found = served_run(home), []
    for path in sorted((home.runs).glob("[a-z0-9]*")):
        run = RunFolder(path)
        if not is_safe_name(run.id) or not (path / "config.json").exists():
            continue
        try:
            found.append(summary(home, run, served))
        except MirsError as error:
            found.append(_damaged(run, str(error)))
    return sorted(found, key=lambda run: (run.created, run.id), reverse=True)


def _damaged(run: RunFolder, error: str) -> RunSummary:
    return RunSummary(
        id=run.id, name=run.id, preset="", encoder="", data="", data_title="", data_root=Path(),
        seed=0, manifest_digest="", archive_id=None, state="failed", served=False, synthetic=False,
        map_at_64=None, bits=None, distance="", created="", error=error,
    )  # fmt: skip


def served_run(home: Home) -> str | None:
    """The id of the run that the app shows first, or None."""
    try:
        run_id = _mapping(home.default_run).get("run")
    except RunError:
        return None
    return run_id if isinstance(run_id, str) and is_safe_name(run_id) else None


def serve(home: Home, run_id: str) -> None:
    """Makes a finished run the one that the app shows first; nothing else changes that choice.

    Raises:
        RunError: the run does not exist or is not done.
    """
    folder(home, run_id).check_usable("can be served")
    write_json(home.default_run, {"run": run_id})


def delete(home: Home, run_id: str) -> None:
    """Removes a run and its files for good; ``bin.discard`` lets people change their minds.

    Raises:
        RunError: the run does not exist, is running, or is the served one.
    """
    abandon(removable(home, run_id))
    annotations.forget(home, run_id)


def abandon(run: RunFolder) -> None:
    """Removes the files of a run that this process has begun, in whatever state it is."""
    doomed = run.path.with_name(f".deleted-{run.id}-{secrets.token_hex(3)}")
    run.path.replace(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def removable(home: Home, run_id: str) -> RunFolder:
    """The folder of a run that may go.

    Raises:
        RunError: the run does not exist, is running, or is the served one.
    """
    run = folder(home, run_id)
    if served_run(home) == run_id:
        raise RunError(f"Run {run_id} is served; serve another run first.")
    try:
        running = run.status()["state"] == "running"
    except RunError:
        running = False
    if running:
        raise RunError(f"Run {run_id} is running; stop it first.")
    return run
