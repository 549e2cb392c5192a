"""The raster that virtual tiles are read from: where it is, and whether it still is the same."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mirs_core.datasets.data_files import files_of
from mirs_core.datasets.tile_state import Stamp, TileState, stamp_of
from mirs_core.errors import ImageError

STAGE = "Hashing the raster"
"""The stage that ``digest_of`` reports, in megabytes."""

_PIECE = 8_000_000
_MEGA = 1_000_000
_VERDICTS = 64
# A file this recent may change again without a change of its times.
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class SourceRaster:
    """A raster as it was when it was cut.

    Attributes:
        path: absolute.
        size: bytes of all its files.
        modified_ns: latest modification time of its files, ns.
        digest: SHA-256 (hex) of its files; empty as long as it is being cut.
    """

    path: str
    size: int
    modified_ns: int
    digest: str = ""

    @classmethod
    def of(cls, path: Path) -> "SourceRaster":
        """The raster at ``path`` as it is now, without its digest.

        Raises:
            ImageError: there is no such file, or its data files are missing.
        """
        path = path.expanduser().resolve()
        try:
            stamp = stamp_of(path)
        except OSError as error:
            raise ImageError(f"{path.name} cannot be read ({error.strerror or error}).") from None
        if stamp is None:
            raise ImageError(f"{path.name} cannot be read (it is missing, or not a file).")
        return cls(str(path), stamp[0], stamp[1])

    def digested(self, progress: Callable[[int, int], None]) -> "SourceRaster":
        """The same with its digest.

        Raises:
            ImageError: the raster has changed in the meantime, or cannot be read.
        """
        path = Path(self.path)
        digest = digest_of(path, progress)
        if SourceRaster.of(path) != replace(self, digest=""):
            raise ImageError(f"{path.name} was changed while it was being cut. Cut it again.")
        return replace(self, digest=digest)


@dataclass(frozen=True, slots=True)
class RasterNow:
    """A raster as it is now; ``stamp`` is None if there is none, or it cannot be looked at."""

    path: Path
    stamp: Stamp | None
    state: TileState


def look(raster: SourceRaster, root: Path) -> RasterNow:
    """The raster as it is now; where it is missing, one of its name in ``root`` or beside it.

    Its size and time tell that it is unchanged; where they differ, its digest does, which is
    computed once.

    Args:
        root: of the data set, which may have been moved together with the raster.
    """
    now = _at(raster, Path(raster.path))
    if now.state is not TileState.MISSING:
        return now
    for folder in (root, root.parent):
        moved = _at(raster, folder / Path(raster.path).name)
        if moved.state is TileState.CURRENT:
            return moved
    return now


def digest_of(path: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> str:
    """SHA-256 (hex) of a raster: of its file, and of its data files after it.

    Raises:
        ImageError: it cannot be read.
    """
    digest, done = hashlib.sha256(), 0
    try:
        files = files_of(path)
        total = sum(file.stat().st_size for file in files) // _MEGA
        for file in files:
            with file.open("rb") as handle:
                while piece := handle.read(_PIECE):
                    digest.update(piece)
                    done += len(piece)
                    progress(min(done // _MEGA, total), total)
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read ({error.strerror or error}).") from None
    return digest.hexdigest()


def _at(raster: SourceRaster, path: Path) -> RasterNow:
    try:
        stamp = stamp_of(path)
        if stamp is None:
            return RasterNow(path, None, TileState.MISSING)
        is_same = stamp[:2] == (raster.size, raster.modified_ns) or (
            stamp[0] == raster.size and _digest(path, stamp) == raster.digest
        )
    except (ImageError, OSError):
        return RasterNow(path, None, TileState.UNREADABLE)
    return RasterNow(path, stamp, TileState.CURRENT if is_same else TileState.CHANGED)


def _digest(path: Path, stamp: Stamp) -> str:
    if abs(time.time_ns() - stamp[2]) < _SETTLED_NS:
        return digest_of(path)
    return _settled_digest(path, stamp)


@lru_cache(maxsize=_VERDICTS)
def _settled_digest(path: Path, stamp: Stamp) -> str:
    return digest_of(path)
