"""The records of published data sets, looked up in the background: no page waits for a network."""

import re
import threading
import time
from dataclasses import dataclass, field

from mirs_core.datasets import download
from mirs_core.datasets.download import PublishedDataSet, RemoteFile
from mirs_core.errors import MirsError

_FIRST_LOOK, _AGAIN = 0.4, 30.0
_NUMBER = re.compile(r"\[Errno -?\d+\] ")


@dataclass(slots=True)
class Lookup:
    """A request for one record.

    Attributes:
        file: what the record offers; None until it has answered.
        error: why it cannot be had; None as long as that is not known.
        started: when, on the monotonic clock.
        ended: set once there is an answer or an error.
    """

    file: RemoteFile | None = None
    error: str | None = None
    started: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds(self) -> float:
        """Seconds since the request."""
        return time.monotonic() - self.started


_lookups: dict[str, Lookup] = {}
_lock = threading.Lock()


def look_up(source: PublishedDataSet) -> Lookup:
    """The lookup of a record, which is asked for once; again half a minute after a failure.

    A computer that is offline knows it at once: the answer is waited for, but not for long.
    """
    with _lock:
        lookup = _lookups.get(source.record)
        if lookup is None or (lookup.error and lookup.seconds > _AGAIN):
            lookup = _lookups[source.record] = Lookup()
            # Daemons do not keep the server from ending.
            threading.Thread(target=_ask, args=(source, lookup), daemon=True).start()
    lookup.ended.wait(_FIRST_LOOK)
    return lookup


def ask_again(source: PublishedDataSet) -> None:
    """Forgets a lookup, so that the record is asked for again."""
    with _lock:
        _lookups.pop(source.record, None)


def _ask(source: PublishedDataSet, lookup: Lookup) -> None:
    try:
        lookup.file = download.remote_file(source, pause=lambda seconds: None)
    except MirsError as error:
        # Attempts follow one another at once here, so their number tells nothing.
        lookup.error = _NUMBER.sub("", str(error).partition(" Gave up")[0])
    except Exception as error:
        lookup.error = f"{type(error).__name__}: {error}"
    finally:
        lookup.ended.set()
