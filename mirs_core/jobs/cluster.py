"""Jobs on a Ray cluster: submitted with Ray Jobs, which gives status, logs and stop.

``RAY_ADDRESS`` names the cluster, and ``MIRS_HOME`` has to be a folder that its machines share: a
job writes its progress and its run there as it does here. Ray alone schedules. Each such job
has a lane of its own, whose worker only follows it.
"""

import contextlib
import importlib.util
import os
import secrets
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mirs_core.errors import RunError
from mirs_core.files import replace_file
from mirs_core.jobs.folder import Job, folder_of, optional
from mirs_core.jobs.reporter import FOLDER, Reporter
from mirs_core.jobs.specs import words_of
from mirs_core.workspace.home import Home

PREFIX = "ray-"
_EVERY, _GRACE = 1.0, 30.0
_PYTHON = "MIRS_RAY_PYTHON"
"""The environment variable that names the interpreter of the cluster's machines."""


def is_there() -> bool:
    """Whether a cluster is named and ray is installed."""
    return bool(os.environ.get("RAY_ADDRESS")) and importlib.util.find_spec("ray") is not None


def new_lane() -> str:
    """The lane of one job on the cluster."""
    return PREFIX + secrets.token_hex(4)


def follow(home: Home, job: Job, pause: Callable[[float], None] = time.sleep) -> None:
    """Submits a job, or finds an earlier submission, and follows it to its end.

    Raises:
        RunError: the cluster does not answer.
    """
    path = folder_of(home, job.id)
    client = _client()
    name = _still_there(client, job)
    if name is None:
        name = f"{job.id}-{job.attempt}"
        words = [
            os.environ.get(_PYTHON, "python"),
            "-m",
            "mirs_core",
            *words_of(job.spec),
            "--json",
        ]
        passed = {"MIRS_HOME": str(home), FOLDER: str(path)}
        if os.environ.get("PYTHONPATH"):
            passed["PYTHONPATH"] = os.environ["PYTHONPATH"]
        client.submit_job(
            entrypoint=f"{shlex.join(words)} > {shlex.quote(str(path / 'result.json'))}",
            submission_id=name,
            runtime_env={"env_vars": passed},
        )
    stop_since: float | None = None
    while not (status := client.get_job_status(name)).is_terminal():
        _keep_log(client, name, path)
        if (path / "stop").exists():
            now = time.monotonic()
            stop_since = stop_since or now
            if now - stop_since > _GRACE:
                client.stop_job(name)
        pause(_EVERY)
    _end(job, str(status.value), _keep_log(client, name, path), path)


def _still_there(client: Any, job: Job) -> str | None:
    """The submission of an earlier attempt that is still running: its follower was killed."""
    for info in client.list_jobs():
        name = str(info.submission_id or "")
        if name.startswith(f"{job.id}-") and not info.status.is_terminal():
            return name
    return None


def _client() -> Any:
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(os.environ["RAY_ADDRESS"])
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RunError(
            f"The Ray cluster at {os.environ['RAY_ADDRESS']} does not answer: {error}. Check"
            " RAY_ADDRESS, or start the training on this computer."
        ) from None


def _keep_log(client: Any, name: str, path: Path) -> str:
    text = str(client.get_job_logs(name))
    with contextlib.suppress(RunError):
        replace_file(path / "log.txt", lambda handle: handle.write(text.encode()))
    return text


def _end(job: Job, status: str, log: str, path: Path) -> None:
    """Writes how the job ended where its process did not."""
    if not optional(path, "ended"):
        last = log.strip().splitlines()[-1:]
        states = {"SUCCEEDED": "done", "STOPPED": "stopped"}
        message = " ".join([f"Ray: {status.lower()}.", *last])
        Reporter().end(states.get(status, "failed"), message)
