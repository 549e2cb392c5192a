"""Lists of typed records that also are tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    import pandas as pd
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)
else:
    Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Listing(Sequence[Record]):
    """Records of one kind, in order; in Jupyter they show as a table.

    Attributes:
        kind: the class of the records.
        records: the records; the object itself is the same sequence.
    """

    kind: type[Record]
    records: tuple[Record, ...]

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> "Listing[Record]": ...
    def __getitem__(self, place: int | slice) -> "Record | Listing[Record]":
        if isinstance(place, slice):
            return Listing(self.kind, self.records[place])
        return self.records[place]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def to_frame(self) -> "pd.DataFrame":
        """One row per record, one column per field."""
        import pandas as pd

        names = [field.name for field in fields(self.kind)]
        rows: list[list[Any]] = [[getattr(record, name) for name in names] for record in self]
        return pd.DataFrame(rows, columns=names)

    def __repr__(self) -> str:
        return f"<{len(self)} x {self.kind.__name__}>"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))
