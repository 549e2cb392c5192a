"""When the compiled comparison of codes is used: once it has paid for loading Numba."""

import threading
from collections.abc import Callable

Scan = Callable[..., None]

PAYS = 1 << 32
"""FAISS compares so many codes with a query in about the time that loading takes."""


class Loader:
    """Loads the compiled scan when a process has compared enough codes; never before.

    A search that is large by itself waits for it. Many small ones do not: it is loaded in a thread
    while they go on with FAISS, which gives the same results.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compared = 0
        self._started = False
        self._scan: Scan | None = None

    def scan_for(self, pairs: int) -> Scan | None:
        """The compiled scan for a search of so many pairs of codes; None as long as FAISS does."""
        if self._scan is not None:
            return self._scan
        with self._lock:
            self._compared += pairs
            starts = self._compared >= PAYS and not self._started
            self._started |= starts
        if pairs >= PAYS:
            return self.load()
        if starts:
            threading.Thread(target=self.load, name="mirs-kernels").start()
        return None

    def load(self) -> Scan:
        """The compiled scan, loaded now if it is not yet."""
        from mirs_core.ranking import kernels

        self._scan = kernels.scan
        return self._scan


LOADER = Loader()
"""That of this process."""
