"""Rasters that stay open while windows of them are read, here and there, from any thread.

Opening a raster takes much longer than reading one tile. An open one belongs to a thread of its
own, because GDAL's settings and rasters do; callers wait for it.
"""

import atexit
import threading
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue

from mirs_core.datasets.images import Pixels
from mirs_core.datasets.rasters import translated_errors
from mirs_core.datasets.strips.grid import Corner
from mirs_core.datasets.strips.raster import StripRaster, open_strip
from mirs_core.datasets.strips.strip import Strip
from mirs_core.datasets.tile_state import Stamp
from mirs_core.errors import ImageError, MirsError

_MOST_OPEN = 8
_Request = tuple[Strip, Corner, int | None, Future[Pixels]]
_Key = tuple[Path, Stamp, str, tuple[float, ...], int, int]

_readers: "OrderedDict[_Key, _Reader]" = OrderedDict()
_lock = threading.Lock()


def read(path: Path, stamp: Stamp, strip: Strip, corner: Corner, most: int | None = None) -> Pixels:
    """Grey levels (side, side), or colour (side, side, 3), of a tile of ``strip``.

    They are the same whatever is read before, also of a raster that is warped.

    Args:
        path: of the raster, which may have another place than when it was cut.
        stamp: of the raster now; one that has changed is opened again.
        most: for a picture of so many pixels a side, which is read from an overview if there is
            one of at least that size.

    Raises:
        ImageError: the raster is damaged, or does not contain the tile any more.
        DataError: it has no coordinate system of Mars any more.
    """
    key = (path, stamp, strip.crs, strip.transform, strip.width, strip.height)
    with _lock:
        reader = _readers.get(key) or _Reader(path, strip)
        _readers[key] = reader
        _readers.move_to_end(key)
        future = reader.submit(strip, corner, most)
        while len(_readers) > _MOST_OPEN:
            _readers.popitem(last=False)[1].close()
    try:
        return future.result()
    except BaseException:
        with _lock:
            if _readers.get(key) is reader:
                _readers.pop(key).close()
        raise


def close_all() -> None:
    """Closes all rasters, so that they can be deleted on any system."""
    with _lock:
        readers = list(_readers.values())
        _readers.clear()
    for reader in readers:
        reader.close(wait=True)


class _Reader:
    """An open raster and its thread."""

    def __init__(self, path: Path, strip: Strip) -> None:
        self._path, self._latitude, self._frame = path, strip.latitude, strip.frame
        self._raster: StripRaster | None = None
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        # An executor's thread would end before the raster could be closed at the exit.
        self._thread = threading.Thread(target=self._serve, name="mirs-raster", daemon=True)
        self._thread.start()

    def submit(self, strip: Strip, corner: Corner, most: int | None) -> Future[Pixels]:
        future: Future[Pixels] = Future()
        self._requests.put((strip, corner, most, future))
        return future

    def close(self, *, wait: bool = False) -> None:
        """Closes the raster after what was submitted."""
        self._requests.put(None)
        if wait:
            self._thread.join()

    def _serve(self) -> None:
        with suppress(MirsError), ExitStack() as stack:
            while (request := self._requests.get()) is not None:
                strip, corner, most, future = request
                try:
                    future.set_result(self._read(strip, corner, most, stack))
                except BaseException as error:
                    future.set_exception(error)

    def _read(self, strip: Strip, corner: Corner, most: int | None, stack: ExitStack) -> Pixels:
        if self._raster is None:
            opening = open_strip(self._path, self._latitude, self._frame)
            self._raster = stack.enter_context(opening)
        raster, side = self._raster, strip.side
        if corner[0] + side > raster.width or corner[1] + side > raster.height:
            raise ImageError(
                f"{self._path.name} has changed: it has {raster.width:,} x {raster.height:,} pixels"
                f" now, not {strip.width:,} x {strip.height:,}."
            )
        with translated_errors(self._path.name):
            if most is not None:
                return raster.preview(*corner, side, most, strip.stretch)
            return raster.read(*corner, side, side, strip.stretch)[0]


atexit.register(close_all)
