"""Files that are mapped into memory: read where they are used, and given back afterwards.

A file is closed as soon as it is mapped, so that an archive of many segments keeps none open. Pages
that were read count as memory of the process until they are given back, although other programs
may use them: of 10^8 tiles, a hundred queries touch some of nearly every page.
"""

import ctypes
import mmap
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mirs_core.errors import RunError


def damaged(path: Path, why: str = "") -> RunError:
    """The error for a file of an archive that cannot be used."""
    reason = f" ({why})" if why else ""
    return RunError(f"{path} is damaged{reason}. Delete the run and train again.")


@dataclass(frozen=True, slots=True, eq=False)
class MappedFile:
    """The bytes of a file; ``shared`` if they are the file itself rather than a copy."""

    path: Path
    bytes: pa.Buffer
    shared: bool


def map_file(path: Path) -> MappedFile:
    """The bytes of a file.

    Raises:
        RunError: the file is missing or cannot be read.
    """
    try:
        with pa.memory_map(str(path)) as handle:
            buffer = handle.read_buffer()
            handle.seek(0)
            # Copies would have two addresses. Only the file's own pages can be read again.
            same = handle.read_buffer().address == buffer.address
            return MappedFile(path, buffer, same and buffer.address % mmap.PAGESIZE == 0)
    except FileNotFoundError:
        raise RunError(f"{path} is missing; the folder was changed by hand. Train again.") from None
    except (OSError, ValueError) as error:
        raise damaged(path, str(error).splitlines()[0][:80]) from None


def give_back(files: Iterable[MappedFile]) -> None:
    """Gives back the memory of files; what is used again is read again, mostly from the cache.

    Does nothing on systems other than Linux.
    """
    if not sys.platform.startswith("linux"):
        return
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for file in files:
        if file.shared and file.bytes.size:
            advise(file.bytes.address, file.bytes.size, mmap.MADV_DONTNEED)
