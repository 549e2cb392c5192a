"""Pixels of tiles, decoded once where they fit into memory."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.datasets.tile_source import read_verified
from mirs_core.encoders.base import SIDE, square
from mirs_core.progress import Progress, silent

STAGE = "Reading tiles"
_MEMORY = 4_000_000_000
_WORKERS = 2


class TileStore:
    """The pixels of tiles, row by row, as an encoder sees them: (3, 224, 224) uint8."""

    def __init__(
        self,
        root: Path,
        paths: Sequence[str],
        contents: Sequence[str],
        progress: Progress = silent,
        memory: int = _MEMORY,
    ) -> None:
        """Reads the tiles at ``paths`` below ``root``; more than ``memory`` bytes stay on disk.

        Raises:
            DataError: a file is missing, unreadable, or does not match ``contents`` (SHA-256).
        """
        self._root, self._paths, self._contents = root, tuple(paths), tuple(contents)
        self._decoded: list[NDArray[np.uint8]] = []
        fits = len(paths) * SIDE * SIDE <= memory
        if fits and paths:
            with ThreadPoolExecutor(_WORKERS, thread_name_prefix="mirs-decode") as pool:
                for planes in pool.map(self._read, range(len(paths))):
                    self._decoded.append(planes)
                    progress(STAGE, len(self._decoded), len(paths))

    def __len__(self) -> int:
        return len(self._paths)

    def batch(self, rows: Iterable[int]) -> Tensor:
        """Pixels (B, 3, 224, 224) uint8 of ``rows``."""
        numbers = [int(row) for row in rows]
        if self._decoded:
            planes = [self._decoded[row] for row in numbers]
        else:
            with ThreadPoolExecutor(_WORKERS, thread_name_prefix="mirs-decode") as pool:
                planes = list(pool.map(self._read, numbers))
        shape = (3, SIDE, SIDE)
        return torch.from_numpy(np.stack([np.broadcast_to(plane, shape) for plane in planes]))

    def _read(self, row: int) -> NDArray[np.uint8]:
        """(1, 224, 224) for a grey tile, (3, 224, 224) for a colour one."""
        path = self._paths[row]
        pixels = square(read_verified(self._root, path, self._contents[row]))
        planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return np.ascontiguousarray(planes)
