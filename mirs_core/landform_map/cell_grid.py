"""Grids of cells of equal angle, for maps that GIS programs read as rasters."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.mars.geography import Region

MOST_CELLS = 4_000_000
_TURN = 360.0
_FINEST = 1e-5


def _rows(step: float) -> int:
    """How many cells lie between the poles."""
    if not _FINEST <= step <= 90:
        raise DataError(f"Cells of {step:g} degrees are no map; use {_FINEST:g} to 90.")
    rows = round(180 / step)
    if abs(rows * step - 180) > 1e-6:
        raise DataError(
            f"Cells of {step:g} degrees do not divide the planet; use 180 divided by a whole"
            " number, such as 0.5, 1 or 2."
        )
    return rows


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Square cells in longitude and latitude, counted from the north-west corner.

    Attributes:
        west: degrees east of the western edge, in [0, 360).
        north: degrees north of the northern edge, at most 90.
        step: side of a cell in degrees.
        rows, columns: how many there are; the eastern edge may lie beyond 360.

    Raises:
        DataError: no cells, too many of them, or more than the planet has.
    """

    west: float
    north: float
    step: float
    rows: int
    columns: int

    def __post_init__(self) -> None:
        wide, tall = self.columns * self.step, self.rows * self.step
        if min(self.rows, self.columns) < 1 or self.rows * self.columns > MOST_CELLS:
            raise DataError(
                f"Cells of {self.step:g} degrees would be {self.rows * self.columns:,}; at most"
                f" {MOST_CELLS:,} can be mapped. Use larger cells or a smaller region."
            )
        if wide > _TURN + self.step / 2 or tall > 180 + self.step / 2:
            raise DataError("The map would be wider than the planet.")

    @classmethod
    def whole(cls, step: float) -> "CellGrid":
        """The planet, from 0 to 360 degrees east.

        Raises:
            DataError: ``step`` does not divide 180 degrees, or makes too many cells.
        """
        rows = _rows(step)
        return cls(0.0, 90.0, 180 / rows, rows, 2 * rows)

    @classmethod
    def around(cls, region: Region, step: float) -> "CellGrid":
        """The cells of the planet's grid that cover a box; see :meth:`whole`.

        Raises:
            DataError: as there.
        """
        step = 180 / _rows(step)
        start, south, end, north = region.values()
        end += _TURN if region.crosses else 0.0
        top = math.floor((90 - north) / step + 1e-9)
        bottom = max(top + 1, math.ceil((90 - south) / step - 1e-9))
        left = math.floor(start / step + 1e-9)
        right = max(left + 1, math.ceil(end / step - 1e-9))
        columns = min(right - left, round(_TURN / step))
        return cls((left * step) % _TURN, 90 - top * step, step, bottom - top, columns)

    @property
    def south(self) -> float:
        """Degrees north of the southern edge."""
        return self.north - self.rows * self.step

    @property
    def east(self) -> float:
        """Degrees east of the eastern edge; more than 360 across the prime meridian."""
        return self.west + self.columns * self.step

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    def cells(
        self, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The cell (n,) of each place, counted row by row, and whether it is on the grid.

        Places on a line between two cells belong to the one in the south or east; those on the
        southern and eastern edge of the grid to its last cells.
        """
        is_known = np.isfinite(latitudes) & np.isfinite(longitudes)
        down = (self.north - np.where(is_known, latitudes, 0.0)) / self.step
        across = np.mod(np.where(is_known, longitudes, 0.0) - self.west, _TURN) / self.step
        row = np.where(down == self.rows, self.rows - 1, np.floor(down)).astype(np.int64)
        column = np.where(across == self.columns, self.columns - 1, np.floor(across))
        column = column.astype(np.int64)
        inside = is_known & (row >= 0) & (row < self.rows) & (column < self.columns)
        return np.where(inside, row * self.columns + column, 0), inside
