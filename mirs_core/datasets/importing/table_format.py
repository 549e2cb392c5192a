"""How a table is written: its encoding, its separator, its decimal mark."""

import contextlib
from dataclasses import asdict, dataclass

from mirs_core.datasets.csv_rows import rows_of
from mirs_core.datasets.importing import column_names
from mirs_core.errors import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a table is written, as far as it was recognised.

    Attributes:
        encoding, separator: of a text file; empty for a workbook.
        decimal_mark: "." or ",".
        sheet: of a workbook.
        sheets: all visible sheets of the workbook.
    """

    encoding: str = ""
    separator: str = ""
    decimal_mark: str = "."
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    def described(self) -> str:
        """The format in words."""
        if self.sheet:
            return f"sheet {self.sheet!r} of a workbook"
        mark = ", decimal commas" if self.decimal_mark == "," else ""
        return f"{self.encoding}, separated by {SEPARATORS[self.separator]}{mark}"

    def to_json(self) -> dict[str, str]:
        """The format as JSON, in ``described`` also in words."""
        fields = asdict(self)
        del fields["sheets"]
        return {**fields, "described": self.described()}


def separator_of(head: str) -> str:
    """The separator with which the header has most columns that are known, then most columns."""

    def worth(separator: str) -> tuple[int, int]:
        with contextlib.suppress(DataError):
            first = next(rows_of([head], "", separator), None)
            if first is not None:
                return len(column_names.columns_of(first.cells)), len(first.cells)
        return 0, head.count(separator)

    return max(SEPARATORS, key=worth)
