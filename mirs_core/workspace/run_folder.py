"""The folder of one run: its files, status, configuration and history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.errors import RunError
from mirs_core.files import read_json, write_json
from mirs_core.system.processes import is_alive, this_process
from mirs_core.workspace.clock import now

STATES = ("queued", "running", "done", "failed", "stopped")

ENDED_SILENTLY = "The process ended with no error message."
"""Error of a run whose process died before it could record one."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run."""

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
    def archive(self) -> Path:
        """The archive: segments of codes and items, with a list of them (``columns.reading``)."""
        return self.path / "archive"

    @property
    def old_codes(self) -> Path:
        """Codes or features of all tiles in one array, as runs up to version 0.3.0 have them."""
        return self.archive / "codes.npy"

    @property
    def old_items(self) -> Path:
        """Items in one JSON file, as runs up to version 0.3.0 have them."""
        return self.archive / "items.json"

    @property
    def metrics(self) -> Path:
        """The evaluation report with its per-query values."""
        return self.path / "metrics.json"

    @property
    def progress(self) -> Path:
        """One JSON line per epoch."""
        return self.path / "progress.jsonl"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint that an unfinished training resumes from."""
        return self.path / "checkpoint.safetensors"

    @property
    def learnt(self) -> Path:
        """Splits of training and validation tiles that may be missing from the run's items."""
        return self.path / "learnt.json"

    @property
    def excluded(self) -> Path:
        """Content hashes of tiles that were removed from the archive permanently."""
        return self.path / "excluded.json"

    def write_excluded(self, tiles: Mapping[str, str]) -> None:
        """Records tiles that were removed from the archive: id by content hash."""
        if tiles:
            write_json(self.excluded, dict(sorted(tiles.items())))

    def excluded_tiles(self) -> dict[str, str]:
        """Id by content hash of the tiles that were removed from the archive."""
        return read_mapping(self.excluded) if self.excluded.exists() else {}

    def write_learnt(self, roles: Mapping[str, str]) -> None:
        """Records the tiles that the model was trained on: split by content hash."""
        write_json(self.learnt, dict(sorted(roles.items())))

    def learnt_roles(self) -> dict[str, str]:
        """Split by content hash of training tiles that may be missing from the run's items."""
        return read_mapping(self.learnt) if self.learnt.exists() else {}

    def config(self) -> configs.RunConfig:
        """The run's configuration. Raises ConfigError or RunError if it is damaged."""
        return configs.from_json(read_json(self.path / "config.json"))

    def provenance(self) -> dict[str, Any]:
        """Versions, data set and other facts about how the run was made."""
        return read_mapping(self.path / "provenance.json")

    def status(self) -> dict[str, Any]:
        """State, error and time; a run whose process has died is reported as failed."""
        status = read_mapping(self.path / "status.json")
        if status.get("state") not in STATES:
            raise RunError(f"{self.path / 'status.json'} has an unknown state. Delete the run.")
        if status["state"] == "running" and not is_alive(status.get("process")):
            return {**status, "state": "failed", "error": ENDED_SILENTLY}
        return status

    def check_usable(self, purpose: str) -> None:
        """Raises an error unless the run has an archive: done, or stopped after its first epoch.

        Args:
            purpose: what only such a run can do, as in "can be exported".

        Raises:
            RunError: the run is not finished, or its files are damaged.
        """
        state = self.status()["state"]
        if not is_usable(state, self.provenance().get("archive_id")):
            raise RunError(f"Run {self.id} is {state}; only a finished run {purpose}.")

    def set_status(self, state: str, error: str | None = None) -> None:
        """Replaces the run's state; records the time and, while running, this process."""
        process = this_process() if state == "running" else None
        write_json(
            self.path / "status.json",
            {"state": state, "error": error, "process": process, "updated": now()},
        )

    def append_progress(self, line: dict[str, Any]) -> None:
        """Adds one line to ``progress.jsonl``.

        Raises:
            RunError: the file cannot be written.
        """
        try:
            with self.progress.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(line, allow_nan=False) + "\n")
        except OSError as error:
            raise RunError(
                f"{self.progress} cannot be written ({error.strerror}); free some space and resume."
            ) from None

    def history(self) -> list[dict[str, Any]]:
        """The epochs so far; an incomplete last line is left out."""
        try:
            lines = self.progress.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []
        epochs = []
        for line in lines:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                break
            if not isinstance(value, dict):
                break
            epochs.append(value)
        return epochs


def is_usable(state: str, archive: str | None) -> bool:
    """Whether a run in this state, with this archive id, can be searched."""
    return state == "done" or (state == "stopped" and archive is not None)


def read_mapping(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a run. Raises RunError if it is missing or damaged."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise RunError(f"{path} is damaged. Delete the run and train again.")
    return value
