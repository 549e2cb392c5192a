"""``bench strip --virtual``: the same raster cut without image files, archived and searched."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.steps import Step
from mirs_core.datasets.images import read_image
from mirs_core.datasets.tile_source import read_pixels
from mirs_core.progress import Progress
from mirs_core.retrieval import archive_check
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_SAMPLE = 200
_K = 64


def measured(
    base: Path, home: Home, run_id: str | None, raster: Path, progress: Progress
) -> dict[str, Any]:
    """Measurements of virtual tiles of a raster whose image tiles are in ``base / "tiles"``.

    Returns:
        ``virtual``: seconds, peak memory and files of cutting, and how many of a sample of tiles
        have other pixels than their image files; ``index`` and ``search`` if there is a model.
    """
    progress("Cutting virtual tiles", 0, 1)
    out, own = base / "virtual", Home(base / "home")
    words = ["data", "tile", str(raster), "--out", str(out), "--name", "bench", "--virtual"]
    step = Step(words, own)
    tiles = step.answer()["tiles"]
    files = [path for path in out.rglob("*") if path.is_file()]
    answer: dict[str, Any] = {
        "virtual": {
            "tiles": tiles,
            "seconds": round(step.seconds, 1),
            "tiles_per_second": round(tiles / step.seconds, 1),
            "peak_mb": round(step.peak_mb),
            "image_files": sum(path.suffix == ".png" for path in files),
            "mb_written": round(sum(path.stat().st_size for path in files) / 1e6, 2),
            "sampled": _SAMPLE,
            "sampled_with_other_pixels": _differing(base / "tiles" / "bench", out),
        }
    }
    if run_id is not None:
        progress("Archiving virtual tiles", 0, 1)
        answer |= _archived(own, home, run_id, raster, out)
    return answer


def _differing(images: Path, out: Path) -> int:
    """How many of a sample of image files are not the windows of the raster."""
    names = sorted(path.stem for path in images.glob("*.png"))
    rows = np.random.default_rng(0).integers(0, len(names), _SAMPLE)
    return sum(
        not np.array_equal(
            read_image(images / f"{names[row]}.png"),
            read_pixels(out, f"bench/{names[row]}.window"),
        )
        for row in rows
    )


def _archived(own: Home, home: Home, run_id: str, raster: Path, out: Path) -> dict[str, Any]:
    shutil.copytree(runs.folder(home, run_id).path, own.runs / run_id)
    step = Step(["index", "--run", run_id, "--data", str(out)], own)
    archive = step.answer()
    searcher = Searcher.open(own, archive["run"])
    tile = searcher.items.ids[0]
    column, row = (int(word[1:]) for word in tile.removesuffix(".window").split("_")[-2:])
    side = str(searcher.files.pixels(tile).shape[0])
    search = ["search", "--run", archive["run"], "--k", str(_K), "--image"]
    by_tile = Step([*search, str(out / tile)], own)
    of_tile = by_tile.answer()["results"]
    rectangle = ["--window", str(column), str(row), side, side]
    by_rectangle = Step([*search, str(raster), *rectangle], own)
    of_rectangle = by_rectangle.answer()["results"]
    before = archive_check.check(searcher)
    # Another raster of the same size and name, one bit of one pixel apart.
    data = bytearray(raster.read_bytes())
    data[len(data) // 2] ^= 1
    raster.write_bytes(data)
    after = archive_check.check(searcher)
    return {
        "index": {
            "run": run_id,
            "tiles": archive["tiles"],
            "seconds": round(step.seconds, 1),
            "tiles_per_second": round(archive["tiles"] / step.seconds, 1),
            "peak_mb": round(step.peak_mb),
        },
        "search": {
            "by_tile_seconds": round(by_tile.seconds, 2),
            "by_rectangle_seconds": round(by_rectangle.seconds, 2),
            "equal_results": of_tile == of_rectangle,
            "current_before": before.current,
            "changed_after": len(after.changed),
        },
    }
