"""Archiving any folder of tiles with a model that is trained already."""

import dataclasses
from pathlib import Path

from mirs_core import retriever, runs
from mirs_core.data.manifest import Manifest, Tile
from mirs_core.data.splits import row_order
from mirs_core.encoding import encoder_of, extract_items
from mirs_core.items import Items
from mirs_core.pipeline import keep_archive
from mirs_core.progress import Progress, silent
from mirs_core.sources import archive_id, describe, scan_cached


def index(
    home: Path,
    run_id: str,
    root: Path,
    *,
    name: str | None = None,
    progress: Progress = silent,
) -> runs.RunFolder:
    """A new finished run that holds every tile below ``root``, hashed by the model of ``run_id``.

    Tiles that the model was trained or chosen on keep the roles train and val, so that an
    evaluation of the new archive never counts them; of the others, test tiles are queries and the
    rest is archive. The transform for the target domain is the one stored with the model.

    Raises:
        MirsError: no such run or folder, no readable image, or the run's encoder has changed.
    """
    parent = runs.folder(home, run_id)
    trained = retriever.load(parent)
    made = parent.provenance()
    config = parent.config()
    config = dataclasses.replace(
        config,
        data=str(root.expanduser().resolve()),
        archive=dataclasses.replace(config.archive, data=""),
    )
    manifest = scan_cached(home, root, progress)
    encoder = encoder_of(home, parent)
    seen = {**parent.learnt_roles(), **trained.items.learnt_roles()}
    items = _items(manifest, seen, config.seed)
    features = extract_items(home, manifest, items, encoder, progress)
    built = retriever.Retriever.build(trained.model, features, items, manifest.card.distractors)

    about = describe(manifest)
    title = name or f"{config.preset} on {manifest.card.name}"
    provenance = {
        **about,
        "data_title": name or about["data_title"],
        "encoder": encoder.fingerprint,
        "parent": run_id,
        "origin": made.get("origin") or run_id,
        "archive_id": archive_id(items),
    }
    run = runs.create(home, config, name=title, provenance=provenance)
    try:
        run.set_status("running")
        run.keep_learnt(seen)
        keep_archive(run, built, provenance["archive_id"])
        run.set_status("done")
    except BaseException:
        run.set_status("failed", "The archive could not be written.")
        runs.delete(home, run.id)
        raise
    return run


def _items(manifest: Manifest, known: dict[str, str], seed: int) -> Items:
    order = row_order(len(manifest.tiles), manifest.digest, seed)
    tiles = [manifest.tiles[i] for i in order]
    return Items.of(tiles, [known.get(tile.content) or _role(tile) for tile in tiles])


def _role(tile: Tile) -> str:
    return tile.split if tile.split in ("val", "test") else "archive"
