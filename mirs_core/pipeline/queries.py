"""Query tiles from a folder, for an evaluation with queries of one's own."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.manifest import Tile
from mirs_core.datasets.scanning import scan_cached
from mirs_core.encoders.feature_store import extract
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.errors import DataError
from mirs_core.evaluation.tile_columns import TileColumns
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def encode_folder(
    home: Home,
    run: runs.RunFolder,
    loaded: retriever.Retriever,
    root: Path,
    progress: Progress = silent,
) -> tuple[NDArray[Any], TileColumns]:
    """Codes (Q, ...) and metadata of the query tiles in ``root``, encoded as the target domain.

    ``root`` is a data set, whose test split is used, or a folder of ``<class>/`` folders.

    Raises:
        DataError: no images, or none with a class.
        RunError: the run's encoder has changed.
    """
    manifest = scan_cached(home, root, progress)
    tiles, labels = _labelled(manifest.tiles)
    if not tiles:
        raise DataError(f"{root} has neither test/<class>/ nor <class>/ folders with images.")
    encoder = encoder_of(home, run)
    features = extract(manifest.root, tiles, encoder, home.feature_cache, progress)
    codes = retriever.encode(loaded.model, np.asarray(features), "target")
    columns = TileColumns(
        ids=[tile.id for tile in tiles],
        labels=labels,
        contents=[tile.content for tile in tiles],
        strips=[tile.strip for tile in tiles],
    )
    return codes, columns


def _labelled(tiles: Sequence[Tile]) -> tuple[list[Tile], list[str | None]]:
    test = [tile for tile in tiles if tile.split == "test" and tile.label is not None]
    if test:
        return test, [tile.label for tile in test]
    # Without train/ a scan does not take folders as classes; here they are.
    loose = [(tile, tile.path.removeprefix("test/").split("/")) for tile in tiles if not tile.split]
    labelled = [(tile, parts[0]) for tile, parts in loose if len(parts) == 2]
    labels: list[str | None] = [unicodedata.normalize("NFC", label) for _, label in labelled]
    return [tile for tile, _ in labelled], labels
