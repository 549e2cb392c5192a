"""The first steps of every run: scanning a data set, assigning splits, the order of ties."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.datasets.label_corrections import mended
from mirs_core.datasets.manifest import Manifest, scan
from mirs_core.datasets.splits import assign_roles, row_order
from mirs_core.files import slug
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home

_STEP = 1 << 18


def scan_cached(home: Home, root: Path, progress: Progress = silent) -> Manifest:
    """The manifest of ``root``, with corrected labels; unchanged files are not read again."""
    root = root.expanduser().resolve()
    return mended(home, scan(root, scan_cache_of(home, root), progress))


def scan_cache_of(home: Home, root: Path) -> Path:
    """The file with the results of the last scan of ``root``."""
    root = root.expanduser().resolve()
    key = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return home.scan_cache / f"{slug(root.name)}-{key}.arrow"


def order_tiles(manifest: Manifest, seed: int, by_strip: bool) -> Items:
    """All tiles of a data set with their splits, in the seeded row order that breaks ties.

    Corrected labels change neither: what a correction gains is measured on the same split.
    """
    tiles, drawn = manifest.tiles, manifest.uncorrected or manifest
    roles = assign_roles(drawn.tiles, drawn.digest, seed, by_strip)
    order = row_order(len(tiles), drawn.digest, seed)
    return Items.of(tiles.take(order), roles.take(order).compact())


def archive_id(items: Items, rows: NDArray[np.int64] | None = None) -> str:
    """Id of an evaluation archive: equal if archives hold the same tiles in the same order.

    Args:
        rows: of its tiles in the order that breaks ties; by default that of the items.
    """
    rows, digest = items.rows(["archive"]) if rows is None else rows, hashlib.sha256()
    for start in range(0, len(rows), _STEP):
        step = rows[start : start + _STEP]
        pairs = zip(items.contents.take(step), items.ids.take(step), strict=True)
        text = "\n".join(f"{content} {tile}" for content, tile in pairs)
        digest.update(f"\n{text}".encode() if start else text.encode())
    return digest.hexdigest()[:12]


def describe(manifest: Manifest) -> dict[str, Any]:
    """The provenance of a data set that a run stores."""
    return {
        "data_name": manifest.card.name,
        "data_title": manifest.card.title,
        "manifest": manifest.digest,
        **({"corrected_labels": manifest.corrected} if manifest.corrected else {}),
        "synthetic": manifest.card.synthetic,
        "distractors": sorted(manifest.card.distractors),
    }
