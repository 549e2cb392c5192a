"""Whether a disk has room for what is to come."""

import shutil
from pathlib import Path

from mirs_core.errors import DataError

_RESERVE = 100_000_000


def check_space(folder: Path, needed: int) -> None:
    """Refuses to begin what the disk of ``folder`` (existing) has no room for.

    Args:
        needed: bytes to be written; 100 MB more are left free.

    Raises:
        DataError: there is not enough room.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + _RESERVE:
        raise DataError(
            f"{folder} has {free / 1e9:.1f} GB left and {(needed + _RESERVE) / 1e9:.1f} GB are"
            " needed; make room or name a folder on another disk."
        )
