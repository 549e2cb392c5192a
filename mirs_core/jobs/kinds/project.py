"""The projection of a run's hash space to two dimensions."""

from dataclasses import dataclass

from mirs_core.jobs.kind import PREVIEW, Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(JobSpec):
    """Project the archive of a run to two dimensions and store the result with the run."""

    run: str = option(metavar="RUN", help="the run")
    seed: int = option(0, metavar="N")


def run(home: Home, spec: Project, work: Work) -> Answer:
    """Computes the projection (UMAP).

    Raises:
        MirsError: there is no such run, or it is not finished.
        StoppedError: a stop was requested.
    """
    from mirs_core.hash_space import space_maps

    return space_maps.project(home, spec.run, spec.seed, work.stoppable).to_json()


SPEC = Kind(
    name="project",
    order=40,
    words=("project",),
    help="project a run's hash space to two dimensions (UMAP)",
    spec=Project,
    run=run,
    title=lambda spec: f"Projection of {spec.run}",
    lane=PREVIEW,
    key=lambda spec: f"map-{spec.run}",
)
