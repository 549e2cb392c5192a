"""Items: the metadata of each tile of an archive, as parallel columns in row order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.blocks import Rows
from mirs_core.columns.categories import Categories, categories
from mirs_core.columns.column import Column
from mirs_core.columns.hashes import Hashes, hashes_or_texts
from mirs_core.columns.lookup import lookup_of
from mirs_core.columns.numbers import Numbers
from mirs_core.columns.texts import Texts
from mirs_core.datasets.manifest import INVENTED, NO_PLACE, OWN_PLACE, STRIP_CENTRE
from mirs_core.datasets.tiles import Tile, Tiles
from mirs_core.errors import DataError, RunError

ROLES = ("train", "val", "test", "archive")
PLACES = (OWN_PLACE, STRIP_CENTRE, INVENTED, NO_PLACE)
_COLUMNS = ("ids", "labels", "roles", "strips", "contents", "latitudes", "longitudes", "places")


@dataclass(frozen=True, slots=True, init=False)
class Items:
    """The tiles of a run, in the row order of their codes in the archive.

    Each column reads like a tuple of Python values, but an archive of 10^8 tiles keeps no object
    per tile: ask its columns for masks, counts and rows instead of looping over them.

    ``ids`` are paths relative to the root of the data set; ``contents`` are SHA-256 of the files,
    of virtual tiles of the pixels; ``labels``, ``strips`` and coordinates are None if unknown.
    ``places`` say what the coordinates refer to (see ``datasets.manifest``); runs of older versions
    do not store them, and have the coordinates of the strip's centre.
    """

    ids: Texts
    labels: Categories
    roles: Categories
    strips: Categories
    contents: Hashes | Texts
    latitudes: Numbers
    longitudes: Numbers
    places: Categories

    def __init__(
        self,
        ids: Sequence[str],
        labels: Sequence[str | None],
        roles: Sequence[str],
        strips: Sequence[str | None],
        contents: Sequence[str],
        latitudes: Sequence[float | None],
        longitudes: Sequence[float | None],
        places: Sequence[str] = (),
    ) -> None:
        """Each column may be any sequence; columns are taken over without a copy.

        Raises:
            RunError: the columns differ in length.
        """
        north = latitudes if isinstance(latitudes, Numbers) else Numbers.of(latitudes)
        east = longitudes if isinstance(longitudes, Numbers) else Numbers.of(longitudes)
        columns: dict[str, Column[Any]] = {
            "ids": ids if isinstance(ids, Texts) else Texts.of(ids),
            "labels": categories(labels),
            "roles": categories(roles),
            "strips": categories(strips),
            "contents": contents
            if isinstance(contents, Hashes | Texts)
            else hashes_or_texts(contents),
            "latitudes": north,
            "longitudes": east,
            "places": categories(places) if len(places) else _places(north),
        }
        if len({len(column) for column in columns.values()}) != 1:
            raise RunError(
                "items.json: the columns differ in length. Delete the run and train it again."
            )
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    @classmethod
    def of(cls, tiles: Sequence[Tile], roles: Sequence[str]) -> "Items":
        """The items of ``tiles`` with their roles (splits) in a run."""
        columns = Tiles.of(tiles)
        return cls(
            ids=columns.ids,
            labels=columns.labels,
            roles=roles,
            strips=columns.strips,
            contents=columns.contents,
            latitudes=columns.latitudes,
            longitudes=columns.longitudes,
            places=columns.places,
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def paths(self) -> Texts:
        """Paths relative to the root of the data set (the ids themselves)."""
        return self.ids

    def columns(self) -> dict[str, Any]:
        """The columns by name."""
        return {name: getattr(self, name) for name in _COLUMNS}

    def row(self, tile_id: str) -> int:
        """The row of a tile.

        Raises:
            DataError: no tile has that id.
        """
        row = lookup_of(self.ids).row_of(tile_id)
        if row < 0:
            raise DataError(f"There is no tile {tile_id!r} in this archive; choose another.")
        return row

    def has(self, tile_id: str) -> bool:
        """Whether there is a tile with this id."""
        return lookup_of(self.ids).row_of(tile_id) >= 0

    def rows_of(self, tile_ids: Sequence[str]) -> NDArray[np.int64]:
        """The row (n,) of each of ``tile_ids``, in their order; -1 for tiles not in the archive."""
        return lookup_of(self.ids).rows_of(tile_ids)

    def rows_with_contents(self, contents: Iterable[str]) -> NDArray[np.int64]:
        """Rows (n,) of the tiles whose files have one of these SHA-256, ascending."""
        return lookup_of(self.contents).rows_with(list(contents))

    def rows_of_contents(self, contents: Sequence[str]) -> NDArray[np.int64]:
        """A row (n,) for each of ``contents``, the last of several copies; -1 if there is none."""
        return lookup_of(self.contents).rows_of(contents)

    def rows(self, roles: Collection[str]) -> NDArray[np.int64]:
        """Rows ``(n,)`` of the tiles with one of ``roles``, ascending."""
        return np.flatnonzero(self.roles.mask(roles)).astype(np.int64, copy=False)

    def take(self, rows: Rows) -> "Items":
        """The items of ``rows``, in their order."""
        return Items(**{name: column.take(rows) for name, column in self.columns().items()})

    def contents_of(self, roles: Sequence[str]) -> set[str]:
        """Content hashes of the tiles with one of ``roles``."""
        return set(self.contents.take(self.rows(roles)))

    def learnt_roles(self) -> dict[str, str]:
        """Role by content hash of the tiles that a model was trained or validated on."""
        rows = self.rows(["train", "val"])
        return dict(zip(self.contents.take(rows), self.roles.take(rows), strict=True))

    def to_json(self) -> dict[str, Any]:
        """The columns as JSON lists."""
        return {name: column.tolist() for name, column in self.columns().items()}

    @classmethod
    def from_json(cls, value: Any) -> "Items":
        """The items that ``to_json`` wrote.

        Raises:
            RunError: a column is missing, has another length or holds values of another type.
        """
        kinds: Mapping[str, tuple[type, ...]] = {
            "ids": (str,),
            "labels": (str, type(None)),
            "roles": (str,),
            "strips": (str, type(None)),
            "contents": (str,),
            "latitudes": (float, int, type(None)),
            "longitudes": (float, int, type(None)),
            "places": (str,),
        }
        if isinstance(value, dict):
            value = {"places": [], **value}
        for name, allowed in kinds.items():
            column = value.get(name) if isinstance(value, dict) else None
            if not isinstance(column, list) or not all(isinstance(v, allowed) for v in column):
                raise RunError(
                    f"items.json: column {name} is damaged. Delete the run and train it again."
                )
            if str in allowed and not _is_unicode(column):
                raise RunError(
                    f"items.json: column {name} is no Unicode. Delete the run and train it again."
                )
        if any(tile.startswith("/") or ".." in tile.split("/") for tile in value["ids"]):
            raise RunError("items.json: an id points outside the data set. Delete the run.")
        if not set(value["roles"]) <= set(ROLES):
            raise RunError("items.json: an unknown split. Delete the run and train it again.")
        if not set(value["places"]) <= set(PLACES):
            raise RunError("items.json: an unknown kind of place. Delete the run, train it again.")
        try:
            return cls(**{name: value[name] for name in _COLUMNS})
        except UnicodeError:
            raise RunError(
                "items.json: a text is not valid Unicode. Delete the run and train it again."
            ) from None


def _is_unicode(texts: Iterable[str | None]) -> bool:
    """Whether texts can be written: JSON may hold halves of characters."""
    try:
        "".join(text for text in texts if text).encode()
    except UnicodeEncodeError:
        return False
    return True


def _places(latitudes: Numbers) -> Categories:
    present = latitudes.present()
    return Categories.of_codes(present.astype(np.int8), (NO_PLACE, STRIP_CENTRE))
