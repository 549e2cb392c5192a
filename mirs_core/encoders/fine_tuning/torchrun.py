"""Runs one fine-tuning on several processes of this machine with torchrun.

The processes share the work (see ``distributed``); the first one writes and reports. This module
starts them, waits for them and returns the result. They stop when their starter is killed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from mirs_core.encoders import fine_tuned_store
from mirs_core.encoders.fine_tuned_store import list_encoders
from mirs_core.encoders.fine_tuning.result import FineTuned
from mirs_core.errors import ConfigError, RunError, StoppedError
from mirs_core.system.processes import is_alive, this_process
from mirs_core.workspace.home import Home

_STARTER = "MIRS_STARTED_BY"
"""Environment variable with the identity of the starting process."""
MAX_PROCESSES = 64


def resume_on(home: Home, encoder_id: str, processes: int) -> FineTuned:
    """Starts or resumes a fine-tuning on ``processes`` processes, one per GPU if there are GPUs.

    Inside a job they read its folder themselves: the first one reports, each one sees a stop.

    Raises:
        ConfigError: an impossible number of processes.
        StoppedError: it was stopped; ``resume`` continues after its last complete epoch.
        MirsError: the fine-tuning failed.
    """
    check_processes(processes)
    fine_tuned_store.folder_of(home, encoder_id)
    words = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = ["-m", "mirs_core", "train-encoder", "--resume", encoder_id, "--json"]
    threads = max(1, (os.cpu_count() or 1) // processes)
    environment = {
        "OMP_NUM_THREADS": str(threads),
        **os.environ,
        "MIRS_HOME": str(home),
        "PYTHONPATH": _search_path(),
        _STARTER: json.dumps(this_process()),
    }
    child = subprocess.Popen(
        [sys.executable, *words, *command], stdout=subprocess.DEVNULL, env=environment
    )
    try:
        child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
    return _result(home, encoder_id)


def check_processes(processes: int) -> None:
    """Raises ConfigError for an impossible number of processes."""
    if not 1 < processes <= MAX_PROCESSES:
        raise ConfigError(
            f"Training on {processes} processes is not possible; choose 2 to {MAX_PROCESSES},"
            " or one."
        )


def _search_path() -> str:
    source = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])


def _result(home: Home, encoder_id: str) -> FineTuned:
    encoders = {encoder.id: encoder for encoder in list_encoders(home)}
    encoder = encoders.get(encoder_id)
    if encoder is None or encoder.state not in {"done", "stopped"}:
        reason = encoder.error if encoder and encoder.error else "see its output above."
        raise RunError(f"The fine-tuning {encoder_id} failed: {reason}")
    if encoder.state == "stopped":
        raise StoppedError(
            f"The fine-tuning was stopped and can be resumed; its id is {encoder_id}"
        )
    return FineTuned(
        encoder=encoder.id,
        objective=encoder.objective,
        base=encoder.base,
        data=encoder.data,
        seed=encoder.seed,
        epochs=encoder.epochs,
        best_epoch=encoder.best_epoch,
        validation=encoder.validation,
        seconds=encoder.seconds,
    )


def starter_is_gone() -> bool:
    """Whether this process was started by ``resume_on`` and its starter has died."""
    starter = os.environ.get(_STARTER)
    return starter is not None and not is_alive(_identity(starter))


def _identity(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
