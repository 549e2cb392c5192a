"""One process or several: torchrun's environment and communication between processes."""

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mirs_core.errors import RunError


@dataclass(frozen=True, slots=True)
class World:
    """The rank of this process among those that train together, and its device."""

    rank: int
    size: int
    device: torch.device

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes files and reports progress."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether ``flag`` is set in any process."""
        if self.size == 1:
            return flag
        value = self._tensor([float(flag)])
        torch.distributed.all_reduce(value, op=torch.distributed.ReduceOp.MAX)
        return bool(value.item())

    def share(self, values: Sequence[float]) -> list[float]:
        """The values of the first process."""
        if self.size == 1:
            return list(values)
        shared = self._tensor(values)
        torch.distributed.broadcast(shared, 0)
        return [float(value) for value in shared.tolist()]

    def share_buffers(self, network: nn.Module) -> None:
        """Copies the first process's buffers to all; the weights are equal anyway."""
        if self.size > 1:
            for buffer in network.buffers():
                torch.distributed.broadcast(buffer, 0)

    def token(self) -> str:
        """Six random hexadecimal digits, the same in every process."""
        return f"{int(self.share([float(secrets.randbits(24))])[0]):06x}"

    def wait(self) -> None:
        """Returns when every process has reached this point."""
        self.any(False)

    def part(self, rows: Tensor) -> Tensor:
        """This process's share of the rows of a batch: consecutive rows stay together."""
        return rows.tensor_split(self.size)[self.rank]

    def _tensor(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=self.device)


@contextlib.contextmanager
def joined() -> Iterator[World]:
    """The processes that torchrun started, or this one alone; on CUDA if available, else the CPU.

    Raises:
        RunError: WORLD_SIZE is set without the other variables of torchrun.
    """
    size = _number("WORLD_SIZE", 1)
    has_cuda = torch.cuda.is_available()
    if size <= 1:
        yield World(0, 1, torch.device("cuda" if has_cuda else "cpu"))
        return
    rank, local = _number("RANK"), _number("LOCAL_RANK", 0)
    device = torch.device("cuda", local) if has_cuda else torch.device("cpu")
    if has_cuda:
        torch.cuda.set_device(device)
    starts_group = not torch.distributed.is_initialized()
    if starts_group:
        torch.distributed.init_process_group("nccl" if has_cuda else "gloo")
    try:
        yield World(rank, size, device)
    finally:
        if starts_group:
            torch.distributed.destroy_process_group()


def _number(name: str, default: int | None = None) -> int:
    text = os.environ.get(name)
    if text is None and default is not None:
        return default
    try:
        return int(text or "")
    except ValueError:
        raise RunError(
            f"WORLD_SIZE is set but {name} is {text!r}; start several processes with torchrun."
        ) from None
