"""The home folder in which mutants are opened: a small run of a fast encoder, and sound data sets.

Making it loads torch, so that is done in a process of its own.
"""

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    import torch

    from mirs_core.encoders.base import Encoder

RUN = "mutants"
"""Id of the run that is searched and archived with."""

_PER_CLASS = {"train": 6, "val": 2, "test": 2}
_CLASSES = ("cra", "rid", "smo")
_TABLE = """path,label,split,latitude,longitude,strip,metres_per_pixel,source,licence,credit
tile_0.png,cra,train,-4.5,137.4,P03_002287_2005_XI_20N072W,6.0,https://example.org/1,CC0,Ann
tile_1.png,rid,val,4.5,-7.25,,5.9,,MIT,"Ann, Bob"
tile_2.png,smo,,,,,,,,
"""


def fast_encoder() -> "Encoder":
    """An encoder whose features are the mean grey levels of 4 x 4 cells."""
    from mirs_core.encoders.base import Encoder

    def network(batch: "torch.Tensor") -> "torch.Tensor":
        from torch.nn import functional

        return functional.adaptive_avg_pool2d(batch, 4).flatten(1)

    fingerprint = hashlib.sha256(b"mutations").hexdigest()
    levels = (127.0, 127.0, 127.0)
    return Encoder("fast", 48, fingerprint, lambda: network, mean=levels, scale=levels)


def use_fast_encoder() -> None:
    """Makes every run of this process use ``fast_encoder``, without weights to download."""
    from mirs_core.encoders import run_encoder

    encoder = fast_encoder()
    setattr(run_encoder, "load_encoder", lambda name, home: encoder)  # noqa: B010


def prepare(base: Path) -> None:
    """Fills ``base``: home/ with a run, tiles/, a data set of a strip, an exported run, a table."""
    from benchmarks.mutations.images import SIDE, write_raster
    from mirs_core.config.presets import from_preset
    from mirs_core.datasets.strips import CutSettings, cut_strip
    from mirs_core.exchange import exported_runs, parquet_archives
    from mirs_core.pipeline import training

    use_fast_encoder()
    home, data = Home(base / "home"), base / "tiles"
    number = 0
    for split, count in _PER_CLASS.items():
        for label in _CLASSES:
            for _ in range(count):
                write_tile(data / split / label / f"tile_{number}.png", number)
                number += 1
    changes = ["training.epochs=2", "training.views=1"]
    config = from_preset("mirs", data=str(data), seed=1, changes=changes)
    training.train(home, training.prepare(home, config, run_id=RUN))
    exported_runs.save_run(home, RUN, base / "run.mirs.zip")
    parquet_archives.write_archive(home, RUN, base / "archive.parquet")
    raster = base / "sound.tif"
    write_raster(raster, relief(0, SIDE)[None])
    cut_strip(raster, base / "strips", CutSettings(size=64))


def write_described_folder(folder: Path) -> None:
    """A data set of three tiles with a card and a table."""
    for number in range(3):
        write_tile(folder / f"tile_{number}.png", number)
    (folder / "tiles.csv").write_text(_TABLE)
    (folder / "dataset.json").write_text(
        '{"name": "hills", "title": "Hills", "instrument": "CTX", "metres_per_pixel": 6.0,'
        ' "distractors": ["smo"], "licence": "CC0", "citation": "Ann", "synthetic": false,'
        ' "doi": {"of": ["10.1/x", 1.5]}}'
    )


def write_tile(path: Path, number: int) -> None:
    """A small tile of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(relief(number, 48)).save(path)


def relief(number: int, side: int) -> NDArray[np.uint8]:
    """Grey levels (side, side) of noisy stripes, different for every number."""
    rng = np.random.default_rng(number)
    angle, period = rng.uniform(0, np.pi), rng.uniform(5, 15)
    y, x = np.mgrid[:side, :side]
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    return np.clip(128 + 70 * wave + rng.normal(0, 10, (side, side)), 1, 254).astype(np.uint8)


def copied(source: Path, target: Path) -> Path:
    """A copy of a folder in place of ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def contents(folder: Path) -> dict[str, Any]:
    """SHA-256 of every file below a folder by path, and its empty folders; None if missing."""
    if not folder.exists():
        return {"": None}
    entries = sorted(folder.rglob("*"))
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in entries
        if path.name != "lock" and not path.name.endswith(".lock")
    }
