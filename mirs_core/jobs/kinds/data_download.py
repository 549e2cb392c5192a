"""Downloading a published data set."""

import time
from dataclasses import dataclass
from pathlib import Path

from mirs_core.jobs.kind import DATA, Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Download(JobSpec):
    """Download a published data set into a folder, unless it is there."""

    name: str = option(metavar="NAME", positional=True, help="of the published data set")
    folder: Path = option(metavar="DIR", positional=True)
    yes: bool = option(False, help="do not ask before downloading")


def run(home: Home, spec: Download, work: Work) -> Answer:
    """Downloads a published data set, unless it is there.

    Raises:
        DataError: there is no such data set, or it cannot be downloaded.
    """
    from mirs_core.datasets.download import published_data_set, tiles_in
    from mirs_core.jobs.kinds._downloading import download

    started = time.perf_counter()
    source, folder = published_data_set(spec.name), spec.folder.expanduser().resolve()
    tiles = tiles_in(source, folder)
    answer: Answer = {"data": source.name, "dir": str(folder)}
    if tiles is not None:
        return {**answer, "tiles": tiles, "bytes": 0, "resumed_at": 0, "seconds": 0.0}
    fetched = download(source, folder, spec.yes, work)
    answer |= {"tiles": fetched.tiles, "bytes": fetched.bytes, "resumed_at": fetched.resumed_at}
    return {**answer, "seconds": round(time.perf_counter() - started, 2)}


SPEC = Kind(
    name="data-download",
    order=100,
    words=("data", "download"),
    help="download a published data set",
    spec=Download,
    run=run,
    title=lambda spec: f"Download {spec.name}",
    key=lambda spec: f"{DATA}-{spec.name}",
)
