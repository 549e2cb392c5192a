"""The devices of this machine that can train: the CPU, and GPUs where there are any."""

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CPU, ALL_GPUS = "cpu", "cuda-all"
"""The lane of trainings without a GPU, and that of those which take every GPU at once."""
_GPU = "cuda-"


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the lane of its jobs.

    ``memory`` and ``used`` are bytes of a GPU, ``busy`` its utilisation in [0, 1]; None where they
    are not known. ``processes`` is how many processes train on it together.
    """

    lane: str
    name: str
    memory: int | None = None
    used: int | None = None
    busy: float | None = None
    processes: int = 1


def devices() -> list[Device]:
    """GPUs first, then all of them together where there are several, the CPU last."""
    import torch

    found = []
    for index in range(_gpus()):
        free, total = torch.cuda.mem_get_info(index)
        busy = None
        # It needs a package of the vendor's, which is no dependency.
        with contextlib.suppress(Exception):
            busy = torch.cuda.utilization(index) / 100
        name = torch.cuda.get_device_name(index)
        found.append(Device(f"{_GPU}{index}", name, total, total - free, busy))
    if len(found) > 1:
        found.append(Device(ALL_GPUS, f"All {len(found)} GPUs", processes=len(found)))
    return [*found, Device(CPU, f"CPU, {os.cpu_count() or 1} cores")]


def _gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def compute_device() -> "torch.device":
    """Where networks run in this process: the first GPU that it sees, else the CPU."""
    import torch

    return torch.device("cuda" if _gpus() else "cpu")


def visible(lane: str) -> dict[str, str]:
    """The environment that shows a lane's process its own device and no other.

    Numbers are those of this process, which may itself see only some of the machine's GPUs.
    """
    if lane == ALL_GPUS or not (lane == CPU or lane.startswith(_GPU)):
        return {}
    if lane == CPU:
        return {"CUDA_VISIBLE_DEVICES": ""}
    number = lane.removeprefix(_GPU)
    seen = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    own = seen[int(number)] if number.isdecimal() and int(number) < len(seen) else number
    return {"CUDA_VISIBLE_DEVICES": own}


def single_lanes(lane: str) -> list[str]:
    """The lanes whose devices a job of ``lane`` takes besides: each GPU of those that need all."""
    return [f"{_GPU}{index}" for index in range(_gpus())] if lane == ALL_GPUS else []


def is_part_of_all(lane: str) -> bool:
    """Whether a job that needs all GPUs needs this lane's."""
    return lane.startswith(_GPU) and lane != ALL_GPUS
