"""Whether a disk has enough free space."""

import shutil
from pathlib import Path

from mirs_core.errors import StorageError

_RESERVE = 100_000_000


def check_space(folder: Path, needed: int) -> None:
    """Raises an error where the disk of ``folder`` (existing) has too little free space.

    Args:
        needed: bytes to be written; another 100 MB stay free.

    Raises:
        StorageError: there is too little free space.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + _RESERVE:
        raise StorageError(
            f"{folder} has {free / 1e9:.1f} GB free and {(needed + _RESERVE) / 1e9:.1f} GB are"
            " needed; free some space or choose a folder on another disk."
        )
