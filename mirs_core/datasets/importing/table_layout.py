"""How a person says that a table is to be read; what is not said is recognised."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mirs_core.datasets.importing.column_names import columns_of
from mirs_core.datasets.importing.table_format import SEPARATORS
from mirs_core.datasets.tile_table import COLUMNS
from mirs_core.errors import DataError

WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
"""What separators are called on the command line."""


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table is to be read; an empty field is recognised.

    Attributes:
        separator: of a text file: a comma, semicolon, tab or vertical bar.
        encoding: of a text file, as Python calls it.
        sheet: of a workbook.
        decimal_mark: "." or ",".
        columns: the header of the column that holds each column of ``tiles.csv``; an empty one for
            a column that is not to be read.
    """

    separator: str = ""
    encoding: str = ""
    sheet: str = ""
    decimal_mark: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_words(
        cls, separator: str = "", encoding: str = "", sheet: str = "", columns: Sequence[str] = ()
    ) -> "TableLayout":
        """The layout that options of the command line describe.

        Args:
            separator: one of ``WORDS``, or the sign itself.
            columns: "label=Class" for each column that is not recognised by its name.

        Raises:
            DataError: an option is not understood.
        """
        sign = WORDS.get(separator, separator)
        if sign and sign not in SEPARATORS:
            raise DataError(f"The separator {separator!r} is not one of {', '.join(WORDS)}.")
        if encoding:
            _check_encoding(encoding)
        stated = {}
        for word in columns:
            column, sign_between, name = word.partition("=")
            if not sign_between or column not in COLUMNS:
                raise DataError(
                    f"{word!r} is not of the form COLUMN=HEADER; columns: {', '.join(COLUMNS)}."
                )
            stated[column] = name
        return cls(separator=sign, encoding=encoding, sheet=sheet, columns=stated)

    def places(self, where: str, head: Sequence[str]) -> dict[str, int]:
        """The index of each column of ``tiles.csv`` in a header.

        Raises:
            DataError: the header lacks a stated column.
        """
        names = [" ".join(name.split()) for name in head]
        indexes = {name.casefold(): index for index, name in reversed(list(enumerate(names)))}
        stated = {}
        for column, name in self.columns.items():
            key = " ".join(name.split()).casefold()
            if key and key not in indexes:
                listed = ", ".join(repr(name[:40]) for name in names[:12])
                raise DataError(f"{where} has no column {name!r}; it has {listed}.")
            stated[column] = indexes[key] if key else -1
        # A column that was assigned by hand is not read as another one as well.
        recognised = {c: i for c, i in columns_of(head).items() if i not in stated.values()}
        return {c: i for c, i in {**recognised, **stated}.items() if i >= 0}

    @property
    def is_stated(self) -> bool:
        """Whether columns were assigned by hand, so that doubtful names are decided."""
        return bool(self.columns)


def _check_encoding(encoding: str) -> None:
    try:
        is_text = codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text:
        raise DataError(
            f"There is no encoding {encoding!r}; examples: utf-8, utf-16, cp1252, latin-1, cp1251."
        )
