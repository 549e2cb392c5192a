"""A worker process under watch: its time, its memory, and whether it dies."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.mutations import worker
from mirs_core.errors import RunError

HANG_SECONDS = 10.0
"""Processor time without progress, after which an act counts as hanging."""
STALL_SECONDS = 60.0
"""The same in time of the clock, which also passes when others use the processor."""
MOST_MB = 2_000.0
"""Memory of the worker, torch included, above which an act is at fault."""

_START_SECONDS = 120.0
_POLL_SECONDS = 0.05
_REFRESH = 400
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Gives mutants to a worker, and starts a new one when it dies or is killed.

    A worker is also replaced after 400 mutants, so that memory which libraries do not give back
    is not counted against a later one.
    """

    def __init__(self, base: Path, command: Sequence[str] = ()) -> None:
        """``base`` is the folder that ``sandbox.prepare`` has filled.

        Args:
            command: starts a worker; by default the module of that name.
        """
        self._base = base
        self._command = command or (sys.executable, "-m", worker.__name__, str(base))
        self._worker: _Worker | None = None
        self._opened = 0

    def open(self, order: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The outcome of each act with a mutant, by name: ``result``, ``said`` and figures.

        Results beyond those of the worker: hang, memory and crash, with the act during which it
        happened as their last.
        """
        if self._opened >= _REFRESH:
            self.close()
        if self._worker is None:
            self._worker, self._opened = self._started(), 0
        self._opened += 1
        self._worker.send(order)
        return self._awaited(self._worker)

    def close(self) -> None:
        """Ends the worker."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def _started(self) -> "_Worker":
        started = _Worker(self._base, self._command)
        if started.line(_START_SECONDS) != "ready":
            raise RunError(f"The worker did not start: {' '.join(started.end()[-500:].split())}")
        return started

    def _awaited(self, running: "_Worker") -> dict[str, dict[str, Any]]:
        act, since = "", _Since(running.process.pid)
        while True:
            line = running.line(_POLL_SECONDS)
            if line is None:
                fault = since.fault()
            elif line.startswith("end "):
                outcomes: dict[str, dict[str, Any]] = json.loads(line[4:])
                return {name: _over_memory(outcome) for name, outcome in outcomes.items()}
            elif line:
                act = line[4:] if line.startswith("act ") else act
                since = _Since(running.process.pid)
                continue
            else:
                fault = "crash", f"exit status {running.process.wait()}"
            if fault:
                self._worker = None
                return {act: {"result": fault[0], "said": f"{fault[1]}\n{running.end()}"}}


class _Worker:
    """A process, and the lines that it has written."""

    def __init__(self, base: Path, command: Sequence[str]) -> None:
        self.log = base / "worker.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "MIRS_HOME": str(base / "home")},
            )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put("")

    def send(self, order: dict[str, Any]) -> None:
        """Raises BrokenPipeError if the process has ended."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def line(self, seconds: float) -> str | None:
        """The next line; "" if the process has ended, None if none comes in time."""
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return None

    def end(self) -> str:
        """Kills the process; returns the end of its log."""
        self.process.kill()
        self.process.communicate()
        return self.log.read_text(errors="replace")[-3000:]


class _Since:
    """What a process has used since the last word from it."""

    def __init__(self, pid: int) -> None:
        self._pid, self._clock = pid, time.monotonic()
        self._seconds = _processor_seconds(pid)

    def fault(self) -> tuple[str, str] | None:
        """The limit that it has passed, and by how much; None for none."""
        spent = _processor_seconds(self._pid) - self._seconds
        if spent > HANG_SECONDS or time.monotonic() - self._clock > STALL_SECONDS:
            return "hang", f"{spent:.0f} s of the processor without progress"
        try:
            pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return None
        used = pages * _PAGE / 1e6
        return ("memory", f"{used:,.0f} MB") if used > MOST_MB else None


def _over_memory(outcome: dict[str, Any]) -> dict[str, Any]:
    """The outcome, at fault if its peak passed the limit between two looks at it."""
    if outcome["peak_mb"] <= MOST_MB:
        return outcome
    return {**outcome, "result": "memory", "said": f"{outcome['peak_mb']:,.0f} MB"}


def _processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
