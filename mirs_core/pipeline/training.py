"""Training: from a data set and a configuration to a finished run.

scan -> splits -> features -> fit -> codes -> evaluation, each step one function.
"""

import time
from dataclasses import dataclass
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.datasets.scanning import archive_id
from mirs_core.encoders.run_encoder import encoder_for
from mirs_core.errors import DataError, MirsError, RunError, StoppedError
from mirs_core.evaluation.protocol import Report
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.files import write_json
from mirs_core.pipeline.encoding import encode_sources, retriever_of
from mirs_core.pipeline.learning_tiles import learning_rows, left_out
from mirs_core.pipeline.sources import (
    Sources,
    absolute,
    check_trainable,
    check_unseen,
    gather,
)
from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a training.

    Attributes:
        epochs: number of epochs trained; 0 if nothing is trained.
        seconds: duration by step: features, training, total.
        metrics: the report as JSON; None without labels.
        stopped: whether it was stopped before its last epoch.
        copies_left_out: training tiles that were not learnt from, because the archive or the test
            split has the same tile.
    """

    run: str
    preset: str
    encoder: str
    seed: int
    archive_id: str
    epochs: int
    seconds: dict[str, float]
    metrics: dict[str, Any] | None
    stopped: bool = False
    copies_left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """The object that ``train --json`` prints."""
        scores = (self.metrics or {}).get("map_at_64", {})
        values = {name: scores.get(name, {}).get("value") for name in ("min_r_k", "hits")}
        return {
            "run": self.run,
            "preset": self.preset,
            "encoder": self.encoder,
            "seed": self.seed,
            "archive_id": self.archive_id,
            "epochs": self.epochs,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "map_at_64": values,
            **({"stopped": True} if self.stopped else {}),
            **({"copies_left_out": self.copies_left_out} if self.copies_left_out else {}),
        }


def keep_archive(run: runs.RunFolder, retriever: Retriever, name: str) -> Report | None:
    """Writes a run's model, archive and evaluation; ``name`` is the archive's id.

    Returns the report, or None if there was nothing to evaluate.
    """
    retriever.save(run)
    report = evaluate_run(retriever)
    if report is not None:
        figures = {**report.to_json(), "archive_id": name, "per_query": report.per_query_json()}
        write_json(run.metrics, figures)
    return report


def prepare(
    home: Home,
    config: configs.RunConfig,
    *,
    run_id: str | None = None,
    name: str | None = None,
    progress: Progress = silent,
) -> runs.RunFolder:
    """Creates a queued run, after checking that its data sets and its encoder can be used.

    Raises:
        MirsError: the run cannot be trained; nothing is written.
    """
    config = absolute(config)
    sources = gather(home, config, progress)
    check_trainable(config, sources)
    check_unseen(home, config, sources.items)
    encoder = encoder_for(home, config)
    return runs.create(
        home,
        config,
        run_id=run_id,
        name=name,
        provenance={**sources.describe(), "encoder": encoder.fingerprint},
    )


def train(
    home: Home,
    run: runs.RunFolder,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Outcome:
    """Trains a queued run, or continues an interrupted one; its status records the outcome.

    A run that is stopped while its head is being trained keeps its best epoch, is archived and
    evaluated, and can be searched; its state is ``stopped``, and it can be continued later.

    Raises:
        StoppedError: it was stopped before the first epoch ended.
        MirsError: the run is done, its data set changed, a file cannot be read, or its encoder is
            missing.
    """
    if run.status()["state"] == "done":
        raise RunError(f"Run {run.id} is already done; start a new run.")
    run.set_status("running")
    try:
        outcome = _train(home, run, progress, should_stop)
    except KeyboardInterrupt:
        run.set_status("stopped", "Interrupted.")
        raise
    except StoppedError as error:
        run.set_status("stopped", str(error))
        raise
    except MirsError as error:
        run.set_status("failed", str(error))
        raise
    except BaseException as error:
        run.set_status("failed", f"{type(error).__name__}: {error}")
        raise
    if outcome.stopped:
        run.set_status("stopped", f"Stopped after {outcome.epochs} epochs; the best one is kept.")
    else:
        run.checkpoint.unlink(missing_ok=True)
        run.set_status("done")
    return outcome


def prepare_and_train(
    home: Home,
    config: configs.RunConfig,
    name: str | None = None,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Outcome:
    """Creates and trains a new run; a run that fails with a MirsError is deleted.

    Raises:
        MirsError: the run cannot be trained.
    """
    run = prepare(home, config, name=name, progress=progress)
    try:
        return train(home, run, progress, should_stop)
    except StoppedError:
        raise
    except MirsError:
        runs.delete(home, run.id)
        raise


def _train(home: Home, run: runs.RunFolder, progress: Progress, should_stop: ShouldStop) -> Outcome:
    # It loads torch, which neither creating a run nor archiving needs.
    from mirs_core.pipeline.fitting import Observers, fit

    config, started = run.config(), time.perf_counter()
    encoding = stoppable(progress, should_stop)
    sources = gather(home, config, encoding)
    _check_unchanged(run, sources)
    encoder = encoder_for(home, config)
    features = encode_sources(home, config, sources, encoder, encoding)
    run.progress.unlink(missing_ok=True)
    encoded = time.perf_counter()
    observers = Observers(
        progress=progress,
        on_epoch=run.append_progress,
        checkpoint=run.checkpoint,
        should_stop=should_stop,
    )
    fitted = fit(config, features.learning_tiles(sources), observers)
    trained = time.perf_counter()
    copies = left_out(sources.learning_items, features.copies) if config.hashes else 0
    if sources.crosses:
        run.write_learnt(sources.learning_items.learnt_roles())

    name = archive_id(sources.items)
    retriever = retriever_of(home, sources, features, encoder, fitted.model, run.id)
    report = keep_archive(run, retriever, name)
    seconds = {
        "features": encoded - started,
        "training": trained - encoded,
        "total": time.perf_counter() - started,
    }
    provenance = {
        **run.provenance(),
        "archive_id": name,
        "engines": features.engines,
        "seconds": seconds,
        "epochs": fitted.epochs,
        "best_epoch": fitted.best_epoch,
        "learnt_tiles": len(learning_rows(config, sources.learning_items, features.copies)),
        "copies_left_out": copies,
    }
    write_json(run.path / "provenance.json", provenance)
    return Outcome(
        run.id,
        config.preset,
        config.encoder.name,
        config.seed,
        name,
        fitted.epochs,
        seconds,
        report.to_json() if report is not None else None,
        stopped=config.trains and fitted.epochs < config.training.epochs,
        copies_left_out=copies,
    )


def _check_unchanged(run: runs.RunFolder, sources: Sources) -> None:
    """Raises DataError if the data sets are not those that the run was prepared for."""
    provenance = run.provenance()
    for key, value in sources.describe().items():
        if value != provenance.get(key):
            raise DataError(
                f"The tiles changed after run {run.id} was created ({key}). Start a new run."
            )
