"""Feature caches of version 0.3.0 and before, which are taken over once.

They consist of shards of up to 64 tiles: ``<name>.npy`` with the features, and ``<name>.json`` with
the content hashes of the rows and the checksum of the array, written last.
"""

import io
import json
import warnings
from pathlib import Path

import numpy as np

from mirs_core.encoders.row_segment import Rows
from mirs_core.encoders.row_store import RowStore
from mirs_core.files import DAMAGED_ARRAY, sha256
from mirs_core.system.processes import locked

_ORIGIN = "torch"
_READER = 1
_TOGETHER = 4096


def take_over(store: RowStore) -> None:
    """Moves the shards in a store's folder into the store; a damaged one is removed with a warning.

    Raises:
        RunError: the folder cannot be written.
    """
    if not any(store.folder.glob("*.json")):
        return
    with locked(store.folder / "merging.lock"):
        # Another process may have taken them over meanwhile.
        indexes, parts = sorted(store.folder.glob("*.json")), []
        done: list[Path] = []
        for index in indexes:
            done.append(index)
            try:
                parts.append(_read(index, store.width))
            except DAMAGED_ARRAY as error:
                warnings.warn(
                    f"Removed a damaged part of the feature cache, {index} ({error});"
                    " its tiles will be encoded again.",
                    stacklevel=2,
                )
            if sum(len(part.contents) for part in parts) >= _TOGETHER or index == indexes[-1]:
                if parts:
                    store.add_all(parts)
                for path in done:
                    path.unlink(missing_ok=True)
                    path.with_suffix(".npy").unlink(missing_ok=True)
                parts, done = [], []


def _read(index: Path, width: int) -> Rows:
    about = json.loads(index.read_text(encoding="utf-8"))
    data = index.with_suffix(".npy").read_bytes()
    if sha256(data) != about["sha256"]:
        raise ValueError("wrong checksum")
    rows = np.load(io.BytesIO(data), allow_pickle=False)
    contents = [bytes.fromhex(content) for content in about["contents"]]
    keys = np.frombuffer(b"".join(contents), dtype=np.uint8).reshape(-1, 32)
    if rows.dtype != np.float32 or rows.shape != (len(contents), width) or len(keys) != len(rows):
        raise ValueError("wrong shape")
    return Rows.of(keys, rows, int(about.get("reader") or _READER), _ORIGIN)
