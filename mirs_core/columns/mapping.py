"""Files that are mapped into memory: read where they are used, and given back afterwards.

A file is closed as soon as it is mapped, so that an archive of many segments keeps none open. Pages
that were read count as memory of the process until they are given back, although other programs
may use them: of 10^8 tiles, a hundred queries touch some of nearly every page.
"""

import ctypes
import mmap
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mirs_core.errors import RunError

_LINUX = sys.platform.startswith("linux")
_FAILED = ctypes.c_void_p(-1).value


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
        if _LINUX:
            return _mapped(path)
        with pa.memory_map(str(path)) as handle:
            return MappedFile(path, handle.read_buffer(), False)
    except FileNotFoundError:
        raise RunError(f"{path} is missing; the folder was changed by hand. Train again.") from None
    except (OSError, ValueError) as error:
        raise damaged(path, str(error).splitlines()[0][:80]) from None


def _mapped(path: Path) -> MappedFile:
    """The bytes of a file, of which nothing is read before it is used.

    Arrow's own mapping asks for all of a file at once, and Python's keeps a file descriptor for
    each: of 10^8 tiles, the first reads for seconds, the second runs out of descriptors.
    """
    with path.open("rb") as handle:
        size = os.fstat(handle.fileno()).st_size
        if not size:
            return MappedFile(path, pa.py_buffer(b""), False)
        mapping = _Mapping(handle.fileno(), size)
    return MappedFile(path, pa.foreign_buffer(mapping.address, size, mapping), True)


class _Mapping:
    """A file mapped for reading, until nothing refers to it any more."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        pointer, length = ctypes.c_void_p, ctypes.c_size_t
        self._libc.mmap.restype = pointer
        self._libc.mmap.argtypes = (
            pointer, length, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
        )  # fmt: skip
        self._libc.munmap.argtypes = (pointer, length)
        address = self._libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
        if address in (None, _FAILED):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self.address: int = address
        self._size = size

    def __del__(self) -> None:
        if hasattr(self, "_size"):
            self._libc.munmap(self.address, self._size)


def give_back(files: Iterable[MappedFile]) -> None:
    """Gives back the memory of files; what is used again is read again, mostly from the cache.

    Does nothing on systems other than Linux.
    """
    if not _LINUX:
        return
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for file in files:
        if file.shared and file.bytes.size:
            advise(file.bytes.address, file.bytes.size, mmap.MADV_DONTNEED)
