"""The recipe: a data set and a configuration become a run.

scan -> roles -> features -> fit -> codes -> evaluation, each step one function; configuration
dataclasses are unpacked here and nowhere below.
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
from mirs_core.pipeline.encoding import encode_sources
from mirs_core.pipeline.fitting import fit, learning_rows
from mirs_core.pipeline.sources import absolute, check_trainable, check_unseen, gather
from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ``train`` reports of a run.

    ``metrics`` is None where there were no labels; ``stopped`` says that epochs are missing.
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

    def to_json(self) -> dict[str, Any]:
        """The object that ``train --json`` prints."""
        found = (self.metrics or {}).get("map_at_64", {})
        values = {name: found.get(name, {}).get("value") for name in ("min_r_k", "hits")}
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
        }


def keep_archive(run: runs.RunFolder, built: Retriever, name: str) -> Report | None:
    """Writes a run's model, archive and evaluation; ``name`` is the archive's id.

    Returns the report, or None where there was nothing to measure.
    """
    built.save(run)
    report = evaluate_run(built)
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
    """A queued run, after a check that its data sets and its encoder can be used.

    Raises:
        MirsError: whatever makes the training impossible; nothing is written then.
    """
    config = absolute(config)
    found = gather(home, config, progress)
    check_trainable(config, found)
    check_unseen(home, config, found.items)
    encoder = encoder_for(home, config)
    return runs.create(
        home,
        config,
        run_id=run_id,
        name=name,
        provenance={**found.describe(), "encoder": encoder.fingerprint},
    )


def train(
    home: Home,
    run: runs.RunFolder,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Outcome:
    """Carries out a queued run, or goes on with one that broke off; its status says how it went.

    A run that is stopped while its head is trained keeps its best epoch, is archived and measured,
    and can be used; its state is ``stopped``, and it can go on later.

    Raises:
        StoppedError: it was stopped before there was an epoch to keep.
        MirsError: the data set changed, a file is unreadable, the encoder is gone.
    """
    if run.status()["state"] == "done":
        raise RunError(f"Run {run.id} is done already; start a new one with train --data.")
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
    """A new run from start to end; an expected failure leaves no run behind.

    Raises:
        MirsError: whatever makes the training impossible.
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
    config, started = run.config(), time.perf_counter()
    encoding = stoppable(progress, should_stop)
    found = gather(home, config, encoding)
    for key, value in found.describe().items():
        if value != run.provenance().get(key):
            raise DataError(
                f"The tiles changed since run {run.id} was prepared ({key}); start a new run."
            )
    encoder = encoder_for(home, config)
    tiles = encode_sources(home, config, found, encoder, encoding)
    run.progress.unlink(missing_ok=True)
    viewed = time.perf_counter()
    fitted = fit(
        config,
        tiles.learning,
        found.learning_items,
        views=tiles.views,
        val_view=tiles.val_view,
        archive=tiles.archive[found.items.rows(["archive"])],
        target=tiles.target,
        distractors=found.learning.card.distractors,
        progress=progress,
        on_epoch=run.append_progress,
        checkpoint=run.checkpoint,
        should_stop=should_stop,
    )
    trained = time.perf_counter()
    items, distractors, features = found.items, found.archive.card.distractors, tiles.archive
    if found.crosses:
        run.keep_learnt(found.learning_items.learnt_roles())

    name = archive_id(items)
    built = Retriever.build(fitted.model, features, items, distractors)
    report = keep_archive(run, built, name)
    seconds = {
        "features": viewed - started,
        "training": trained - viewed,
        "total": time.perf_counter() - started,
    }
    made = {
        **run.provenance(),
        "archive_id": name,
        "seconds": seconds,
        "epochs": fitted.epochs,
        "best_epoch": fitted.best_epoch,
        "learnt_tiles": len(learning_rows(config, found.learning_items)),
    }
    write_json(run.path / "provenance.json", made)
    figures = report.to_json() if report is not None else None
    return Outcome(
        run.id,
        config.preset,
        config.encoder.name,
        config.seed,
        name,
        fitted.epochs,
        seconds,
        figures,
        stopped=config.trains and fitted.epochs < config.training.epochs,
    )
