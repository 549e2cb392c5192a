"""Background jobs: specs queued per device, run by workers, watched through files.

The app never computes in its own process. A job is a folder with a spec in it (see ``kinds``);
workers, each a process in a session of its own, run the jobs in order and write their progress
beside them. The queue continues without the app: see ``workers``.
"""

from mirs_core.jobs.folder import ACTIVE, Job, list_jobs, log_tail, read
from mirs_core.jobs.kind import DATA, PREVIEW, Command, JobSpec, Kind, Work, option
from mirs_core.jobs.queue import dismiss, resume, run_first, start_over, stop, submit, submit_once
from mirs_core.jobs.reporter import Reporter
from mirs_core.jobs.specs import settled
from mirs_core.jobs.workers import tend
from mirs_core.system.devices import CPU

__all__ = [
    "ACTIVE",
    "CPU",
    "DATA",
    "PREVIEW",
    "Command",
    "Job",
    "JobSpec",
    "Kind",
    "Reporter",
    "Work",
    "dismiss",
    "list_jobs",
    "log_tail",
    "option",
    "read",
    "resume",
    "run_first",
    "settled",
    "start_over",
    "stop",
    "submit",
    "submit_once",
    "tend",
]
