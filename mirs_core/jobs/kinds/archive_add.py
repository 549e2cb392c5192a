"""Adding tiles to an archive."""

import time
from dataclasses import dataclass
from pathlib import Path

from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.jobs.kinds._growing import answer_of
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveAdd(JobSpec):
    """Archive the tiles that are new in the data set of ``run``."""

    run: str = option(metavar="RUN", help="the run")
    data: Path | None = option(
        None, metavar="DIR", help="first copy the tiles of this folder into the data set"
    )
    again: bool = option(False, help="also restore tiles that were removed")
    keep: bool = option(False, help="keep the old run unchanged")


def run(home: Home, spec: ArchiveAdd, work: Work) -> Answer:
    """Archives what is new in the data set of a run.

    Raises:
        MirsError: the run cannot grow, or the folder has no tiles.
    """
    from mirs_core.datasets import importing
    from mirs_core.pipeline import growing
    from mirs_core.workspace import runs

    started = time.perf_counter()
    folder = runs.folder(home, spec.run)
    folder.check_usable("can grow")
    if spec.data is not None:
        root = Path(folder.config().archive_root)
        outcome = importing.import_into(
            home, spec.data, root, importing.FolderDescription(), work.stoppable
        )
        for note in outcome.notes:
            work.note(note)
    grown = growing.add(home, spec.run, keep=spec.keep, again=spec.again, progress=work.stoppable)
    return answer_of(grown, started)


SPEC = Kind(
    name="archive-add",
    order=150,
    words=("archive", "add"),
    help="archive the tiles that are new in the run's data set",
    spec=ArchiveAdd,
    run=run,
    title=lambda spec: f"Add tiles to {spec.run}",
    key=lambda spec: data_key("add", spec),
)
