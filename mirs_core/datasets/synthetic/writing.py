"""Writes a synthetic data set: a folder in the layout of DoMars16k, complete or not at all."""

import io
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.datasets.synthetic import scenes
from mirs_core.datasets.synthetic.painting import SIDE, VERSIONS, picture
from mirs_core.datasets.synthetic.scenes import Ground
from mirs_core.errors import DataError
from mirs_core.mars.landforms import LANDFORMS
from mirs_core.progress import Progress, silent

CARD = {
    "name": "synthetic-mars",
    "title": "Synthetic Mars",
    "instrument": "SYN",
    "metres_per_pixel": 6.0,
    "distractors": [],
    "licence": "MIT",
    "citation": "Synthetic Mars of MIRS Explorer: procedural tiles of the 15 landforms of "
    "DoMars16k (Wilhelm et al. 2020, doi 10.3390/rs12233981); no real pixel in them",
    "synthetic": True,
}
_STAGE = "Painting synthetic Mars"
_QUALITY = 90
_CHUNK = 8
_WORTH_A_POOL = 32
"""Fewer pieces of ground than this are painted before worker processes would have started."""


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """``image`` as the bytes of a grey JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _card(version: int) -> dict[str, Any]:
    """The card of a version; later ones say so in name and title."""
    if version == 1:
        return CARD
    name, title = f"{CARD['name']}-{version}", f"{CARD['title']}, version {version}"
    return {**CARD, "name": name, "title": title}


def _paint_all(root: Path, grounds: Sequence[Ground], version: int) -> int:
    """Paints ``grounds`` and writes their tiles under ``root``; returns the number of tiles."""
    for ground in grounds:
        rng = np.random.default_rng(ground.key)
        scene = ground.scene
        image = picture(ground.code, rng, scene.sun, scene.camera, ground.shape, version=version)
        for cut in ground.cuts:
            tile = image[cut.top : cut.top + SIDE, cut.left : cut.left + SIDE]
            (root / cut.path).write_bytes(jpeg(np.ascontiguousarray(tile)))
    return sum(len(ground.cuts) for ground in grounds)


def _fill(
    root: Path, grounds: list[Ground], progress: Progress, workers: int, version: int
) -> None:
    """Writes every tile of ``grounds`` under ``root`` with ``workers`` processes."""
    chunks = [grounds[i : i + _CHUNK] for i in range(0, len(grounds), _CHUNK)]
    total = sum(len(ground.cuts) for ground in grounds)
    done = 0
    progress(_STAGE, done, total)
    if workers == 1 or len(grounds) < _WORTH_A_POOL:
        for chunk in chunks:
            done += _paint_all(root, chunk, version)
            progress(_STAGE, done, total)
        return
    # Spawned, never forked: the caller may have torch or FAISS threads running.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        painted: list[Future[int]] = [
            pool.submit(_paint_all, root, chunk, version) for chunk in chunks
        ]
        for future in as_completed(painted):
            done += future.result()
            progress(_STAGE, done, total)
    except BrokenProcessPool:
        raise DataError(
            "The processes that paint synthetic Mars were killed (out of memory, perhaps); "
            "try again with one worker."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _processors() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def generate(
    root: Path,
    per_class: int = 80,
    seed: int = 0,
    progress: Progress = silent,
    workers: int | None = None,
    version: int = 1,
) -> Path:
    """Writes ``per_class`` tiles of each of the 15 landforms and dataset.json; returns ``root``.

    The folder has the layout of DoMars16k, ``train|val|test/<code>/<name>.jpg``, about 70, 20 and
    10 per cent; tiles are grey JPEG files of 200 x 200 px. The same ``per_class`` and ``seed`` give
    the same bytes, whatever ``workers`` (processes; None: one per processor) is. ``version`` 2
    has ridges, gullies, mass wasting, rough and textured terrain that are closer to real ones, and
    is named so. The folder appears when it is complete: until then everything stands in a hidden
    folder beside it.

    Raises:
        DataError: ``per_class``, ``seed``, ``workers`` or ``version`` is out of range, ``root``
            exists and is not an empty folder, or it cannot be written.
    """
    root = Path(root).absolute()
    if version not in VERSIONS:
        raise DataError(f"There is no version {version} of synthetic Mars; give 1 or 2.")
    if per_class < 1 or seed < 0 or (workers is not None and workers < 1):
        raise DataError("per_class and workers must be at least 1, and seed at least 0.")
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        raise DataError(f"{root} exists already; name a folder that does not, or empty it.")
    codes = [landform.code for landform in LANDFORMS]
    grounds = scenes.plan(codes, per_class, seed, SIDE)
    growing = root.with_name(f".{root.name}.{uuid.uuid4().hex[:8]}")
    try:
        for folder in {(growing / cut.path).parent for ground in grounds for cut in ground.cuts}:
            folder.mkdir(parents=True, exist_ok=True)
        _fill(growing, grounds, progress, workers or _processors(), version)
        card = json.dumps(_card(version), ensure_ascii=False, indent=1)
        (growing / "dataset.json").write_text(card + "\n", encoding="utf-8")
        growing.replace(root)
    except OSError as error:
        raise DataError(f"{root} cannot be written: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return root
