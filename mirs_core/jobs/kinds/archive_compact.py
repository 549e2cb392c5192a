"""Compacting an archive that has grown and shrunk."""

import time
from dataclasses import dataclass

from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.jobs.kinds._growing import answer_of
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCompact(JobSpec):
    """Write the archive of ``run`` anew, without removed tiles; it ranks as before."""

    run: str = option(metavar="RUN", help="the run")
    keep: bool = option(False, help="keep the old run unchanged")


def run(home: Home, spec: ArchiveCompact, work: Work) -> Answer:
    """Compacts an archive.

    Raises:
        MirsError: the run is not finished, or its archive is compact already.
    """
    from mirs_core.pipeline import growing

    started = time.perf_counter()
    grown = growing.compact(home, spec.run, keep=spec.keep, progress=work.stoppable)
    return answer_of(grown, started)


SPEC = Kind(
    name="archive-compact",
    order=165,
    words=("archive", "compact"),
    help="write an archive anew that has grown or shrunk often; it ranks as before",
    spec=ArchiveCompact,
    run=run,
    title=lambda spec: f"Compact the archive of {spec.run}",
    key=lambda spec: data_key("compact", spec),
)
