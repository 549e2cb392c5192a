"""Tiles of a data set as columns: a tile is made when somebody asks for it, and forgotten."""

import operator
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, SupportsIndex, overload

import numpy as np
import pyarrow as pa

from mirs_core.columns.arrow import strings
from mirs_core.columns.blocks import Blocks, Rows
from mirs_core.columns.categories import Categories, code_type
from mirs_core.columns.column import Column
from mirs_core.columns.hashes import Hashes, hashes_or_texts
from mirs_core.columns.numbers import Numbers
from mirs_core.columns.texts import Texts

STEP = 1 << 14
"""Tiles of which there are Python objects at once."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One readable image of a data set: a file, or a window of a raster.

    Attributes:
        id: of the tile in its data set: its path.
        path: relative to the data set's root, with forward slashes.
        label: folder name of its class (in Unicode's composed form); None if there is none.
        split: "train", "val", "test", "database", or "" outside of a labelled data set.
        content: SHA-256 (hex) of the file; of a virtual tile, of its pixels.
        strip: product id of the observation; None if the file name has none.
        latitude: degrees north; None if unknown.
        longitude: degrees east in [0, 360); None if unknown.
        place: what the coordinates refer to: "tile", "strip centre" (from the file name),
            "invented" (synthetic tiles), "" where there are none.
    """

    id: str
    path: str
    label: str | None
    split: str
    content: str
    strip: str | None
    latitude: float | None
    longitude: float | None
    place: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Tiles(Sequence[Tile]):
    """Tiles as parallel columns; it reads like a tuple of ``Tile``.

    Indexing and iterating make tiles; ask the columns instead for anything about all of them.
    """

    ids: Texts
    labels: Categories
    splits: Categories
    contents: Hashes | Texts
    strips: Categories
    latitudes: Numbers
    longitudes: Numbers
    places: Categories

    @classmethod
    def of(cls, tiles: Iterable[Tile]) -> "Tiles":
        """The columns of ``tiles``, which may be an iterator; columns are returned as they are.

        Raises:
            ValueError: the id of a tile is not its path.
        """
        if isinstance(tiles, Tiles):
            return tiles
        remaining, columns = iter(tiles), _Growing()
        while block := list(islice(remaining, STEP)):
            columns.add(block)
        return columns.tiles()

    @classmethod
    def joined(cls, parts: Sequence["Tiles"]) -> "Tiles":
        """The tiles of several columns, one after the other."""
        return cls(
            _texts_of([part.ids for part in parts]),
            _words_of([part.labels for part in parts]),
            _words_of([part.splits for part in parts]),
            _joined([part.contents for part in parts]),
            _words_of([part.strips for part in parts]),
            _numbers_of([part.latitudes for part in parts]),
            _numbers_of([part.longitudes for part in parts]),
            _words_of([part.places for part in parts]),
        )

    def take(self, rows: Rows) -> "Tiles":
        """The tiles at ``rows`` (n,), in their order."""
        return Tiles(*(_taken(column, rows) for column in self._columns()))

    def _columns(self) -> tuple[Column[Any], ...]:
        return (
            self.ids, self.labels, self.splits, self.contents,
            self.strips, self.latitudes, self.longitudes, self.places,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, key: SupportsIndex) -> Tile: ...
    @overload
    def __getitem__(self, key: slice) -> "Tiles": ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self.take(np.arange(*key.indices(len(self)), dtype=np.int64))
        return _tile(*(column[operator.index(key)] for column in self._columns()))

    def __iter__(self) -> Iterator[Tile]:
        for start in range(0, len(self), STEP):
            rows = np.arange(start, min(start + STEP, len(self)), dtype=np.int64)
            values = (column.take(rows).tolist() for column in self._columns())
            yield from map(_tile, *values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tiles):
            return self._columns() == other._columns()
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        first = ", ".join(map(repr, self[:2]))
        return f"Tiles({first}{', ...' if len(self) > 2 else ''}; {len(self):,})"


def _tile(
    tile_id: str,
    label: str | None,
    split: str,
    content: str,
    strip: str | None,
    *place: Any,
) -> Tile:
    return Tile(tile_id, tile_id, label, split, content, strip, *place)


def _taken(column: Any, rows: Rows) -> Any:
    """A column of ``rows``; words in the order of their first appearance, as ``of`` has them."""
    result = column.take(rows)
    return result.compact() if isinstance(result, Categories) else result


class _Words:
    """A growing column of words."""

    def __init__(self) -> None:
        self._places: dict[str | None, int] = {None: -1}
        self._codes = array("i")

    def add(self, values: Iterable[str | None]) -> None:
        places = self._places
        self._codes.extend(places.setdefault(value, len(places) - 1) for value in values)

    def column(self) -> Categories:
        names = [name for name in self._places if name is not None]
        codes = np.frombuffer(self._codes, dtype=np.int32) if self._codes else np.empty(0, np.int32)
        return Categories.of_codes(codes.astype(code_type(len(names))), names)


class _Growing:
    """Columns to which tiles are added block by block."""

    def __init__(self) -> None:
        self._ids: list[pa.Array] = []
        self._contents: list[Hashes | Texts] = []
        self._labels, self._splits, self._strips, self._places = (_Words() for _ in range(4))
        self._latitudes, self._longitudes = array("d"), array("d")

    def add(self, tiles: Sequence[Tile]) -> None:
        if any(tile.id != tile.path for tile in tiles):
            raise ValueError("the id of a tile is its path")
        self._ids.append(strings([tile.id for tile in tiles]))
        self._contents.append(hashes_or_texts([tile.content for tile in tiles]))
        self._labels.add(tile.label for tile in tiles)
        self._splits.add(tile.split for tile in tiles)
        self._strips.add(tile.strip for tile in tiles)
        self._places.add(tile.place for tile in tiles)
        for numbers, name in ((self._latitudes, "latitude"), (self._longitudes, "longitude")):
            values = (getattr(tile, name) for tile in tiles)
            numbers.extend(np.nan if value is None else value for value in values)

    def tiles(self) -> Tiles:
        return Tiles(
            Texts.cut(pa.concat_arrays(self._ids or [strings([])])),
            self._labels.column(),
            self._splits.column(),
            _joined(self._contents),
            self._strips.column(),
            Numbers(Blocks.of(np.array(self._latitudes, np.float64))),
            Numbers(Blocks.of(np.array(self._longitudes, np.float64))),
            self._places.column(),
        )


def _joined(pieces: Sequence[Hashes | Texts]) -> Hashes | Texts:
    hashes = [piece.stored.whole() for piece in pieces if isinstance(piece, Hashes)]
    if len(hashes) < len(pieces):
        return _texts_of(
            [piece if isinstance(piece, Texts) else Texts.of(piece) for piece in pieces]
        )
    return Hashes(Blocks.of(np.concatenate([np.empty((0, 32), np.uint8), *hashes])))


def _texts_of(columns: Sequence[Texts]) -> Texts:
    blocks = [
        column.block(number).cast(pa.large_string())
        for column in columns
        for number in range(len(column.arrays))
    ]
    return Texts.cut(pa.concat_arrays([strings([]), *blocks]))


def _words_of(columns: Sequence[Categories]) -> Categories:
    names = list(dict.fromkeys(name for column in columns for name in column.names))
    place, kind = {name: number for number, name in enumerate(names)}, code_type(len(names))
    codes = [
        # The last entry is that of None.
        np.array([*(place[name] for name in column.names), -1], dtype=kind)[column.codes.whole()]
        for column in columns
    ]
    return Categories.of_codes(np.concatenate(codes), names)


def _numbers_of(columns: Sequence[Numbers]) -> Numbers:
    return Numbers(Blocks.of(np.concatenate([column.stored.whole() for column in columns])))
