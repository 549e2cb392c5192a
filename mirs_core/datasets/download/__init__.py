"""Published data sets: asked for at their record, fetched, checked, unpacked, brought into order.

Everything that comes over the wire is taken as hostile until it was checked. A data set gets its
name only when it is complete; until then everything stands in a hidden folder beside it.
"""

from mirs_core.datasets.download.catalogue import SOURCES, Source, named
from mirs_core.datasets.download.fetching import Fetched, fetch, needed_space, offered, standing
from mirs_core.datasets.download.record import RemoteFile

__all__ = [
    "SOURCES",
    "Fetched",
    "RemoteFile",
    "Source",
    "fetch",
    "named",
    "needed_space",
    "offered",
    "standing",
]
