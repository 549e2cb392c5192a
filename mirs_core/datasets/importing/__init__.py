"""Importing folders of images: described in place, copied, or added to an existing data set."""

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
from mirs_core.datasets.importing.table_layout import TableLayout
from mirs_core.datasets.importing.table_preview import TablePreview, preview_table

__all__ = [
    "FolderDescription",
    "ImportedFolder",
    "TableLayout",
    "TablePreview",
    "import_copy",
    "import_in_place",
    "import_into",
    "merged_spellings",
    "preview_table",
    "table_labels",
    "write_corrections",
]
