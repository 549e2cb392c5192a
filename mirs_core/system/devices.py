"""The devices of this machine that can train: the CPU and any GPUs."""

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CPU, ALL_GPUS = "cpu", "cuda-all"
"""Job lanes: training without a GPU, and training on all GPUs at once."""
_GPU = "cuda-"
# Devices of the drivers of NVIDIA (also in WSL) and of AMD.
_LINUX_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the lane of its jobs.

    ``memory`` and ``used`` are bytes of a GPU, ``busy`` its utilisation in [0, 1]; None where
    unknown. ``processes`` is the number of processes that train on it together.
    """

    lane: str
    name: str
    memory: int | None = None
    used: int | None = None
    busy: float | None = None
    processes: int = 1


def devices() -> list[Device]:
    """Each GPU, then all GPUs together if there are several, then the CPU."""
    import torch

    gpus = []
    for index in range(_gpus()):
        free, total = torch.cuda.mem_get_info(index)
        busy = None
        # It needs a package of the vendor that is not a dependency.
        with contextlib.suppress(Exception):
            busy = torch.cuda.utilization(index) / 100
        name = torch.cuda.get_device_name(index)
        gpus.append(Device(f"{_GPU}{index}", name, total, total - free, busy))
    if len(gpus) > 1:
        gpus.append(Device(ALL_GPUS, f"All {len(gpus)} GPUs", processes=len(gpus)))
    return [*gpus, Device(CPU, f"CPU, {os.cpu_count() or 1} cores")]


def _gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def has_gpu() -> bool:
    """Whether networks of this process run on a GPU; torch is loaded only where one may be."""
    if "torch" not in sys.modules and not _may_have_gpu():
        return False
    return _gpus() > 0


def _may_have_gpu() -> bool:
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "" or sys.platform == "darwin":
        return False
    if sys.platform.startswith("linux"):
        return any(Path(path).exists() for path in _LINUX_DRIVERS)
    return True


def compute_threads() -> int:
    """Threads for the computations of this process: ``OMP_NUM_THREADS``, else its cores."""
    limit = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if limit.isdecimal() and int(limit) > 0:
        return int(limit)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def compute_device() -> "torch.device":
    """Where networks run in this process: the first visible GPU, else the CPU."""
    import torch

    return torch.device("cuda" if _gpus() else "cpu")


def visible(lane: str) -> dict[str, str]:
    """Environment variables that restrict a lane's process to its own device.

    GPU numbers are those of this process, which may itself see only some of the machine's GPUs.
    """
    if lane == ALL_GPUS or not (lane == CPU or lane.startswith(_GPU)):
        return {}
    if lane == CPU:
        return {"CUDA_VISIBLE_DEVICES": ""}
    number = lane.removeprefix(_GPU)
    visible_ids = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    own = (
        visible_ids[int(number)]
        if number.isdecimal() and int(number) < len(visible_ids)
        else number
    )
    return {"CUDA_VISIBLE_DEVICES": own}


def single_lanes(lane: str) -> list[str]:
    """The lanes of the single GPUs that a job of ``lane`` occupies: all, for a job on all GPUs."""
    return [f"{_GPU}{index}" for index in range(_gpus())] if lane == ALL_GPUS else []


def is_part_of_all(lane: str) -> bool:
    """Whether a job on all GPUs occupies this lane."""
    return lane.startswith(_GPU) and lane != ALL_GPUS
