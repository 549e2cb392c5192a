"""Items: the metadata of each tile of an archive, as parallel columns in row order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.manifest import INVENTED, NO_PLACE, OWN_PLACE, STRIP_CENTRE, Tile
from mirs_core.errors import DataError, RunError

ROLES = ("train", "val", "test", "archive")
_COLUMNS = ("ids", "labels", "roles", "strips", "contents", "latitudes", "longitudes", "places")


@dataclass(frozen=True, slots=True)
class Items:
    """The tiles of a run, in the row order of their codes in the archive.

    ``ids`` are paths relative to the root of the data set; ``contents`` are SHA-256 of the files;
    ``labels``, ``strips`` and coordinates are None if unknown. ``places`` say what the
    coordinates refer to (see ``datasets.manifest``); runs of older versions do not store them, and
    have the coordinates of the strip's centre.
    """

    ids: tuple[str, ...]
    labels: tuple[str | None, ...]
    roles: tuple[str, ...]
    strips: tuple[str | None, ...]
    contents: tuple[str, ...]
    latitudes: tuple[float | None, ...]
    longitudes: tuple[float | None, ...]
    places: tuple[str, ...] = ()
    _rows: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.places:
            places = (NO_PLACE if north is None else STRIP_CENTRE for north in self.latitudes)
            object.__setattr__(self, "places", tuple(places))
        if len({len(getattr(self, name)) for name in _COLUMNS}) != 1:
            raise RunError(
                "items.json: the columns differ in length. Delete the run and train it again."
            )
        object.__setattr__(self, "_rows", {tile: row for row, tile in enumerate(self.ids)})

    @classmethod
    def of(cls, tiles: Sequence[Tile], roles: Sequence[str]) -> "Items":
        """The items of ``tiles`` with their roles (splits) in a run."""
        return cls(
            ids=tuple(tile.id for tile in tiles),
            labels=tuple(tile.label for tile in tiles),
            roles=tuple(roles),
            strips=tuple(tile.strip for tile in tiles),
            contents=tuple(tile.content for tile in tiles),
            latitudes=tuple(tile.latitude for tile in tiles),
            longitudes=tuple(tile.longitude for tile in tiles),
            places=tuple(tile.place for tile in tiles),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths relative to the root of the data set (the ids themselves)."""
        return self.ids

    def row(self, tile_id: str) -> int:
        """The row of a tile.

        Raises:
            DataError: no tile has that id.
        """
        try:
            return self._rows[tile_id]
        except KeyError:
            raise DataError(
                f"There is no tile {tile_id!r} in this archive; choose another."
            ) from None

    def has(self, tile_id: str) -> bool:
        """Whether there is a tile with this id."""
        return tile_id in self._rows

    def rows_of(self, tile_ids: Sequence[str]) -> NDArray[np.int64]:
        """The row (n,) of each of ``tile_ids``, in their order; -1 for tiles not in the archive."""
        return np.array([self._rows.get(tile, -1) for tile in tile_ids], dtype=np.int64)

    def rows(self, roles: Sequence[str]) -> NDArray[np.int64]:
        """Rows ``(n,)`` of the tiles with one of ``roles``, ascending."""
        allowed = set(roles)
        return np.array([i for i, role in enumerate(self.roles) if role in allowed], dtype=np.int64)

    def take(self, rows: NDArray[np.int64]) -> "Items":
        """The items of ``rows``, in their order."""
        return Items(**{n: tuple(getattr(self, n)[row] for row in rows) for n in _COLUMNS})

    def contents_of(self, roles: Sequence[str]) -> set[str]:
        """Content hashes of the tiles with one of ``roles``."""
        return {self.contents[row] for row in self.rows(roles)}

    def learnt_roles(self) -> dict[str, str]:
        """Role by content hash of the tiles that a model was trained or validated on."""
        return {self.contents[row]: self.roles[row] for row in self.rows(["train", "val"])}

    def to_json(self) -> dict[str, Any]:
        """The columns as JSON lists."""
        return {name: list(getattr(self, name)) for name in _COLUMNS}

    @classmethod
    def from_json(cls, value: Any) -> "Items":
        """The items that ``to_json`` wrote.

        Raises:
            RunError: a column is missing, has another length or holds values of another type.
        """
        kinds: dict[str, tuple[type, ...]] = {
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
        if any(tile.startswith("/") or ".." in tile.split("/") for tile in value["ids"]):
            raise RunError("items.json: an id points outside the data set. Delete the run.")
        if not set(value["roles"]) <= set(ROLES):
            raise RunError("items.json: an unknown split. Delete the run and train it again.")
        if not set(value["places"]) <= {OWN_PLACE, STRIP_CENTRE, INVENTED, NO_PLACE}:
            raise RunError("items.json: an unknown kind of place. Delete the run, train it again.")
        return cls(**{name: tuple(value[name]) for name in _COLUMNS})
