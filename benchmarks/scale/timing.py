"""Seconds, memory and one pass over an archive's codes, to compare a search with."""

import os
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GIGABYTE = 1e9
_MOST = 200


def once(act: Callable[[], object]) -> float:
    """Seconds that ``act`` takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def best(*acts: Callable[[], object], budget: float = 3.0, least: int = 3) -> list[float]:
    """The fewest seconds of each of ``acts`` when all are done in turn, again and again.

    In turn, so that whatever else the machine does slows all of them alike.

    Args:
        budget: seconds after which they are not repeated again, once done ``least`` times; after
            200 times they never are.
    """
    seconds = [once(act) for act in acts]
    started, rounds = time.perf_counter(), 1
    while rounds < least or (rounds < _MOST and time.perf_counter() - started < budget):
        seconds = [min(s, once(act)) for s, act in zip(seconds, acts, strict=True)]
        rounds += 1
    return seconds


def memory() -> tuple[float, float]:
    """Resident gigabytes of this process, and those of them that are no pages of mapped files.

    Outside of Linux both are the most that this process ever used.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        values = dict(line.split(":", 1) for line in lines)
        kilobytes = [int(values[name].split()[0]) for name in ("VmRSS", "RssFile")]
    except (OSError, KeyError, ValueError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _GIGABYTE
        return most, most
    total, mapped = (value * 1024 / _GIGABYTE for value in kilobytes)
    return total, total - mapped


def forget(folder: Path) -> None:
    """Drops the files of a folder from the system's cache, where it can be asked to."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def one_pass(arrays: Sequence[NDArray[Any]]) -> None:
    """Reads every byte of ``arrays`` once, as fast as NumPy reads memory."""
    for array in arrays:
        np.bitwise_xor.reduce(words(array).reshape(-1))


def words(codes: NDArray[Any]) -> NDArray[Any]:
    """Codes (n, B) as unsigned integers (n, B / size), as large as divide B."""
    size = next(size for size in (8, 4, 2, 1) if codes.shape[1] % size == 0)
    return codes.view(f"u{size}")


def pass_of_both(arrays: Sequence[NDArray[Any]]) -> None:
    """The same by two threads, half of each array each."""
    halves = [
        [array[: len(array) // 2] for array in arrays],
        [array[len(array) // 2 :] for array in arrays],
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one_pass, halves))
