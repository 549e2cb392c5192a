"""What a table says of the images of a folder, before anything is written."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mirs_core.datasets.importing.column_names import columns_of
from mirs_core.datasets.importing.csv_table import (
    RECOGNISED,
    UserTable,
    look_at_table,
    read_user_table,
)
from mirs_core.datasets.importing.table_layout import TableLayout
from mirs_core.datasets.importing.table_matching import MatchedTable, match_rows

_LISTED, _PROBLEMS = 10, 5


@dataclass(frozen=True, slots=True)
class TablePreview:
    """A table, and what it says of images.

    Attributes:
        table: its rows, and how it was read.
        matched: the values by image, and the rows that are not used.
        notes: what may be wrong, one line each.
    """

    table: UserTable
    matched: MatchedTable
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Number of all rows, those that are not used included."""
        return len(self.table.rows) + len(self.table.problems)

    @property
    def classes(self) -> dict[str, int]:
        """Images by the label that the table gives them, sorted by name."""
        counts = Counter(r.label for r in self.matched.records.values() if r.label)
        return dict(sorted(counts.items()))


def preview_table(
    path: Path, paths: Sequence[str], layout: TableLayout = RECOGNISED, *, strict: bool = False
) -> TablePreview:
    """Reads a table and matches it with images, of which only the names are looked at.

    If no column is called like a path, the column counts whose cells are names of the images.

    Args:
        paths: of the images, relative to their folder, with forward slashes.
        strict: whether one row that cannot be used is an error; otherwise it is left out and noted.

    Raises:
        DataError: the table cannot be read, more than half of its rows are of no use, or, if
            ``strict``, any is.
    """
    completed = completed_layout(path, paths, layout)
    table = read_user_table(path, completed, strict=strict)
    matched = match_rows(table.rows, paths, None if strict else table.problems)
    matched = dataclasses.replace(matched, unread=table.unread, format=table.format)
    notes = list(table.notes)
    if completed is not layout:
        notes.append(
            f"No column is called path, file or name; {completed.columns['path']!r} was read as the"
            " path, because its cells are names of images."
        )
    return TablePreview(table, matched, (*notes, *_notes(matched)))


def completed_layout(path: Path, paths: Sequence[str], layout: TableLayout) -> TableLayout:
    """The layout with the column of paths, if only its cells tell which it is.

    Raises:
        DataError: the table cannot be read.
    """
    look = look_at_table(path, layout)
    if "path" in layout.columns or "path" in columns_of(look.head):
        return layout
    names = {path.rsplit("/", 1)[-1] for path in paths}
    counts: Counter[int] = Counter()
    for row in look.rows:
        for index, cell in enumerate(row.cells[: len(look.head)]):
            counts[index] += cell.strip().replace("\\", "/").rsplit("/", 1)[-1] in names
    index, count = max(counts.items(), key=lambda item: item[1], default=(0, 0))
    if 2 * count <= len(look.rows) or not look.head[index]:
        return layout
    return dataclasses.replace(layout, columns={**layout.columns, "path": look.head[index]})


def _notes(matched: MatchedTable) -> Iterator[str]:
    if problems := matched.problems:
        rows = "1 row is" if len(problems) == 1 else f"{len(problems):,} rows are"
        texts = " ".join(problem.text for problem in problems[:_PROBLEMS])
        more = len(problems) - _PROBLEMS
        yield f"{rows} not used: {texts}" + (f" And {more:,} more." if more > 0 else "")
    if count := matched.repeated:
        yield f"{count:,} {'row repeats' if count == 1 else 'rows repeat'} an earlier one."
    if matched.unread:
        names = ", ".join(repr(name[:80]) for name in matched.unread[:_LISTED])
        more = len(matched.unread) - _LISTED
        yield f"Columns not read: {names}" + (f" and {more} more." if more > 0 else ".")
    half = sum(
        record.latitude is not None and record.longitude is None
        for record in matched.records.values()
    )
    if half:
        have = "1 row has" if half == 1 else f"{half:,} rows have"
        yield (
            f"{have} a latitude but no longitude, and so no place on the map; the column may be"
            " called longitude, lon, lon_e or lon_w."
        )
