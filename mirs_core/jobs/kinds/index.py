"""Archiving a folder with trained models."""

from dataclasses import dataclass
from pathlib import Path

from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(JobSpec):
    """Archive the tiles in ``data`` with the models of ``run``."""

    run: tuple[str, ...] = option(
        metavar="RUN", help="the model (repeatable, to archive with several)"
    )
    data: Path = option(metavar="DIR", help="a folder of tiles")
    name: str | None = option(None, metavar="TEXT", help="name of the archive")
    keep_features: bool = option(
        False, help="keep the features of the tiles in the cache, for a training"
    )


def run(home: Home, spec: Index, work: Work) -> Answer:
    """Archives a folder, once per model.

    Raises:
        MirsError: a model is not finished, or the folder has no tiles.
    """
    from mirs_core.datasets.walk import find_images
    from mirs_core.pipeline import indexing
    from mirs_core.retrieval import retriever

    archives = indexing.index_all(
        home,
        list(dict.fromkeys(spec.run)),
        spec.data,
        name=spec.name,
        keep_features=spec.keep_features,
        progress=work.stoppable,
    )
    first = archives[0]
    images = find_images(spec.data.expanduser().resolve())
    return {
        "run": first.id,
        "parent": spec.run[0],
        "data": first.provenance()["data_name"],
        "tiles": len(retriever.load(first).items),
        "runs": [archive.id for archive in archives],
        "notes": list(images.remarks),
    }


SPEC = Kind(
    name="index",
    order=80,
    words=("index",),
    help="archive a folder with trained models",
    spec=Index,
    run=run,
    title=lambda spec: f"Index {spec.data.name}",
)
