"""Progress on standard error: one bar a stage, with the time left."""

import sys
from types import TracebackType
from typing import Any

from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable

# Counts beyond this, bytes above all, are shown as 1.2M.
_MANY = 1_000_000


class Console:
    """Shows progress and passes it on to ``also``. Bars appear on terminals only.

    ``should_stop`` says whether the command is to stop.
    """

    def __init__(
        self, also: Progress = silent, should_stop: ShouldStop = never, quiet: bool = False
    ) -> None:
        self._also, self.should_stop = also, should_stop
        self._shown = not quiet and sys.stderr.isatty()
        self._plain = not quiet and not self._shown
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> "Console":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def stoppable(self) -> Progress:
        """The progress of work that may end at any report."""
        return stoppable(self.progress, self.should_stop)

    def progress(self, stage: str, done: int, total: int) -> None:
        """The :data:`mirs_core.progress.Progress` of the command line."""
        self._also(stage, done, total)
        if self._plain and stage != self._stage:
            print(stage, file=sys.stderr, flush=True)
        if self._shown:
            self._draw(stage, done, total)
        self._stage = stage

    def _draw(self, stage: str, done: int, total: int) -> None:
        from tqdm import tqdm

        if stage != self._stage or self._bar is None:
            self.close()
            self._bar = tqdm(
                total=total,
                desc=stage,
                file=sys.stderr,
                dynamic_ncols=True,
                leave=True,
                unit_scale=total > _MANY,
            )
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def note(self, text: str) -> None:
        """Writes a line to standard error."""
        self.close()
        print(text, file=sys.stderr, flush=True)

    def agrees(self, question: str) -> bool:
        """Asks a yes-or-no question on the terminal; without one the answer is no."""
        if not sys.stdin.isatty():
            return False
        self.note(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def close(self) -> None:
        """Removes the progress bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
