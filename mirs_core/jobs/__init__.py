"""Background jobs: commands of this package, queued one a device, watched through files.

The app never computes in its own process. A job is a folder with a command in it; workers, each a
process in a session of its own, take jobs in their order and write how far they are beside them.
Nobody has to be there for the queue to go on: see ``workers``.
"""

from mirs_core.jobs.folder import ACTIVE, DATA, Job, list_jobs, log_tail, read
from mirs_core.jobs.queue import resume, run_first, start_over, stop, submit, submit_once
from mirs_core.jobs.reporter import Reporter
from mirs_core.jobs.workers import PREVIEW, tend
from mirs_core.system.devices import CPU

__all__ = [
    "ACTIVE",
    "CPU",
    "DATA",
    "PREVIEW",
    "Job",
    "Reporter",
    "list_jobs",
    "log_tail",
    "read",
    "resume",
    "run_first",
    "start_over",
    "stop",
    "submit",
    "submit_once",
    "tend",
]
