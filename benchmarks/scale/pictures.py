"""Pictures of synthetic tiles: the demo's tile that is its centre, small, in a file of its own.

Each file carries its number in a comment. Links to the same file would be faster to write, but
copies of a query are left out of its results, which would then lack the nearest tiles.
"""

import hashlib
import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE, _QUALITY = 128, 60
_COMMENT = b"\xff\xfe\x00\x0a"
"""A JPEG comment of eight bytes, which follow."""


class Pictures:
    """Writes a JPEG for each tile of an archive."""

    def __init__(self, root: Path, paths: Sequence[Path]) -> None:
        """``paths``: the picture of each centre. Raises OSError if one cannot be read."""
        self._root = root
        self._pictures = [_small(path) for path in paths]

    def write(
        self, ids: Sequence[str], centres: NDArray[np.int64], first: int
    ) -> NDArray[np.uint8]:
        """Writes the files of tiles whose numbers begin at ``first``; their SHA-256 (n, 32)."""
        digests = bytearray()
        folder, parent = "", -1
        pairs = sorted(zip(ids, range(len(ids)), centres.tolist(), strict=True))
        order = np.empty(len(ids), dtype=np.int64)
        try:
            for place, (tile, number, centre) in enumerate(pairs):
                above, _, name = tile.rpartition("/")
                if above != folder:
                    folder, parent = above, self._opened(above, parent)
                data = self._pictures[centre]
                mark = (first + number).to_bytes(8, "big")
                data = b"".join((data[:2], _COMMENT, mark, data[2:]))
                handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=parent)
                os.write(handle, data)
                os.close(handle)
                digests += hashlib.sha256(data).digest()
                order[number] = place
        finally:
            if parent >= 0:
                os.close(parent)
        return np.frombuffer(bytes(digests), dtype=np.uint8).reshape(-1, 32)[order]

    def _opened(self, folder: str, before: int) -> int:
        if before >= 0:
            os.close(before)
        path = self._root / folder
        path.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDONLY)


def _small(path: Path) -> bytes:
    with Image.open(path) as picture:
        small = picture.convert("L").resize((_SIDE, _SIDE))
    handle = io.BytesIO()
    small.save(handle, "JPEG", quality=_QUALITY)
    return handle.getvalue()
