"""Importing folders of images: described in place, copied, or added to an existing data set."""

from mirs_core.datasets.importing.csv_table import MatchedTable, TableRow, match_rows, read_rows
from mirs_core.datasets.importing.description import FolderDescription
from mirs_core.datasets.importing.folders import (
    ImportedFolder,
    import_copy,
    import_in_place,
    import_into,
)
from mirs_core.datasets.importing.mending import (
    merged_spellings,
    table_labels,
    write_corrections,
)

__all__ = [
    "FolderDescription",
    "ImportedFolder",
    "MatchedTable",
    "TableRow",
    "import_copy",
    "import_in_place",
    "import_into",
    "match_rows",
    "merged_spellings",
    "read_rows",
    "table_labels",
    "write_corrections",
]
