"""Rows by content hash on disk, such as the features of tiles: memory does not grow with them.

A store is a folder of immutable segments (``row_segment``). Several processes can add to it at
once: each writes segments of its own, under a temporary name first. When eight segments are about
equally large, one process merges them, until they have 32,768 rows: so there are few segments, and
a row is copied at most three times. Who has opened a segment can go on reading it.
"""

import functools
import re
import uuid
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.encoders.row_segment import Keys, Rows, Segment, Values, write_segment
from mirs_core.errors import MirsError
from mirs_core.system.processes import lock_if_free

LARGEST = 32_768
"""Rows above which a segment is not merged any more."""

_FAN, _SMALLEST = 8, 64
_NAME = re.compile(r"\d{7,}-[0-9a-f]{32}\.safetensors")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Located:
    """Where rows are: segment and row (n,), -1 where there is none, and their versions (n,)."""

    segments: NDArray[np.int64]
    rows: NDArray[np.int64]
    versions: NDArray[np.int64]

    @property
    def is_there(self) -> NDArray[np.bool_]:
        """Whether there is a row (n,)."""
        return self.rows >= 0

    def drop(self, places: Sequence[int]) -> None:
        """Regards these rows as not there."""
        self.rows[places] = self.segments[places] = -1


class RowStore:
    """Rows of one width and type in one folder.

    A store shows what was there when it was opened, and what it has added.

    Args:
        folder: created when the first row is added.
        width: W, the number of values of a row.
        dtype: float32 or uint8.
        version: of rows that are added; a row of a higher version replaces others.
        name: what it holds, for warnings.
    """

    def __init__(
        self, folder: Path, width: int, dtype: Any = np.float32, version: int = 0, name: str = ""
    ) -> None:
        self.folder, self.width, self.dtype = folder, width, np.dtype(dtype)
        self.version, self.name = version, name
        self._segments: list[Segment] = []
        self.refresh()

    def __len__(self) -> int:
        return sum(len(segment) for segment in self._segments)

    def refresh(self) -> None:
        """Looks again at what is there. A damaged segment is removed with a warning."""
        for _ in range(_TRIES):
            paths = sorted(p for p in self.folder.glob("*.safetensors") if _NAME.fullmatch(p.name))
            opened = [self._open(path) for path in reversed(paths)]
            self._segments = [segment for segment in opened if isinstance(segment, Segment)]
            if not any(isinstance(segment, FileNotFoundError) for segment in opened):
                return

    def find(self, keys: Keys) -> Located:
        """Where the best row of each of ``keys`` (n, 32) is; values are not read."""
        segments, rows, versions = (np.full(len(keys), -1, dtype=np.int64) for _ in range(3))
        for number, segment in enumerate(self._segments):
            pending = np.flatnonzero(versions < self.version)
            if not len(pending):
                break
            places = segment.rows_of(keys[pending])
            newer = (places >= 0) & (segment.versions[places] > versions[pending])
            better, places = pending[newer], places[newer]
            segments[better], rows[better] = number, places
            versions[better] = segment.versions[places]
        return Located(segments, rows, versions)

    def read(self, located: Located, out: Values, origins: Counter[str]) -> NDArray[np.bool_]:
        """Copies the rows that were found into ``out`` (n, W).

        Returns whether each row is there and intact (n,), and adds to ``origins`` how many of these
        have each origin. Segments with damaged rows are replaced by their intact rows, with a
        warning; call ``find`` again afterwards.
        """
        intact = located.is_there.copy()
        damaged = []
        for number in np.unique(located.segments[intact]):
            segment = self._segments[number]
            places = np.flatnonzero(located.segments == number)
            rows = located.rows[places]
            # In the order of the file, so that it is read once from front to back.
            order = np.argsort(rows)
            places, rows = places[order], rows[order]
            values = segment.values[rows]
            out[places] = values
            right = segment.is_intact(rows, values)
            intact[places] = right
            if not right.all():
                damaged.append(segment)
            for origin, count in enumerate(np.bincount(segment.origins[rows[right]]).tolist()):
                if count:
                    origins[segment.names[origin]] += count
        for segment in damaged:
            self._salvage(segment)
        if damaged:
            self.refresh()
        return intact

    def add(self, keys: Keys, values: Values, origin: str) -> None:
        """Adds rows ``values`` (n, W) for ``keys`` (n, 32); ``origin`` says what made them.

        Raises:
            RunError: they cannot be written.
        """
        if len(keys):
            values = np.ascontiguousarray(values, dtype=self.dtype)
            self._write([Rows.of(keys, values, self.version, origin)])
            self._merge()

    def add_all(self, parts: Sequence[Rows]) -> None:
        """Adds rows of several versions and origins together. Raises RunError like ``add``."""
        self._write(parts)

    def _write(self, parts: Sequence[Segment | Rows]) -> None:
        count = sum(len(part.contents) for part in parts)
        path = self.folder / f"{count:07d}-{uuid.uuid4().hex}.safetensors"
        write_segment(path, parts)
        self._segments.append(Segment.open(path, self.width, self.dtype))

    def _merge(self) -> None:
        """Merges segments that are about equally large, unless another process does."""
        groups: defaultdict[int, list[Segment]] = defaultdict(list)
        for segment in self._segments:
            if len(segment) < LARGEST:
                groups[_tier(len(segment))].append(segment)
        for group in groups.values():
            if len(group) >= _FAN:
                self._guarded(functools.partial(self._replace, group, [*group]))

    def _salvage(self, segment: Segment) -> None:
        """Replaces a segment by its intact rows."""
        self._warn(segment.path, "rows with a wrong checksum")
        every = np.arange(len(segment))
        intact = every[segment.is_intact(every, segment.values)]
        rows = Rows(
            segment.values[intact],
            segment.contents[intact],
            segment.checksums[intact],
            segment.versions[intact],
            segment.origins[intact],
            segment.names,
        )
        self._guarded(functools.partial(self._replace, [segment], [rows] if len(intact) else []))

    def _replace(self, old: Sequence[Segment], new: Sequence[Segment | Rows]) -> None:
        if not all(segment.path.is_file() for segment in old):
            return  # another process was quicker
        if new:
            self._write(new)
        gone = {segment.path for segment in old}
        for path in gone:
            path.unlink(missing_ok=True)
        self._segments = [segment for segment in self._segments if segment.path not in gone]

    def _guarded(self, change: Callable[[], None]) -> None:
        """Makes a change that two processes must not make at once; it can as well be left."""
        try:
            with lock_if_free(self.folder / "merging.lock") as is_mine:
                if is_mine is not None:
                    change()
        except (MirsError, OSError) as error:
            warnings.warn(f"{self.name} cannot be tidied up: {error}", stacklevel=4)

    def _open(self, path: Path) -> Segment | Exception:
        try:
            return Segment.open(path, self.width, self.dtype)
        except FileNotFoundError as error:
            return error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            self._warn(path, str(error))
            path.unlink(missing_ok=True)
            return error

    def _warn(self, path: Path, why: str) -> None:
        warnings.warn(
            f"Removed a damaged part of {self.name}, {path} ({why}); its tiles will be encoded"
            " again.",
            stacklevel=4,
        )


def _tier(count: int) -> int:
    """The size class of a segment: each is eight times the one before."""
    tier = 0
    while count >= _SMALLEST * _FAN ** (tier + 1):
        tier += 1
    return tier
