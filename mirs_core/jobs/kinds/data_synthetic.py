"""The synthetic data set."""

import time
from dataclasses import dataclass
from pathlib import Path

from mirs_core.errors import DataError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthetic(JobSpec):
    """Write the synthetic data set as image files."""

    folder: Path = option(metavar="DIR", positional=True)
    per_class: int = option(80, metavar="N", help="tiles per landform")
    seed: int = option(0, metavar="N")
    version: int = option(1, metavar="N", help="2 has more lifelike slopes, ridges and terrain")


def run(home: Home, spec: Synthetic, work: Work) -> Answer:
    """Writes the synthetic data set.

    Raises:
        DataError: the folder is not empty, or no tiles are wanted.
    """
    from mirs_core.datasets.synthetic import generate

    folder = spec.folder
    if spec.per_class < 1:
        raise DataError(f"At least 1 tile per landform is needed, not {spec.per_class}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} exists already and is not empty; name a new folder.")
    started = time.perf_counter()
    generate(
        folder,
        per_class=spec.per_class,
        seed=spec.seed,
        progress=work.stoppable,
        version=spec.version,
    )
    seconds = round(time.perf_counter() - started, 2)
    answer = {"folder": str(folder), "tiles": 15 * spec.per_class, "seed": spec.seed}
    return {**answer, "seconds": seconds}


SPEC = Kind(
    name="data-synthetic",
    order=120,
    words=("data", "synthetic"),
    help="write synthetic Mars as image files",
    spec=Synthetic,
    run=run,
    title=lambda spec: f"Write synthetic Mars to {spec.folder.name}",
    key=lambda spec: data_key("synthetic", spec.folder),
    resumable=False,
)
