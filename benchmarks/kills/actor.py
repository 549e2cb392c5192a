"""``python -m benchmarks.kills.actor HOME DATA COUNT``: submit jobs as the app does.

Prints ``ready`` after its imports and starts at a line on standard input. It prepares and queues
one training or, with COUNT above 0, that many short jobs as fast as it can.
"""

import sys
from pathlib import Path

from benchmarks.kills.sandbox import Sandbox
from mirs_core import jobs
from mirs_core.workspace.home import Home

SHORT = ("data", "describe")
"""A short command; each execution writes its single stage to the job's log."""


def main(home: Home, data: Path, count: int) -> None:
    """Submits when a line arrives on standard input."""
    sandbox = Sandbox(home, data)
    _print("ready")
    sys.stdin.readline()
    if not count:
        _print(sandbox.submit())
    for _ in range(count):
        _print(jobs.submit(home, jobs.Command((*SHORT, str(data))), "Describe"))


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Home(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]))
