"""Commands in processes of their own, as a user would start them, with their time and memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mirs_core.errors import RunError
from mirs_core.workspace.home import Home

_POLL_SECONDS = 0.05


class Step:
    """A command in a separate process, watched while it runs."""

    def __init__(self, words: list[str], home: Home) -> None:
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mirs_core", *words, "--quiet", "--json"],
            env={**os.environ, "MIRS_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.peak_mb = self.seconds = 0.0

    def watch(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Waits for the end, or kills the process as soon as ``is_enough``."""
        while self._process.poll() is None:
            self.peak_mb = max(self.peak_mb, _peak_mb(self._process.pid))
            if is_enough():
                self._process.kill()
                self._process.communicate()
                break
            time.sleep(_POLL_SECONDS)
        self.seconds = time.perf_counter() - self._started

    def answer(self) -> dict[str, Any]:
        """The JSON object that the command printed at its end."""
        self.watch()
        out, error = self._process.communicate()
        if self._process.returncode:
            raise RunError(f"A step of the benchmark failed: {error.strip().splitlines()[-1:]}.")
        result: dict[str, Any] = json.loads(out.splitlines()[-1])
        return result


def _peak_mb(pid: int) -> float:
    # The system's own high-water mark: only a peak after the last reading is missed.
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1000
    except OSError:
        pass
    return 0.0
