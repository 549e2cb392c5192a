"""A data set with trained models on it: downloaded where it is missing, trained what is missing."""

import time
from dataclasses import dataclass
from pathlib import Path

from mirs_core.errors import DataError
from mirs_core.jobs.kind import DATA, Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare(JobSpec):
    """Download a data set if necessary, and train baseline and hash models on it."""

    name: str = option(
        metavar="NAME", positional=True, help="a published data set, or a folder of your own"
    )
    folder: Path | None = option(None, metavar="DIR", positional=True)
    yes: bool = option(False, help="do not ask before downloading")


def run(home: Home, spec: Prepare, work: Work) -> Answer:
    """Downloads a data set if it is not there yet, and trains the missing ones of its models.

    Raises:
        MirsError: the data set cannot be downloaded, or no model can be trained on it.
    """
    from mirs_core.datasets.card import read_card
    from mirs_core.datasets.download import published_data_set, tiles_in
    from mirs_core.datasets.walk import find_images, is_labelled
    from mirs_core.jobs.kinds._downloading import download
    from mirs_core.pipeline import preparing
    from mirs_core.workspace import runs

    started = time.perf_counter()
    if spec.folder is None:
        folder = _own_folder(spec.name)
    else:
        source, folder = published_data_set(spec.name), spec.folder.expanduser().resolve()
        if not is_labelled(folder) and tiles_in(source, folder) is None:
            download(source, folder, spec.yes, work)
    ids = preparing.prepare(home, folder, work.progress, work.should_stop)
    return {
        "data": read_card(folder).name,
        "dir": str(folder),
        "tiles": len(find_images(folder).tiles),
        "runs": ids,
        "served": runs.served_run(home),
        "seconds": round(time.perf_counter() - started, 2),
    }


def _own_folder(name: str) -> Path:
    from mirs_core.datasets.download import DATA_SETS

    folder = Path(name).expanduser().resolve()
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {name}. Name a folder of your own, or a published data set and"
            f" the folder for it ({', '.join(DATA_SETS)})."
        )
    return folder


SPEC = Kind(
    name="data-prepare",
    order=110,
    words=("data", "prepare"),
    help="download a data set, train baseline and hash models, make MIRS the default model",
    spec=Prepare,
    run=run,
    title=lambda spec: f"Prepare {spec.name}",
    key=lambda spec: (
        data_key("prepare", spec.name) if spec.folder is None else f"{DATA}-{spec.name}"
    ),
)
