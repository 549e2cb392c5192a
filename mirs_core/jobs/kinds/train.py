"""Training a model on a data set."""

from dataclasses import dataclass
from pathlib import Path

from mirs_core.config.presets import PRESETS
from mirs_core.errors import MirsError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Train(JobSpec):
    """Train a new run on ``data``, or a run that is prepared but not trained yet before."""

    data: Path | None = option(None, metavar="DIR", help="a data set", one_of="source!")
    run: str = option(
        "", metavar="RUN", help="a run that is prepared but not trained yet", one_of="source!"
    )
    preset: str = option("mirs", metavar="NAME", help=", ".join(PRESETS))
    encoder: str | None = option(None, metavar="NAME", help="overrides the preset's encoder")
    seed: int = option(0, metavar="N")
    name: str | None = option(None, metavar="TEXT", help="display name of the run")
    map: bool = option(False, help="also compute the projection (UMAP) of its hash space (project)")
    changes: tuple[str, ...] = option(
        (), flag="--set", metavar="GROUP.FIELD=VALUE", help="change a setting of the preset"
    )


def run(home: Home, spec: Train, work: Work) -> Answer:
    """Trains, archives and measures the run.

    Raises:
        MirsError: the data set or a setting does not allow it.
    """
    from mirs_core.config import presets, relevance
    from mirs_core.pipeline import training
    from mirs_core.workspace import runs

    if spec.data is None:
        prepared = runs.folder(home, spec.run)
        outcome = training.train(home, prepared, work.progress, work.should_stop)
    else:
        config = presets.from_preset(
            spec.preset,
            data=str(spec.data.expanduser().resolve()),
            seed=spec.seed,
            encoder=spec.encoder,
            changes=list(spec.changes),
        )
        relevance.refuse_idle(config, spec.changes)
        outcome = training.prepare_and_train(
            home, config, spec.name, work.progress, work.should_stop
        )
    answer = outcome.to_json()
    if spec.map and not answer.get("stopped"):
        _project(home, outcome.run, work)
    return answer


def _project(home: Home, run_id: str, work: Work) -> None:
    """The projection of a run that was just trained; the run is complete without it."""
    from mirs_core.hash_space import space_maps

    try:
        space_maps.project(home, run_id, progress=work.progress)
    except MirsError as error:
        work.note(f"The run is finished, but its projection failed: {error}")


SPEC = Kind(
    name="train",
    order=20,
    words=("train",),
    help="train a model on a data set, archive the data set and evaluate the model",
    spec=Train,
    run=run,
    title=lambda spec: f"Train {spec.name or spec.run or spec.preset}",
    trains=lambda spec: spec.run,
)
