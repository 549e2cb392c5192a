"""Removing tiles from an archive."""

import time
from dataclasses import dataclass
from pathlib import Path

from mirs_core.errors import DataError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.jobs.kinds._growing import answer_of
from mirs_core.system.text_files import lines_of
from mirs_core.workspace.home import Home

_MOST_BYTES = 256_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRemove(JobSpec):
    """Remove tiles from the archive of ``run``; their files stay."""

    run: str = option(metavar="RUN", help="the run")
    tile: tuple[str, ...] = option((), metavar="TILE_ID", help="repeatable", one_of="which!")
    list: Path | None = option(
        None, metavar="FILE", help="a text file with one id per line", one_of="which!"
    )
    keep: bool = option(False, help="keep the old run unchanged")


def run(home: Home, spec: ArchiveRemove, work: Work) -> Answer:
    """Removes tiles from an archive.

    Raises:
        MirsError: the run cannot change, or there are no such tiles.
    """
    from mirs_core.pipeline import growing

    started = time.perf_counter()
    tiles = _listed(spec.list) if spec.list is not None else [*spec.tile]
    grown = growing.remove(home, spec.run, tiles, keep=spec.keep, progress=work.progress)
    return answer_of(grown, started)


def _listed(path: Path) -> "list[str]":
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path} is too large for a list of tiles.")
        lines = lines_of(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    tiles = [line.strip() for line in lines if line.strip()]
    if not tiles:
        raise DataError(f"{path} names no tile; write one id per line, in UTF-8.")
    return tiles


SPEC = Kind(
    name="archive-remove",
    order=160,
    words=("archive", "remove"),
    help="remove tiles from an archive; their files stay",
    spec=ArchiveRemove,
    run=run,
    title=lambda spec: f"Remove tiles from {spec.run}",
    key=lambda spec: data_key("remove", spec),
)
