"""How often a failed request is retried, and how long to wait in between."""

import time
from collections.abc import Callable

from mirs_core.datasets.download.https import ConnectionLostError
from mirs_core.errors import NetworkError

Pause = Callable[[float], None]
"""Sleeps for a number of seconds."""

_ATTEMPTS = 6
_MAX_WAIT = 60


class Retries:
    """Counts failures in a row; the pauses between them grow: 1, 2, 4, 8, 16 seconds."""

    def __init__(self, pause: Pause = time.sleep, attempts: int = _ATTEMPTS) -> None:
        self._pause, self._attempts, self._failures = pause, attempts, 0

    def reset(self) -> None:
        """Forgets earlier failures, after progress was made."""
        self._failures = 0

    def wait(self, error: ConnectionLostError, tick: Callable[[], None]) -> None:
        """Waits before the next attempt; ``tick`` is called every second and may raise to stop.

        Raises:
            NetworkError: this was the last attempt.
        """
        self._failures += 1
        if self._failures >= self._attempts:
            raise NetworkError(
                f"{error} Gave up after {self._attempts} attempts; try again later, the download"
                " resumes where it stopped."
            )
        for _ in range(max(min(2 ** (self._failures - 1), _MAX_WAIT), error.wait)):
            tick()
            self._pause(1.0)
