"""The recipe: a data set and a configuration become a run.

scan -> roles -> features -> fit -> codes -> evaluation, each step one function; configuration
dataclasses are unpacked here and nowhere below.
"""

import dataclasses
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import config as configs
from mirs_core import runs
from mirs_core.data.manifest import Manifest, Tile, scan
from mirs_core.data.splits import assign_roles, row_order
from mirs_core.encoders import Encoder, labels_seen, load_encoder
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.evaluation import Report
from mirs_core.features import extract
from mirs_core.files import slug, write_json
from mirs_core.fitting import fit, learning_rows
from mirs_core.items import Items
from mirs_core.progress import Progress, silent
from mirs_core.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ``train`` reports of a run. ``metrics`` is None where there were no labels."""

    run: str
    preset: str
    encoder: str
    seed: int
    archive_id: str
    epochs: int
    seconds: dict[str, float]
    metrics: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """The object that ``train --json`` prints."""
        found = (self.metrics or {}).get("map_at_64", {})
        values = {name: found.get(name, {}).get("value") for name in ("min_r_k", "hits")}
        return {
            "run": self.run,
            "preset": self.preset,
            "encoder": self.encoder,
            "seed": self.seed,
            "archive_id": self.archive_id,
            "epochs": self.epochs,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "map_at_64": values,
        }


def scan_cached(home: Path, root: Path, progress: Progress = silent) -> Manifest:
    """The manifest of ``root``; files unchanged since the last scan are not read again."""
    root = root.expanduser().resolve()
    key = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return scan(root, home / "cache" / "scans" / f"{slug(root.name)}-{key}.json", progress)


def encoder_for(home: Path, config: configs.RunConfig) -> Encoder:
    """The run's frozen encoder. Raises EncoderError where it cannot be had."""
    return load_encoder(config.encoder.name, home)


def encoder_of(home: Path, run: runs.RunFolder) -> Encoder:
    """The encoder that a finished run was made with, to encode more images the same way.

    Raises:
        EncoderError: it cannot be had.
        RunError: its weights are others now.
    """
    encoder = encoder_for(home, run.config())
    if encoder.fingerprint != run.provenance().get("encoder"):
        raise RunError(f"Run {run.id} was made with other weights of {encoder.name}. Train again.")
    return encoder


def keep_archive(run: runs.RunFolder, built: Retriever, name: str) -> Report | None:
    """Writes a run's model, archive and evaluation; ``name`` is the archive's id.

    Returns the report, or None where there was nothing to measure.
    """
    built.save(run)
    report = built.evaluate()
    if report is not None:
        figures = {**report.to_json(), "archive_id": name, "per_query": report.per_query_json()}
        write_json(run.metrics, figures)
    return report


def order_tiles(manifest: Manifest, seed: int, by_strip: bool) -> Items:
    """All tiles of a data set with their roles, in the seeded row order that breaks ties."""
    tiles = manifest.tiles
    roles = assign_roles(tiles, manifest.digest, seed, by_strip)
    order = row_order(len(tiles), manifest.digest, seed)
    return Items.of([tiles[i] for i in order], [roles[i] for i in order])


def archive_id(items: Items) -> str:
    """Names an evaluation archive: equal where archives hold the same tiles in the same order."""
    rows = items.rows(["archive"])
    text = "\n".join(f"{items.contents[i]} {items.ids[i]}" for i in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Sources:
    """The tiles of a run: what it learns from, and what it archives and is queried with.

    The two are one data set, unless ``archive.data`` names another; ``target`` is the one whose
    tiles give the whitening's target statistics, where ``whitening.target`` names it.
    """

    learning: Manifest
    learning_items: Items
    archive: Manifest
    items: Items
    target: Manifest | None = None
    target_items: Items | None = None

    @property
    def crosses(self) -> bool:
        """Whether the run searches another data set than it learns from."""
        return self.learning.root != self.archive.root

    def describe(self) -> dict[str, Any]:
        """What a run remembers of its data sets: the archive's, and others under their part."""
        known = describe(self.archive)
        if self.crosses:
            known["trained_on"] = describe(self.learning)
        if self.target is not None:
            known["whitening_target"] = describe(self.target)
        return known


def sources(home: Path, config: configs.RunConfig, progress: Progress = silent) -> Sources:
    """Scans the data sets of a configuration and gives each tile its role.

    Raises:
        DataError: one of them is no folder of tiles.
    """

    def ordered(root: str) -> tuple[Manifest, Items]:
        manifest = scan_cached(home, Path(root), progress)
        return manifest, order_tiles(manifest, config.seed, config.archive.by_strip)

    learning, items = ordered(config.data)
    archive, archived = (learning, items)
    if config.archive.data:
        archive, archived = ordered(config.archive.data)
    if archive.root != learning.root:
        archived = archived.take(archived.rows(["archive", "test"]))
    target = ordered(config.whitening.target) if config.whitening.target else (None, None)
    return Sources(learning, items, archive, archived, *target)


def prepare(
    home: Path,
    config: configs.RunConfig,
    *,
    run_id: str | None = None,
    name: str | None = None,
    progress: Progress = silent,
) -> runs.RunFolder:
    """A queued run, after a check that its data sets and its encoder can be used.

    Raises:
        MirsError: whatever makes the training impossible; nothing is written then.
    """
    config = absolute(config)
    found = sources(home, config, progress)
    check_trainable(config, found)
    check_unseen(home, config, found.items)
    encoder = encoder_for(home, config)
    return runs.create(
        home,
        config,
        run_id=run_id,
        name=name,
        provenance={**found.describe(), "encoder": encoder.fingerprint},
    )


def absolute(config: configs.RunConfig) -> configs.RunConfig:
    """The configuration with the whole paths of the data sets that it names besides ``data``."""

    def resolved(text: str) -> str:
        return str(Path(text).expanduser().resolve()) if text else ""

    archive = dataclasses.replace(config.archive, data=resolved(config.archive.data))
    white = dataclasses.replace(config.whitening, target=resolved(config.whitening.target))
    return dataclasses.replace(config, archive=archive, whitening=white)


def describe(manifest: Manifest) -> dict[str, Any]:
    """What a run remembers of its data set."""
    return {
        "data_name": manifest.card.name,
        "data_title": manifest.card.title,
        "manifest": manifest.digest,
        "synthetic": manifest.card.synthetic,
    }


def check_trainable(config: configs.RunConfig, found: Sources) -> None:
    """Refuses data that leaves nothing to search, or that cannot teach a hash run.

    Raises:
        DataError: an empty archive; for hashing also too few training tiles, none with a label, or
            one class.
    """
    if not len(found.items.rows(["archive"])):
        raise DataError(
            f"The archive is empty: {config.archive_root} has too few training tiles to halve."
            " Two a class are the least."
        )
    if not config.hashes:
        return
    items, rows = found.learning_items, learning_rows(config, found.learning_items)
    if config.unsupervised:
        if len(rows) < 2:
            raise DataError(
                f"Preset {config.preset} compares tiles with each other, and {config.data} has"
                f" {len(rows)} to learn from. Add tiles."
            )
        return
    classes = {items.labels[row] for row in rows}
    if not classes:
        raise DataError(
            f"Preset {config.preset} learns from labels, and the training half of {config.data} has"
            " none: there is no train/<class>/, or it has too few tiles to halve."
            " Use preset mirs-unsupervised, which reads no label, or baseline, or archive the"
            " folder with a trained model (index)."
        )
    if len(classes) < 2:
        raise DataError(
            f"Preset {config.preset} needs at least two classes to tell apart, and the training"
            f" half of {config.data} has one. Use preset baseline, or add a class."
        )


def check_unseen(home: Path, config: configs.RunConfig, items: Items) -> None:
    """Refuses a fine-tuned encoder that has learnt from labels of this archive or of its queries.

    Raises:
        DataError: it has, so no figure of the run would measure retrieval.
    """
    seen = labels_seen(home, config.encoder.name)
    if known := len(seen & items.contents_of(["archive", "test"])):
        raise DataError(
            f"Encoder {config.encoder.name} has seen the labels of {known} of the tiles that this"
            " run would be measured with. Use the seed and the halving that it was trained with,"
            " or train an encoder for this seed (train-encoder --seed)."
        )


def train(home: Path, run: runs.RunFolder, progress: Progress = silent) -> Outcome:
    """Carries out a queued run; the status file says how it went.

    Raises:
        MirsError: the data set changed, a file is unreadable, the encoder is gone.
    """
    if run.status()["state"] == "done":
        raise RunError(f"Run {run.id} is done already; start a new one with train --data.")
    run.set_status("running")
    try:
        outcome = _train(home, run, progress)
    except KeyboardInterrupt:
        run.set_status("stopped", "Interrupted.")
        raise
    except MirsError as error:
        run.set_status("failed", str(error))
        raise
    except BaseException as error:
        run.set_status("failed", f"{type(error).__name__}: {error}")
        raise
    run.set_status("done")
    return outcome


def prepare_and_train(
    home: Path, config: configs.RunConfig, name: str | None = None, progress: Progress = silent
) -> Outcome:
    """A new run from start to end; an expected failure leaves no run behind.

    Raises:
        MirsError: whatever makes the training impossible.
    """
    run = prepare(home, config, name=name, progress=progress)
    try:
        return train(home, run, progress)
    except MirsError:
        runs.delete(home, run.id)
        raise


def _train(home: Path, run: runs.RunFolder, progress: Progress) -> Outcome:
    config, started = run.config(), time.perf_counter()
    found = sources(home, config, progress)
    for key, value in found.describe().items():
        if value != run.provenance().get(key):
            raise DataError(
                f"The tiles changed since run {run.id} was prepared ({key}); start a new run."
            )
    encoder = encoder_for(home, config)
    tiles = _encode(home, config, found, encoder, progress)
    run.progress.unlink(missing_ok=True)
    viewed = time.perf_counter()
    fitted = fit(
        config,
        tiles.learning,
        found.learning_items,
        views=tiles.views,
        val_view=tiles.val_view,
        archive=tiles.archive[found.items.rows(["archive"])],
        target=tiles.target,
        distractors=found.learning.card.distractors,
        progress=progress,
        on_epoch=run.append_progress,
    )
    trained = time.perf_counter()
    items, distractors, features = found.items, found.archive.card.distractors, tiles.archive
    if found.crosses:
        known = ("train", "val")
        run.keep_learnt({role: found.learning_items.contents_of([role]) for role in known})

    name = archive_id(items)
    built = Retriever.build(fitted.model, features, items, distractors)
    report = keep_archive(run, built, name)
    seconds = {
        "features": viewed - started,
        "training": trained - viewed,
        "total": time.perf_counter() - started,
    }
    made = {
        **run.provenance(),
        "archive_id": name,
        "seconds": seconds,
        "epochs": fitted.epochs,
        "best_epoch": fitted.best_epoch,
    }
    write_json(run.path / "provenance.json", made)
    figures = report.to_json() if report is not None else None
    return Outcome(
        run.id,
        config.preset,
        config.encoder.name,
        config.seed,
        name,
        fitted.epochs,
        seconds,
        figures,
    )


def _tiles(manifest: Manifest, ids: Sequence[str]) -> list[Tile]:
    by_id = {tile.id: tile for tile in manifest.tiles}
    return [by_id[tile] for tile in ids]


def extract_items(
    home: Path, manifest: Manifest, items: Items, encoder: Encoder, progress: Progress
) -> NDArray[np.float32]:
    """Features (n, D) of all items in their order, from the cache where they are known."""
    tiles = _tiles(manifest, items.ids)
    return extract(manifest.root, tiles, encoder, home / "cache" / "features", progress)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Features of a run's tiles: parallel to its items, and what a head is trained with."""

    learning: NDArray[np.float32]
    archive: NDArray[np.float32]
    views: NDArray[np.float32] | None = None
    val_view: NDArray[np.float32] | None = None
    target: NDArray[np.float32] | None = None


def _encode(
    home: Path, config: configs.RunConfig, found: Sources, encoder: Encoder, progress: Progress
) -> _Encoded:
    manifest, items = found.learning, found.learning_items
    learning = extract_items(home, manifest, items, encoder, progress)
    archive, target = learning, None
    if found.crosses:
        archive = extract_items(home, found.archive, found.items, encoder, progress)
    if not config.trains:
        # Only a network learns from views; others would encode them in vain.
        return _Encoded(learning, archive)
    if found.target is not None and found.target_items is not None:
        described = found.target_items.take(found.target_items.rows(["archive"]))
        target = extract_items(home, found.target, described, encoder, progress)
    rows, val_view = learning_rows(config, items), None
    views = extract_views(home, manifest, items, encoder, rows, config.training.views, progress)
    if config.contrastive and config.training.selection == "loss":
        val_view = extract_views(home, manifest, items, encoder, items.rows(["val"]), 2, progress)[
            1
        ]
    return _Encoded(learning, archive, views, val_view, target)


def extract_views(
    home: Path,
    manifest: Manifest,
    items: Items,
    encoder: Encoder,
    rows: NDArray[np.int64],
    count: int,
    progress: Progress,
) -> NDArray[np.float32]:
    """Features (V, n, D) of ``count`` views of the tiles in ``rows``; the first is the tile."""
    tiles = _tiles(manifest, [items.ids[row] for row in rows])
    cache = home / "cache" / "features"

    def encoded(view: int) -> NDArray[np.float32]:
        def named(stage: str, done: int, total: int) -> None:
            progress(f"{stage}, view {view + 1} of {count}", done, total)

        return extract(manifest.root, tiles, encoder, cache, named, view=view)

    return np.stack([encoded(view) for view in range(count)])
