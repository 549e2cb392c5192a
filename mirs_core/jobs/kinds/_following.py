"""What may follow as soon as a data set is there: archiving it, or training models on it."""

from collections.abc import Sequence
from pathlib import Path

from mirs_core.jobs.kind import Work
from mirs_core.workspace.home import Home

ARCHIVE = "also archive it with this trained model; repeatable"
PREPARE = "also train models on it and make MIRS the default model"


def check(home: Home, archive: Sequence[str]) -> None:
    """Refuses models that cannot archive, before any work is done.

    Raises:
        RunError: a model does not exist or is not finished.
    """
    from mirs_core.workspace import runs

    for run_id in archive:
        runs.folder(home, run_id).check_usable("can archive tiles")


def follow(home: Home, root: Path, archive: Sequence[str], prepare: bool, work: Work) -> list[str]:
    """Archives the data set in ``root`` and trains models on it; returns the ids of the runs.

    Raises:
        MirsError: a step failed; the data set itself stays.
    """
    from mirs_core.pipeline import indexing, preparing

    ids = [indexing.index(home, run_id, root, progress=work.stoppable).id for run_id in archive]
    if prepare:
        ids += preparing.prepare(home, root, work.progress, work.should_stop)
    return ids


def data_key(*parts: object) -> str:
    """The key of a job that imports data or changes archives, the same for equal ``parts``."""
    from mirs_core.files import sha256
    from mirs_core.jobs.kind import DATA

    return f"{DATA}-{sha256(chr(0).join(map(str, parts)).encode())[:16]}"
