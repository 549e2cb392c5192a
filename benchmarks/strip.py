"""``bench strip``: a large raster cut into tiles, killed half-way, resumed, and archived.

Every step is a separate process, as a user would start it; its peak memory, torch included, is read
from the system while it runs.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import virtual_strip
from benchmarks.steps import Step
from mirs_core.datasets.strips.cutting import SIDE
from mirs_core.progress import Progress, silent
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

METRES_PER_PIXEL = 5.0
"""The pixel scale of the CTX mosaic of Mars."""

_BLOCK = 512
_KILL_AT = 0.4
_TEXTURE = 4096
_NAME = "bench"


def run(
    home: Home,
    run_id: str | None,
    size: int = 20_000,
    is_virtual: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Cuts and archives a synthetic raster of ``size`` x ``size`` pixels in a temporary folder.

    Args:
        home: the home folder that has the run.
        run_id: the model that archives the tiles; None archives nothing.
        is_virtual: whether tiles are also kept in the raster, and those archived.

    Returns:
        Measurements that JSON can hold: seconds, tiles per second and peak memory (MB) of cutting
        and of archiving, and the number of tiles that were cut twice after the kill.

    Raises:
        RunError: no such run, or a step failed.
    """
    with tempfile.TemporaryDirectory(prefix="mirs-bench-strip-") as folder:
        base = Path(folder)
        progress("Writing the raster", 0, 1)
        raster = write_raster(base / f"{_NAME}.tif", size)
        answer: dict[str, Any] = {
            "bench": "strip",
            "raster_pixels": size * size,
            "raster_mb": round(raster.stat().st_size / 1e6, 1),
        }
        progress("Cutting tiles", 0, 1)
        answer["tile"] = _tile(base, raster, size)
        if is_virtual:
            return answer | virtual_strip.measured(base, home, run_id, raster, progress)
        if run_id is not None:
            progress("Archiving the tiles", 0, 1)
            answer["index"] = _index(base, home, run_id)
        return answer


def write_raster(path: Path, size: int) -> Path:
    """A raster of random relief with the coordinate system of Mars, written block by block."""
    import rasterio
    from rasterio import Affine
    from rasterio.windows import Window

    half = size * METRES_PER_PIXEL / 2
    rng = np.random.default_rng(0)
    texture = _texture(rng)
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, count=1, dtype="uint8", tiled=True,
        blockxsize=_BLOCK, blockysize=_BLOCK, compress="deflate", zlevel=1, nodata=0,
        crs="IAU_2015:49910",
        transform=Affine(METRES_PER_PIXEL, 0, -half, 0, -METRES_PER_PIXEL, half),
    ) as out:  # fmt: skip
        for row in range(0, size, _BLOCK):
            for column in range(0, size, _BLOCK):
                height, width = min(_BLOCK, size - row), min(_BLOCK, size - column)
                # Taken from anywhere in the texture, so that no two tiles are equal.
                y, x = rng.integers(0, _TEXTURE, 2)
                rows, columns = np.arange(y, y + height), np.arange(x, x + width)
                block = texture.take(rows, 0, mode="wrap").take(columns, 1, mode="wrap")
                out.write(block, 1, window=Window(column, row, width, height))
    return path


def _texture(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Grey relief (4096, 4096): noise of several sizes, never 0."""
    grey = np.full((_TEXTURE, _TEXTURE), 120, np.float32)
    for coarse, height in ((1, 3.0), (4, 8.0), (16, 14.0), (64, 22.0)):
        small = rng.normal(0, height, (_TEXTURE // coarse, _TEXTURE // coarse)).astype(np.float32)
        grey += np.kron(small, np.ones((coarse, coarse), np.float32))
    return np.clip(grey, 1, 255).astype(np.uint8)


def _tile(base: Path, raster: Path, size: int) -> dict[str, Any]:
    out = base / "tiles"
    words = ["data", "tile", str(raster), "--out", str(out), "--name", _NAME]
    growing = out / f".{_NAME}.part" / "tiles"
    enough = _KILL_AT * (size // SIDE) ** 2
    killed = Step(words, Home(base / "home"))
    # A tile that is still being written has a hidden name and does not count.
    killed.watch(lambda: growing.is_dir() and len(list(growing.glob("[!.]*"))) >= enough)
    # On a small raster, cutting may finish before the kill.
    before = {**_stamps(growing), **_stamps(out / _NAME)}
    finished = Step(words, Home(base / "home"))
    summary = finished.answer()
    after = _stamps(out / _NAME)
    seconds = killed.seconds + finished.seconds
    return {
        "tiles": summary["tiles"],
        "killed_after_tiles": len(before),
        "resumed_tiles": summary["resumed"],
        "tiles_cut_twice": sum(after.get(name) != stamp for name, stamp in before.items()),
        "seconds": round(seconds, 1),
        "tiles_per_second": round(summary["tiles"] / seconds, 1),
        "peak_mb": round(max(killed.peak_mb, finished.peak_mb)),
    }


def _index(base: Path, home: Home, run_id: str) -> dict[str, Any]:
    source = runs.folder(home, run_id).path
    shutil.copytree(source, Home(base / "home").runs / run_id)
    step = Step(["index", "--run", run_id, "--data", str(base / "tiles")], Home(base / "home"))
    summary = step.answer()
    return {
        "run": run_id,
        "tiles": summary["tiles"],
        "seconds": round(step.seconds, 1),
        "tiles_per_second": round(summary["tiles"] / step.seconds, 1),
        "peak_mb": round(step.peak_mb),
    }


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Modification time and inode by name of every finished tile; both change on rewriting."""
    return {
        path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.glob("*.png")
    }
