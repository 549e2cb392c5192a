"""The devices of this machine that can train: the CPU, and GPUs where there are any."""

import contextlib
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the lane of its jobs.

    ``memory`` and ``used`` are bytes of a GPU, ``busy`` its utilisation in [0, 1]; None where they
    are not known.
    """

    lane: str
    name: str
    memory: int | None = None
    used: int | None = None
    busy: float | None = None


def devices() -> list[Device]:
    """GPUs first, the CPU last."""
    import torch

    found = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(index)
        busy = None
        # It needs a package of the vendor's, which is no dependency.
        with contextlib.suppress(Exception):
            busy = torch.cuda.utilization(index) / 100
        name = torch.cuda.get_device_name(index)
        found.append(Device(f"cuda-{index}", name, total, total - free, busy))
    return [*found, Device("cpu", f"CPU, {os.cpu_count() or 1} cores")]
