"""One fine-tuning on several processes of this machine, started by torchrun.

torchrun's processes share the work (see ``world``); the first one writes and reports. This module
starts them, waits, and says how it ended. Should the starter be killed, they find out and stop.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from mirs_core.encoders import fine_tuned_store
from mirs_core.encoders.fine_tuned_store import list_encoders
from mirs_core.encoders.fine_tuning.runs import FineTuned
from mirs_core.errors import ConfigError, RunError, StoppedError
from mirs_core.system.processes import is_alive, this_process
from mirs_core.workspace.home import Home

_STARTER = "MIRS_STARTED_BY"
"""The environment variable that names the process that waits for these ones."""
MOST = 64


def resume_on(home: Home, encoder_id: str, processes: int) -> FineTuned:
    """Begins or goes on with a fine-tuning on ``processes`` processes, one a GPU where there are.

    Inside a job they read its folder themselves: the first one reports, each one sees a stop.

    Raises:
        ConfigError: a number of processes that makes no sense.
        StoppedError: it was stopped; ``resume`` goes on from its last whole epoch.
        MirsError: whatever made it impossible.
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
    return _ended(home, encoder_id)


def check_processes(processes: int) -> None:
    """Raises ConfigError for a number of processes that makes no sense."""
    if not 1 < processes <= MOST:
        raise ConfigError(
            f"Training on {processes} processes is not possible; choose 2 to {MOST}, or one."
        )


def _search_path() -> str:
    source = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])


def _ended(home: Home, encoder_id: str) -> FineTuned:
    known = {one.id: one for one in list_encoders(home)}
    found = known.get(encoder_id)
    if found is None or found.state not in {"done", "stopped"}:
        said = found.error if found and found.error else "see what it wrote above."
        raise RunError(f"The fine-tuning {encoder_id} failed: {said}")
    if found.state == "stopped":
        raise StoppedError(
            f"The fine-tuning was stopped and can be resumed; its id is {encoder_id}"
        )
    return FineTuned(
        encoder=found.id,
        objective=found.objective,
        base=found.base,
        data=found.data,
        seed=found.seed,
        epochs=found.epochs,
        best_epoch=found.best_epoch,
        validation=found.validation,
        seconds=found.seconds,
    )


def starter_is_gone() -> bool:
    """Whether this process was started by ``resume_on`` and its starter has died."""
    told = os.environ.get(_STARTER)
    return told is not None and not is_alive(_identity(told))


def _identity(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
