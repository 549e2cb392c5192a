"""Starts, prepares and resumes fine-tunings."""

import secrets
from collections.abc import Callable
from pathlib import Path

from mirs_core.encoders import fine_tuned_store
from mirs_core.encoders.fine_tuning.prepared import PreparedFineTuning
from mirs_core.encoders.fine_tuning.result import FineTuned
from mirs_core.encoders.fine_tuning.settings import FineTuneConfig, from_json
from mirs_core.errors import DataError, RunError
from mirs_core.files import read_json
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunFolder


def fine_tune(
    home: Home,
    data: Path,
    config: FineTuneConfig,
    *,
    name: str | None = None,
    progress: Progress = silent,
    should_stop: Callable[[], bool] = lambda: False,
) -> FineTuned:
    """Fine-tunes an encoder on the training half of a data set; stores it in ``home.encoders``.

    Started by torchrun, all processes share the work and the first one writes. A failure before
    the end of the first epoch leaves nothing behind; after a later one ``resume`` can continue.

    Raises:
        MirsError: the fine-tuning is impossible; StoppedError where ``should_stop`` ended it.
    """
    from mirs_core.encoders.fine_tuning.distributed import joined

    with joined() as world:
        reported = progress if world.writes else silent
        fine_tuning = PreparedFineTuning.prepare(
            home, data.expanduser().resolve(), config, reported
        )
        run = RunFolder(home.encoders / fine_tuning.id(world.token()))
        if world.writes:
            fine_tuning.write_request(run, name)
        return fine_tuning.carry_out(home, run, world, reported, should_stop)


def prepare(home: Home, data: Path, config: FineTuneConfig, *, name: str | None = None) -> str:
    """Checks and stores a fine-tuning that ``resume`` starts later; returns its id.

    Raises:
        MirsError: the fine-tuning is impossible; nothing is written then.
    """
    fine_tuning = PreparedFineTuning.prepare(home, data.expanduser().resolve(), config, silent)
    run = RunFolder(home.encoders / fine_tuning.id(secrets.token_hex(3)))
    fine_tuning.write_request(run, name)
    run.set_status("queued")
    return run.id


def resume(
    home: Home,
    encoder_id: str,
    *,
    progress: Progress = silent,
    should_stop: Callable[[], bool] = lambda: False,
) -> FineTuned:
    """Starts a prepared fine-tuning, or resumes an interrupted one after its last complete epoch.

    Raises:
        MirsError: it is done or running, or the data set or the base encoder has changed.
    """
    from mirs_core.encoders.fine_tuning.distributed import joined

    with joined() as world:
        reported = progress if world.writes else silent
        run = RunFolder(fine_tuned_store.folder_of(home, encoder_id))
        if (run.path / "encoder.json").is_file():
            raise RunError(f"The encoder {encoder_id} is done already; start a new fine-tuning.")
        if (run.path / "status.json").is_file() and run.status()["state"] == "running":
            raise RunError(f"The encoder {encoder_id} is being trained; stop that first.")
        world.wait()
        request = read_json(run.path / "request.json")
        damaged = RunError(
            f"{run.path / 'request.json'} is damaged. Delete the folder and start again."
        )
        if not isinstance(request, dict) or request.get("schema") != fine_tuned_store.SCHEMA:
            raise damaged
        if not isinstance(request.get("data"), str):
            raise damaged
        fine_tuning = PreparedFineTuning.prepare(
            home, Path(request["data"]), from_json(request.get("settings")), reported
        )
        if fine_tuning.manifest.digest != request.get("manifest"):
            raise DataError(
                f"{request['data']} has changed since {encoder_id} was started; start a new"
                " fine-tuning."
            )
        if fine_tuning.base.fingerprint != request.get("base_fingerprint"):
            raise RunError(
                f"{encoder_id} was started with other weights of {fine_tuning.base.name};"
                " start a new fine-tuning."
            )
        return fine_tuning.carry_out(home, run, world, reported, should_stop)
