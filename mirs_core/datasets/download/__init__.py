"""Published data sets: looked up in their record, downloaded, verified, unpacked, laid out.

Everything received over the network is treated as hostile until it has been checked. A data set
gets its final folder name only when it is complete; until then everything is in a hidden folder
beside it.
"""

from mirs_core.datasets.download.catalogue import (
    DATA_SETS,
    published_data_set,
    published_origin,
)
from mirs_core.datasets.download.fetching import (
    Fetched,
    fetch,
    needed_space,
    remote_file,
    tiles_in,
)
from mirs_core.datasets.download.spec import PublishedDataSet
from mirs_core.datasets.download.zenodo_record import RemoteFile

__all__ = [
    "DATA_SETS",
    "Fetched",
    "PublishedDataSet",
    "RemoteFile",
    "fetch",
    "needed_space",
    "published_data_set",
    "published_origin",
    "remote_file",
    "tiles_in",
]
