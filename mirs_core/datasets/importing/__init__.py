"""Own folders of images brought in: described in place, copied, or added to a data set."""

from mirs_core.datasets.importing.answers import Said
from mirs_core.datasets.importing.folders import Imported, add_to, copy_home, describe_in_place
from mirs_core.datasets.importing.table import Matched, OwnRow, match, read_own_table

__all__ = [
    "Imported",
    "Matched",
    "OwnRow",
    "Said",
    "add_to",
    "copy_home",
    "describe_in_place",
    "match",
    "read_own_table",
]
