"""Opening untrusted raster files with GDAL: one regular file, and no other files with it."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from PIL import TiffImagePlugin

from mirs_core.errors import ImageError

_CACHE_BYTES = 64_000_000
_STAND_INS = (("OVERVIEW_FILE", "OVERVIEWS"), ("FILENAME", "ProxyOverviewRequest"))
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG_2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
_ISIS = b"Object = Isi"
_ORIENTATION, _EXTRA_SAMPLES, _PREMULTIPLIED = 274, 338, 1

# The filter is process-wide because ``catch_warnings`` is not thread-safe.
warnings.filterwarnings("ignore", message="Dataset has no geotransform")


def driver_of(source: Path | bytes) -> str | None:
    """The GDAL driver for a file or its bytes, by the first of them; None for other formats."""
    if isinstance(source, bytes):
        head = source[:12]
    else:
        try:
            with source.open("rb") as handle:
                head = handle.read(12)
        except OSError:
            return None
    if head.startswith(_TIFF):
        return "GTiff"
    if head.startswith(_ISIS):
        return "ISIS3"
    return "JP2OpenJPEG" if head.startswith(_JPEG_2000) else None


@contextmanager
def opened(source: Path | bytes, name: str, cache_bytes: int = _CACHE_BYTES) -> Iterator[Any]:
    """The rasterio dataset of a GeoTIFF, JPEG 2000 file or ISIS cube; also translates errors.

    Args:
        source: the file, or its bytes.
        name: of the file, for messages.
        cache_bytes: size of GDAL's cache of decoded blocks.

    Raises:
        ImageError: it is missing, damaged, of another format, or refers to other files.
    """
    import rasterio
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    driver = driver_of(source)
    if isinstance(source, Path) and not source.is_file():
        raise ImageError(f"{name} cannot be read (it is missing, or not a file).")
    if driver is None:
        raise ImageError(
            f"{name} is neither a GeoTIFF nor a JPEG 2000 file nor an ISIS cube; choose one that"
            " is, or convert it first, for example with: gdal_translate IN OUT.tif."
        )
    try:
        # A local path, one format, and no sidecar files.
        with ExitStack() as stack:
            stack.enter_context(
                rasterio.Env(
                    GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                    GDAL_PAM_ENABLED=False,
                    GDAL_GEOREF_SOURCES="INTERNAL",
                    GDAL_CACHEMAX=cache_bytes,
                    # No file is fetched: a label of a cube can name an address.
                    CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".none",
                )
            )
            if isinstance(source, bytes):
                memory = stack.enter_context(MemoryFile(source))
                raster = stack.enter_context(memory.open(driver=driver))
            else:
                raster = stack.enter_context(rasterio.open(str(source.resolve()), driver=driver))
            _check_alone(raster, name)
            yield raster
    except (RasterioError, CPLE_BaseError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise ImageError(
            f"{name} is damaged or cannot be read ({reason}). Copy or save it again."
        ) from None
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory. Cut a smaller square.") from None


def tiff_orientation(source: Path | bytes) -> int:
    """The orientation tag of a TIFF file (1 to 8), which GDAL does not report; 1 if it has none."""
    value = _tiff_tag(source, _ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def has_premultiplied_alpha(source: Path | bytes) -> bool:
    """Whether the colours of a TIFF file have been multiplied by their opacity already."""
    value = _tiff_tag(source, _EXTRA_SAMPLES)
    return value == _PREMULTIPLIED or (isinstance(value, tuple) and _PREMULTIPLIED in value)


def _tiff_tag(source: Path | bytes, tag: int) -> Any:
    if driver_of(source) != "GTiff":
        return None
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as handle:
            header = handle.read(8)
            if header[2:3] == b"+" or header[3:4] == b"+":
                header += handle.read(8)
            directory = TiffImagePlugin.ImageFileDirectory_v2(header)
            handle.seek(directory.next)
            directory.load(handle)
            return directory.get(tag)
    except Exception:  # any damage: GDAL has the last word on the file
        return None


def _check_alone(raster: Any, name: str) -> None:
    """Tags of a file, and the label of a cube, can make GDAL read another file in its place."""
    if len(raster.files) > 1 or any(
        raster.get_tag_item(item, domain) for item, domain in _STAND_INS
    ):
        raise ImageError(
            f"{name} refers to other files to be read in its place; save it as one file."
        )
