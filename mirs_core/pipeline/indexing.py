"""Archiving any folder of tiles with a trained model."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest, Tile
from mirs_core.datasets.scanning import archive_id, describe, scan_cached
from mirs_core.datasets.splits import row_order
from mirs_core.datasets.tile_table import TABLE_FILE
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.files import copy_file
from mirs_core.pipeline.encoding import extract_items
from mirs_core.pipeline.training import keep_archive
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def index(
    home: Home,
    run_id: str,
    root: Path,
    *,
    name: str | None = None,
    progress: Progress = silent,
) -> runs.RunFolder:
    """A new finished run with every tile below ``root``, hashed by the model of ``run_id``.

    Tiles that the model was trained or validated on keep the splits train and val, so that no
    evaluation of the new archive counts them; of the others, test tiles are queries and the rest
    is the archive. The target domain is transformed as stored with the model.

    Raises:
        MirsError: no such run or folder, no readable image, or the run's encoder has changed.
    """
    parent = runs.folder(home, run_id)
    trained = retriever.load(parent)
    provenance = parent.provenance()
    config = archived_config(parent.config(), root.expanduser().resolve())
    manifest = scan_cached(home, root, progress)
    encoder = encoder_of(home, parent)
    learnt = learnt_roles(parent, trained)
    items = _items(manifest, learnt, config.seed)
    features = extract_items(home, manifest, items, encoder, progress)
    archive = retriever.Retriever.build(trained.model, features, items, manifest.card.distractors)

    about = describe(manifest)
    return keep_archived(
        home,
        config,
        archive,
        name=name or f"{config.preset} on {manifest.card.name}",
        provenance={
            **about,
            "data_title": name or about["data_title"],
            "encoder": encoder.fingerprint,
            "parent": run_id,
            "origin": provenance.get("origin") or run_id,
        },
        learnt=learnt,
    )


def learnt_roles(run: runs.RunFolder, loaded: retriever.Retriever) -> dict[str, str]:
    """Split by content of all tiles that the model of a run was trained or validated on."""
    return {**run.learnt_roles(), **loaded.items.learnt_roles()}


def archived_config(config: configs.RunConfig, root: Path) -> configs.RunConfig:
    """The configuration of an archive of ``root`` by a model that was trained with ``config``."""
    archive = dataclasses.replace(config.archive, data="")
    return dataclasses.replace(config, data=str(root), archive=archive)


def keep_archived(
    home: Home,
    config: configs.RunConfig,
    archive: retriever.Retriever,
    *,
    name: str,
    provenance: Mapping[str, Any],
    learnt: Mapping[str, str],
    excluded: Mapping[str, str] | None = None,
    described_in: Path | None = None,
) -> runs.RunFolder:
    """A new finished run of an archive that comes from no training; on failure nothing remains.

    Args:
        learnt: split by content of the tiles that the model was trained or validated on.
        excluded: id by content of tiles that must not be added again.
        described_in: a folder whose ``dataset.json`` and ``tiles.csv``, if any, are copied into
            the run: the data set's own folder may not be on this machine.
    """
    name_of_archive = archive_id(archive.items)
    described = {**provenance, "archive_id": name_of_archive}
    run = runs.create(home, config, name=name, provenance=described)
    try:
        run.set_status("running")
        run.write_learnt(learnt)
        run.write_excluded(excluded or {})
        for path in [described_in / n for n in (CARD_FILE, TABLE_FILE)] if described_in else []:
            if path.is_file():
                copy_file(path, run.path / path.name)
        keep_archive(run, archive, name_of_archive)
        run.set_status("done")
    except BaseException:
        # Nothing more is written before it is removed: the disk may be full.
        runs.abandon(run)
        raise
    return run


def _items(manifest: Manifest, learnt: dict[str, str], seed: int) -> Items:
    order = row_order(len(manifest.tiles), manifest.digest, seed)
    tiles = [manifest.tiles[i] for i in order]
    return Items.of(tiles, [learnt.get(tile.content) or role_of(tile) for tile in tiles])


def role_of(tile: Tile) -> str:
    """The split, in an archive, of a tile that the model was not trained or validated on."""
    return tile.split if tile.split in ("val", "test") else "archive"
