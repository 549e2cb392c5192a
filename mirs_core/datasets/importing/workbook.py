"""Excel workbooks (.xlsx, .xlsm) as tables: the stored values of one sheet, as text."""

import contextlib
import datetime
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.datasets.csv_rows import TableLine
from mirs_core.errors import DataError

if TYPE_CHECKING:
    from openpyxl import Workbook

NOT_STORED = "#FORMULA?"
"""A cell with a formula whose result is not in the file."""
CELL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FORMULA\?)")
"""What spreadsheets put into a cell that they cannot compute, and ``NOT_STORED``."""

_MOST_ROWS, _MOST_CELLS = 1_048_576, 50_000_000
_MOST_BYTES, _MOST_STRINGS = 500_000_000, 200_000_000
# XML of real tables is packed 10 to 50 times; that of a zip bomb, 1,000 times.
_SMALL, _MOST_PACKED = 10_000_000, 200
_CHUNK, _OVERLAP = 1_000_000, 64
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_ENTITIES = re.compile(rb"<!(DOCTYPE|ENTITY)")
_OLD = b"\xd0\xcf\x11\xe0"


def is_workbook(start: bytes) -> bool:
    """Whether a file that begins like this is a workbook rather than text."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06", _OLD))


@contextlib.contextmanager
def sheets_of(path: Path) -> Iterator[dict[str, Iterator[TableLine]]]:
    """The rows of each visible sheet by its title, read one after the other; closed afterwards.

    Formulas are never computed: their stored results are read. Macros are not run, and links to
    other files are not followed.

    Raises:
        DataError: the file is damaged, protected, of another format, or unreasonably large; also
            while its rows are read.
    """
    has_formulas = _check(path)
    with contextlib.ExitStack() as stack:
        values = _open(stack, path, data_only=True)
        formulas = _open(stack, path, data_only=False) if has_formulas else None
        titles = [sheet.title for sheet in values.worksheets if sheet.sheet_state == "visible"]
        yield {title: _rows(path, title, values, formulas) for title in titles}


def _open(stack: contextlib.ExitStack, path: Path, data_only: bool) -> "Workbook":
    import openpyxl

    with _damage_as_data_error(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=data_only, keep_links=False)
    stack.callback(book.close)
    return book


def _rows(
    path: Path, title: str, values: "Workbook", formulas: "Workbook | None"
) -> Iterator[TableLine]:
    with _damage_as_data_error(path):
        sheet = values[title]
        # Sizes in a file may be wrong, and rows would be filled up to them.
        sheet.reset_dimensions()
        twin = formulas[title] if formulas else None
        if twin is not None:
            twin.reset_dimensions()
        count = 0
        beside = twin.iter_rows() if twin is not None else None
        for number, row in enumerate(sheet.iter_rows(), 1):
            count += len(row)
            if number > _MOST_ROWS or count > _MOST_CELLS:
                raise DataError(
                    f"{path}: sheet {title!r} has more rows or cells than a spreadsheet can have."
                )
            written = next(beside, ()) if beside is not None else ()
            cells = [_text(cell) for cell in row]
            for index, formula in enumerate(written):
                # An empty text as a result has the type "str".
                if formula.data_type == "f" and not cells[index] and row[index].data_type == "n":
                    cells[index] = NOT_STORED
            if any(cell.strip() for cell in cells):
                yield TableLine(number, cells)


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _check(path: Path) -> bool:
    """Whether any sheet has formulas. Raises DataError if the file is no workbook to be opened."""
    with path.open("rb") as handle:
        if handle.read(4) == _OLD:
            raise DataError(
                f"{path} is an old (.xls) or password-protected workbook; save it as .xlsx without"
                " a password, or as CSV UTF-8."
            )
    with _damage_as_data_error(path), zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            raise DataError(
                f"{path} is not an Excel workbook; save the table as .xlsx or CSV UTF-8."
            )
        parts = [part for part in archive.infolist() if part.filename.endswith((".xml", ".rels"))]
        strings = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
        if sum(part.file_size for part in parts) > _MOST_BYTES or strings > _MOST_STRINGS:
            raise DataError(f"{path} is too large for a table of tiles; save it as CSV UTF-8.")
        for part in parts:
            if part.file_size > max(_SMALL, _MOST_PACKED * part.compress_size):
                raise DataError(f"{path} unpacks to far more than a table has; it is not read.")
        formulas = False
        for part in parts:
            formulas |= _has_formulas(path, archive, part)
        return formulas


def _has_formulas(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    formulas, before = False, b""
    with archive.open(part) as handle:
        while chunk := handle.read(_CHUNK):
            text = (before + chunk).replace(b"\0", b"")
            if _ENTITIES.search(text):
                raise DataError(f"{path} defines XML entities, which no spreadsheet program does.")
            formulas = formulas or _FORMULA.search(text) is not None
            before = text[-_OVERLAP:]
    return formulas and "worksheets/" in part.filename


@contextlib.contextmanager
def _damage_as_data_error(path: Path) -> Iterator[None]:
    # The library reports damaged files by errors of many kinds, and oddities by warnings.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (DataError, OSError):
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise DataError(
            f"{path} is a damaged workbook ({reason}); save it again, or as CSV UTF-8."
        ) from None
