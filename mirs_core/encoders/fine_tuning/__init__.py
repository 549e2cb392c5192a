"""Fine-tuning: an encoder trained further, end to end, on the training half of a data set."""

from mirs_core.encoders.fine_tuning.processes import check_processes, resume_on, starter_is_gone
from mirs_core.encoders.fine_tuning.runs import FineTuned, fine_tune, prepare, resume
from mirs_core.encoders.fine_tuning.settings import (
    OBJECTIVES,
    FineTuneConfig,
    configure,
    parse_changes,
    settings,
)

__all__ = [
    "OBJECTIVES",
    "FineTuneConfig",
    "FineTuned",
    "check_processes",
    "configure",
    "fine_tune",
    "parse_changes",
    "prepare",
    "resume",
    "resume_on",
    "settings",
    "starter_is_gone",
]
