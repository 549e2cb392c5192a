"""The data sets of a run: scanned, split, and checked for what the run needs."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config import settings as configs
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.scanning import describe, order_tiles, scan_cached
from mirs_core.encoders.fine_tuned_store import labels_seen
from mirs_core.errors import DataError
from mirs_core.pipeline.assembly import check_terms
from mirs_core.pipeline.learning_tiles import learning_rows, left_out
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Sources:
    """The tiles of a run: those it learns from, and those it archives and is queried with.

    Both come from one data set, unless ``archive.data`` names another; ``target`` is the data set
    that ``whitening.target`` names, whose tiles give the statistics of the target domain.
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
        """A run's provenance of its data sets: the archive's, others under a key of their own."""
        description = describe(self.archive)
        if self.crosses:
            description["trained_on"] = describe(self.learning)
        if self.target is not None:
            description["whitening_target"] = describe(self.target)
        return description


def gather(home: Home, config: configs.RunConfig, progress: Progress = silent) -> Sources:
    """Scans the data sets of a configuration and assigns each tile its split.

    Raises:
        DataError: one of them is not a folder of tiles.
    """

    def ordered(root: str) -> tuple[Manifest, Items]:
        manifest = scan_cached(home, Path(root), progress)
        return manifest, order_tiles(manifest, config.seed, config.archive.by_strip)

    learning, items = ordered(config.data)
    archive, archived = learning, items
    if config.archive.data:
        archive, archived = ordered(config.archive.data)
    if archive.root != learning.root:
        archived = archived.take(archived.rows(["archive", "test"]))
    target = ordered(config.whitening.target) if config.whitening.target else (None, None)
    return Sources(learning, items, archive, archived, *target)


def absolute(config: configs.RunConfig) -> configs.RunConfig:
    """The configuration with absolute paths of the data sets that it names."""

    def resolved(text: str) -> str:
        return str(Path(text).expanduser().resolve()) if text else ""

    archive = dataclasses.replace(config.archive, data=resolved(config.archive.data))
    white = dataclasses.replace(config.whitening, target=resolved(config.whitening.target))
    data = resolved(config.data)
    return dataclasses.replace(config, data=data, archive=archive, whitening=white)


def check_trainable(
    config: configs.RunConfig, sources: Sources, copies: NDArray[np.int64] | None = None
) -> None:
    """Checks that there is an archive to search and, for a hash run, enough to learn from.

    Args:
        copies: rows of the learning items that are left out, because an archive or test tile has
            the same pixels; files that are equal are left out in any case.

    Raises:
        ConfigError: the loss names a term that does not exist or cannot be used.
        DataError: an empty archive; for hashing also too few training tiles, no labels, or only one
            class.
    """
    if not len(sources.items.rows(["archive"])):
        raise DataError(
            f"The archive is empty: {config.archive_root} has too few training tiles to split in"
            " halves. Each class needs at least two."
        )
    if not config.hashes:
        return
    check_terms(config)
    items = sources.learning_items
    copies = np.zeros(0, dtype=np.int64) if copies is None else copies
    rows = learning_rows(config, items, copies)
    if not len(rows) and left_out(items, copies):
        raise DataError(
            f"All training tiles of {config.data} are also in the archive or the test split, so"
            " that nothing is left to learn from. Remove the copies."
        )
    if config.unsupervised:
        if len(rows) < 2:
            raise DataError(
                f"Preset {config.preset} compares tiles with each other, and {config.data} has"
                f" {len(rows)} to learn from. Add tiles."
            )
        return
    if sources.crosses:
        _check_disjoint(config, sources)
    _check_classes(config, {items.labels[row] for row in rows})


def _check_disjoint(config: configs.RunConfig, sources: Sources) -> None:
    learnt = sources.learning_items.contents_of(["train", "val"])
    shared = len(learnt & sources.items.contents_of(["archive", "test"]))
    if shared:
        raise DataError(
            f"{shared} tiles of {config.archive_root} are also among the tiles that the run learns"
            " from, so its scores would be biased. Remove one copy of each."
        )


def _check_classes(config: configs.RunConfig, classes: set[str | None]) -> None:
    if not classes:
        raise DataError(
            f"Preset {config.preset} learns from labels, and the training half of {config.data} has"
            " none: there is no folder train/<class>/, or it has too few tiles to split in halves."
            " Use preset mirs-unsupervised or baseline, which need no labels, or add the folder as"
            " an archive of a trained model."
        )
    if len(classes) < 2:
        raise DataError(
            f"Preset {config.preset} needs at least two classes, and the training half of"
            f" {config.data} has one. Use preset baseline, or add a class."
        )
    if config.loss.interclass_weight > 0 and not config.quirks.two_classes and len(classes) < 3:
        raise DataError(
            "Inter-class triplets need three classes, one each for anchor, positive and negative,"
            f" and the training half of {config.data} has two. Set loss.interclass_weight to 0."
        )


def check_unseen(home: Home, config: configs.RunConfig, items: Items) -> None:
    """Refuses a fine-tuned encoder that was trained on labels of this archive or its queries.

    Raises:
        DataError: it was, so the scores of the run would be biased.
    """
    seen = labels_seen(home, config.encoder.name)
    if shared := len(seen & items.contents_of(["archive", "test"])):
        raise DataError(
            f"Encoder {config.encoder.name} was trained on the labels of {shared} of the tiles that"
            " this run would be evaluated with. Use the same seed and split as the encoder, or"
            " fine-tune an encoder with this seed."
        )
