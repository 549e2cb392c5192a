"""How often a failed request is tried again, and how long to wait in between."""

import time
from collections.abc import Callable

from mirs_core.datasets.download.addresses import BrokenOffError
from mirs_core.errors import DataError

Pause = Callable[[float], None]
"""Waits for so many seconds."""

_TRIES = 6
_LONGEST_WAIT = 60


class Patience:
    """Counts failures in a row; the pauses between them grow: 1, 2, 4, 8, 16 seconds."""

    def __init__(self, pause: Pause = time.sleep, tries: int = _TRIES) -> None:
        self._pause, self._tries, self._failed = pause, tries, 0

    def got_on(self) -> None:
        """Something was gained: the failures before it are forgotten."""
        self._failed = 0

    def wait(self, error: BrokenOffError, tick: Callable[[], None]) -> None:
        """Waits before the next try; ``tick`` is called every second and may raise to stop.

        Raises:
            DataError: there were enough tries.
        """
        self._failed += 1
        if self._failed >= self._tries:
            raise DataError(
                f"{error} Tried {self._tries} times; try again later, it goes on where it stopped."
            )
        for _ in range(max(min(2 ** (self._failed - 1), _LONGEST_WAIT), error.wait)):
            tick()
            self._pause(1.0)
