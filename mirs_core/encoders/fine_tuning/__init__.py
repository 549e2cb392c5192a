"""Fine-tuning of an encoder, end to end, on the training half of a data set."""

from mirs_core.encoders.fine_tuning.procedures import fine_tune, prepare, resume
from mirs_core.encoders.fine_tuning.result import FineTuned
from mirs_core.encoders.fine_tuning.settings import (
    OBJECTIVES,
    FineTuneConfig,
    configure,
    parse_changes,
    settings,
)
from mirs_core.encoders.fine_tuning.torchrun import check_processes, resume_on, starter_is_gone

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
