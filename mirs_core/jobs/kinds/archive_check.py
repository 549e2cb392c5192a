"""Checking whether the tiles of an archive still are what was archived."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_LISTED = 1000
_NAMED = 5
LARGE = 131_072
"""Tiles from which on an archive of version 0.3.0 or before is worth storing anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveCheck(JobSpec):
    """Check the files of an archive against what was archived."""

    run: str = option(metavar="RUN", help="the run")


def run(home: Home, spec: ArchiveCheck, work: Work) -> Answer:
    """Counts the tiles that are current, changed, missing and unreadable, and lists the first ones.

    Raises:
        MirsError: the run is not finished, or the folder of its data set is missing.
    """
    from mirs_core.retrieval import archive_check
    from mirs_core.retrieval.search import Searcher

    started = time.perf_counter()
    checked = archive_check.check(Searcher.open(home, spec.run), work.stoppable)
    listed: dict[str, Sequence[str]] = {
        "changed": checked.changed,
        "missing": checked.missing,
        "unreadable": checked.unreadable,
    }
    return {
        "run": spec.run,
        "tiles": checked.tiles,
        "current": checked.current,
        **{name: len(tiles) for name, tiles in listed.items()},
        "listed": {name: list(tiles[:_LISTED]) for name, tiles in listed.items()},
        "notes": [*_notes(checked.tiles, listed), *_advice(home, spec.run, checked.tiles)],
        "seconds": round(time.perf_counter() - started, 2),
    }


def _notes(tiles: int, listed: dict[str, Sequence[str]]) -> list[str]:
    texts = {
        "changed": "changed since they were archived",
        "missing": "missing",
        "unreadable": "unreadable",
    }
    lines = [
        f"{len(names):,} {texts[state]}: {_first(names)}"
        for state, names in listed.items()
        if names
    ]
    current = tiles - sum(map(len, listed.values()))
    return [f"{current:,} of {tiles:,} tiles are as they were archived.", *lines]


def _advice(home: Home, run_id: str, tiles: int) -> list[str]:
    """How to store a large archive of an earlier version so that it need not be read whole."""
    from mirs_core.columns.reading import is_stored

    if tiles < LARGE or is_stored(runs.folder(home, run_id).archive):
        return []
    return [
        "The archive has the format of version 0.3.0 and is read whole into memory. To store it in"
        f" the present one, with the same results: mirs archive compact --run {run_id}"
    ]


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


SPEC = Kind(
    name="archive-check",
    order=155,
    words=("archive", "check"),
    help="check whether tiles have changed or gone since they were archived",
    spec=ArchiveCheck,
    run=run,
    title=lambda spec: f"Check the files of {spec.run}",
    key=lambda spec: data_key("check", spec),
)
