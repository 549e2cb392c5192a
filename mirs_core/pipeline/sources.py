"""The data sets of a run: scanned, given roles, and checked for what is asked of them."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.scanning import describe, order_tiles, scan_cached
from mirs_core.encoders.fine_tuned_store import labels_seen
from mirs_core.errors import DataError
from mirs_core.pipeline.fitting import learning_rows
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home


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


def gather(home: Home, config: configs.RunConfig, progress: Progress = silent) -> Sources:
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


def absolute(config: configs.RunConfig) -> configs.RunConfig:
    """The configuration with the whole paths of the data sets that it names besides ``data``."""

    def resolved(text: str) -> str:
        return str(Path(text).expanduser().resolve()) if text else ""

    archive = dataclasses.replace(config.archive, data=resolved(config.archive.data))
    white = dataclasses.replace(config.whitening, target=resolved(config.whitening.target))
    return dataclasses.replace(config, archive=archive, whitening=white)


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
    if found.crosses:
        known = items.contents_of(["train", "val"])
        if shared := len(known & found.items.contents_of(["archive", "test"])):
            raise DataError(
                f"{shared} tiles of {config.archive_root} are among those that the run learns from,"
                " so it would be measured with what it was taught. Leave out one copy of them."
            )
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
    if config.loss.interclass_weight > 0 and not config.quirks.two_classes and len(classes) < 3:
        raise DataError(
            "Inter-class triplets take anchor, positive and negative from three classes, and the"
            f" training half of {config.data} has two. Set loss.interclass_weight=0."
        )


def check_unseen(home: Home, config: configs.RunConfig, items: Items) -> None:
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
