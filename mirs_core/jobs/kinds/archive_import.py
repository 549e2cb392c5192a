"""Importing an archive from a Parquet table."""

from dataclasses import dataclass
from pathlib import Path

from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds._following import data_key
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveImport(JobSpec):
    """Import codes that the model of ``run`` computed, here or elsewhere."""

    file: Path = option(metavar="FILE.parquet", positional=True)
    run: str = option(metavar="RUN", help="a run of the same model")
    data: Path | None = option(None, metavar="DIR", help="the folder of the tiles")
    name: str | None = option(None, metavar="TEXT", help="name of the archive")


def run(home: Home, spec: ArchiveImport, work: Work) -> Answer:
    """Imports an archive from a Parquet table.

    Raises:
        MirsError: the table is damaged or of another model.
    """
    from mirs_core.exchange import parquet_archives

    imported, tiles = parquet_archives.read_archive(
        home,
        spec.file.expanduser(),
        spec.run,
        data=spec.data,
        name=spec.name,
        progress=work.progress,
    )
    return {"run": imported.id, "parent": spec.run, "tiles": tiles, "file": str(spec.file)}


SPEC = Kind(
    name="archive-import",
    order=170,
    words=("archive", "import"),
    help="import an archive from a table that archive export wrote",
    spec=ArchiveImport,
    run=run,
    title=lambda spec: f"Import {spec.file.name}",
    key=lambda spec: data_key("import codes", spec),
    resumable=False,
)
