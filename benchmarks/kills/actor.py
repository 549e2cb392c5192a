"""``python -m benchmarks.kills.actor HOME DATA COUNT``: it submits as the app does.

It says ``ready`` when it has imported what it needs, and begins at a line on standard input. It
prepares and queues one training, or, with COUNT above 0, so many short jobs as fast as it can.
"""

import sys
from pathlib import Path

from benchmarks.kills.ground import Ground
from mirs_core import jobs
from mirs_core.workspace.home import Home

SHORT = ("data", "describe")
"""A short command; its one stage is told in the job's log each time that it is carried out."""


def main(home: Home, data: Path, count: int) -> None:
    """Submits when a line arrives on standard input."""
    ground = Ground(home, data)
    _say("ready")
    sys.stdin.readline()
    if not count:
        _say(ground.submit())
    for _ in range(count):
        _say(jobs.submit(home, [*SHORT, str(data)], "Describe"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Home(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]))
