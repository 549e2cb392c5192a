"""Opening untrusted raster files with GDAL: one regular file, and no other files with it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mirs_core.errors import ImageError

_CACHE_BYTES = 64_000_000
_STAND_INS = (("OVERVIEW_FILE", "OVERVIEWS"), ("FILENAME", "ProxyOverviewRequest"))
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")


def driver_of(path: Path) -> str | None:
    """The GDAL driver for a file, by its first bytes; None for other formats."""
    try:
        with path.open("rb") as handle:
            head = handle.read(12)
    except OSError:
        return None
    if head.startswith(_TIFF):
        return "GTiff"
    return "JP2OpenJPEG" if head.startswith(_JPEG_2000) else None


@contextmanager
def opened(path: Path, name: str, cache_bytes: int = _CACHE_BYTES) -> Iterator[Any]:
    """The rasterio dataset of a GeoTIFF or JPEG 2000 file; also translates errors in the block.

    Args:
        name: of the file, for messages.
        cache_bytes: size of GDAL's cache of decoded blocks.

    Raises:
        ImageError: it is missing, damaged, of another format, or refers to other files.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    driver = driver_of(path)
    if not path.is_file():
        raise ImageError(f"{name} cannot be read (it is missing, or not a file).")
    if driver is None:
        raise ImageError(f"{name} is neither a GeoTIFF nor a JPEG 2000 file; choose one that is.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # A local path, one format, and no sidecar files.
            with (
                rasterio.Env(
                    GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                    GDAL_PAM_ENABLED=False,
                    GDAL_GEOREF_SOURCES="INTERNAL",
                    GDAL_CACHEMAX=cache_bytes,
                ),
                rasterio.open(str(path.resolve()), driver=driver) as raster,
            ):
                _check_alone(raster, name)
                yield raster
    except (RasterioError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise ImageError(f"{name} cannot be read ({reason}). Copy or save it again.") from None
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory. Cut a smaller square.") from None


def _check_alone(raster: Any, name: str) -> None:
    """Tags of a file can make GDAL read another file in its place."""
    if any(raster.get_tag_item(item, domain) for item, domain in _STAND_INS):
        raise ImageError(
            f"{name} refers to other files to be read in its place; save it as one file."
        )
