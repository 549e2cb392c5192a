"""Progress and end of a job, written by the process that runs it."""

import contextlib
import os
import time
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError, StoppedError
from mirs_core.files import write_json
from mirs_core.jobs.stages import Stage

FOLDER = "MIRS_JOB"
"""The environment variable that names the folder of the job that this process runs."""
_EVERY = 0.2
_MOST_STAGES = 200


class Reporter:
    """Writes progress and end of a job. Outside a job every call does nothing.

    Times are of the monotonic clock: setting the computer's clock changes none of them.
    """

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER)
        self._path = Path(folder) if folder and Path(folder, "job.json").is_file() else None
        # Of several processes of one job, the first one reports.
        self._reports = os.environ.get("RANK", "0") == "0"
        self._started = self._stage_started = time.monotonic()
        self._last = 0.0
        self._stage, self._total = "", 0
        self._past: list[Stage] = []

    def should_stop(self) -> bool:
        """Whether this job is to stop."""
        return self._path is not None and (self._path / "stop").exists()

    def progress(self, stage: str, done: int, total: int) -> None:
        """Writes the progress, at most five times a second. A full disk does not stop the job."""
        now = time.monotonic()
        new = stage != self._stage
        if (
            self._path is None
            or not self._reports
            or not (new or done >= total or now - self._last >= _EVERY)
        ):
            return
        if new:
            self._past = self._stages(now)[-_MOST_STAGES:]
            self._stage_started = now
        self._last, self._stage, self._total = now, stage, total
        spent = now - self._stage_started
        value = {
            "stage": stage,
            "done": done,
            "total": total,
            "seconds": round(now - self._started, 2),
            "left": round(spent / done * (total - done), 1) if done and spent > 1 else None,
            "stages": [part.row() for part in self._stages(now)],
        }
        with contextlib.suppress(RunError):
            write_json(self._path / "progress.json", value)

    def _stages(self, now: float) -> list[Stage]:
        """The stages so far, with the present one."""
        present = Stage(self._stage, self._total, now - self._stage_started)
        return [*self._past, present] if self._stage else self._past

    def end(self, state: str, error: str | None = None, *, repeats: bool = False) -> None:
        """Writes how the process ended: done, stopped or failed.

        Args:
            repeats: whether the same job would fail again.
        """
        if self._path is None or not self._reports:
            return
        now = time.monotonic()
        more = {"stages": [part.row() for part in self._stages(now)], "repeats": repeats}
        with contextlib.suppress(RunError):
            write_ended(self._path, state, error, round(now - self._started, 2), **more)

    def finish(self, answer: object) -> None:
        """Writes the end of work that returned ``answer``: stopped where it says so, else done."""
        if isinstance(answer, dict) and answer.get("stopped"):
            rest = "as requested; what was finished"
            if "epochs" in answer:
                rest = f"after {answer['epochs']} epochs; the best one"
            self.end("stopped", f"Stopped {rest} is kept.")
        else:
            self.end("done")

    def fail(self, error: MirsError) -> str:
        """Writes an expected failure or a stop; returns its message on one line."""
        message = " ".join(str(error).split())
        state = "stopped" if isinstance(error, StoppedError) else "failed"
        self.end(state, message, repeats=error.repeats)
        return message


def write_ended(folder: Path, state: str, error: str | None, seconds: float, **more: Any) -> None:
    """Writes how a job ended, with what else is known of it.

    Raises:
        RunError: the file cannot be written.
    """
    write_json(folder / "ended.json", {"state": state, "error": error, "seconds": seconds, **more})
