"""Fine-tuning an encoder, end to end."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mirs_core.errors import ConfigError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.encoders.fine_tuning import FineTuned


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainEncoder(JobSpec):
    """Fine-tune an encoder on ``data``, or resume an interrupted fine-tuning."""

    data: Path | None = option(None, metavar="DIR", help="a data set", one_of="source!")
    resume: str = option(
        "", metavar="ID", help="resume an interrupted fine-tuning", one_of="source!"
    )
    objective: str | None = option(
        None,
        choices=("classifier", "triplet", "simclr"),
        help="training objective (default classifier)",
    )
    encoder: str | None = option(
        None, flag="--from", metavar="ENCODER", help="start from (default efficientnet-lite0)"
    )
    seed: int | None = option(None, metavar="N", help="default 0")
    epochs: int | None = option(None, metavar="N")
    batch_size: int | None = option(None, metavar="N")
    learning_rate: float | None = option(None, metavar="X")
    name: str | None = option(None, metavar="TEXT", help="display name of the encoder")
    processes: int = option(1, metavar="N", help="started by torchrun, one per GPU")
    changes: tuple[str, ...] = option(
        (), flag="--set", metavar="FIELD=VALUE", help="any other setting"
    )


_SETTINGS = ("encoder", "seed", "epochs", "batch_size", "learning_rate")


def run(home: Home, spec: TrainEncoder, work: Work) -> Answer:
    """Fine-tunes an encoder.

    Raises:
        MirsError: a data set, a setting or the machine does not allow it.
    """
    from mirs_core.encoders import fine_tuning

    if spec.processes != 1:
        fine_tuning.check_processes(spec.processes)
    values = {name: getattr(spec, name) for name in _SETTINGS}
    if spec.resume:
        extra = [name for name, value in values.items() if value is not None]
        if extra or spec.objective or spec.name or spec.changes:
            raise ConfigError(
                "An interrupted encoder continues with the settings it began with; give no others."
            )
        return _resume(home, spec.resume, spec.processes, work).to_json()
    assert spec.data is not None, "the command line and the app name a source"
    changes = fine_tuning.parse_changes(spec.changes)
    changes |= {name: value for name, value in values.items() if value is not None}
    objective = spec.objective or changes.get("objective", "classifier")
    changes.pop("objective", None)
    config = fine_tuning.configure(objective, **changes)
    if spec.processes != 1:
        prepared = fine_tuning.prepare(home, spec.data, config, name=spec.name)
        return _resume(home, prepared, spec.processes, work).to_json()
    return fine_tuning.fine_tune(
        home,
        spec.data,
        config,
        name=spec.name,
        progress=work.progress,
        should_stop=work.should_stop,
    ).to_json()


def _resume(home: Home, encoder: str, processes: int, work: Work) -> "FineTuned":
    from mirs_core.encoders import fine_tuning

    if processes != 1:
        return fine_tuning.resume_on(home, encoder, processes)
    return fine_tuning.resume(
        home,
        encoder,
        progress=work.progress,
        should_stop=lambda: work.should_stop() or fine_tuning.starter_is_gone(),
    )


SPEC = Kind(
    name="train-encoder",
    order=70,
    words=("train-encoder",),
    help="fine-tune an encoder, end to end, on a data set",
    spec=TrainEncoder,
    run=run,
    title=lambda spec: f"Train encoder {spec.resume or spec.name or spec.data}",
)
