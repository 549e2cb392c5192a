"""The answer of jobs that change an archive."""

import time
from typing import TYPE_CHECKING

from mirs_core.jobs.kind import Answer

if TYPE_CHECKING:
    from mirs_core.pipeline.growing import Grown


def answer_of(grown: "Grown", started: float) -> Answer:
    """What changed, as JSON. ``started`` is a time of ``time.perf_counter``."""
    return {
        "run": grown.run.id,
        "from": grown.before,
        "tiles": grown.tiles,
        "added": grown.added,
        "removed": grown.removed,
        "encoded": grown.encoded,
        "binned": grown.binned,
        "held_back": grown.held_back,
        "seconds": round(time.perf_counter() - started, 2),
    }
