"""Opening a table, CSV or Excel: encoding, separator and sheet are recognised, unless stated."""

import contextlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from mirs_core.datasets.csv_rows import TableLine, rows_of
from mirs_core.datasets.importing import column_names, workbook
from mirs_core.datasets.importing.table_format import TableFormat, separator_of
from mirs_core.datasets.importing.table_layout import TableLayout
from mirs_core.errors import DataError
from mirs_core.system.text_files import Encoding, encoding_of

_MAX_BYTES = 2_000_000_000
_LONGEST_HEAD = 1_000_000


@contextlib.contextmanager
def opened(
    path: Path, layout: TableLayout
) -> Iterator[tuple[Iterator[TableLine], TableFormat, tuple[str, ...]]]:
    """The lines of a table that are not empty, how it is written, and notes on what was guessed.

    Raises:
        DataError: the file cannot be read, or is not a table; also while its lines are read.
    """
    try:
        if not path.is_file():
            raise DataError(f"There is no table {path}. Check the path.")
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is too large for a table of tiles.")
        with path.open("rb") as handle:
            is_workbook = workbook.is_workbook(handle.read(4))
        with _workbook(path, layout) if is_workbook else _text(path, layout) as opened:
            yield opened
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except UnicodeError as error:
        raise DataError(
            f"{path} is not written in {layout.encoding} ({error}); choose another encoding."
        ) from None


@contextlib.contextmanager
def _text(
    path: Path, layout: TableLayout
) -> Iterator[tuple[Iterator[TableLine], TableFormat, tuple[str, ...]]]:
    encoding = Encoding(layout.encoding) if layout.encoding else encoding_of(path)
    with path.open(encoding=encoding.codec, newline="") as handle:
        first = handle.readline(_LONGEST_HEAD)
        # Spreadsheets write such a line for each other.
        stated = re.fullmatch(r"sep=([,;\t|])\s*", first, re.IGNORECASE)
        if not stated:
            handle.seek(0)
        separator = layout.separator or (stated[1] if stated else separator_of(first))
        rows = rows_of(handle, path.name, separator, 2 if stated else 1)
        yield rows, TableFormat(encoding.title, separator), tuple(_guess_notes(encoding))


def _guess_notes(encoding: Encoding) -> Iterator[str]:
    if encoding.example:
        yield (
            f"The table is not UTF-8 and was read as {encoding.title}, for example"
            f" {encoding.example!r}; if that is misspelt, save the table as CSV UTF-8."
        )


@contextlib.contextmanager
def _workbook(
    path: Path, layout: TableLayout
) -> Iterator[tuple[Iterator[TableLine], TableFormat, tuple[str, ...]]]:
    with workbook.sheets_of(path) as sheets:
        if layout.sheet and layout.sheet not in sheets:
            raise DataError(
                f"{path} has no visible sheet {layout.sheet!r}; it has {', '.join(sheets)}."
            )
        if not sheets:
            raise DataError(f"{path} has no visible sheet.")
        heads = {}
        for title, rows in sheets.items():
            if layout.sheet in ("", title):
                heads[title] = next(rows, TableLine(1, ()))
                if "path" in column_names.columns_of(heads[title].cells):
                    break
        else:
            title = next(iter(heads))
        rows = itertools.chain([heads[title]], sheets[title])
        yield rows, TableFormat(sheet=title, sheets=tuple(sheets)), ()
