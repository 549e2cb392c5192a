"""Progress on standard error: one bar a stage, with the time left."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Console:
    """Shows progress and hands it on to ``also``. Bars appear on terminals only."""

    def __init__(self, also: Callable[[str, int, int], None], quiet: bool = False) -> None:
        self._also = also
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
                total=total, desc=stage, file=sys.stderr, dynamic_ncols=True, leave=True
            )
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def note(self, text: str) -> None:
        """A line for people on standard error."""
        self.close()
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Ends the bar that is shown."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
