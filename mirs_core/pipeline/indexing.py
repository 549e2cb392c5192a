"""Archiving any folder of tiles with a trained model."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.categories import Categories
from mirs_core.columns.lookup import lookup_of
from mirs_core.config import settings as configs
from mirs_core.datasets.card import CARD_FILE
from mirs_core.datasets.items import ROLES, Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.scanning import archive_id, describe, scan_cached
from mirs_core.datasets.splits import row_order
from mirs_core.datasets.tile_table import TABLE_FILE
from mirs_core.datasets.tiles import Tiles
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.files import copy_file
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.pipeline.archive_codes import ArchiveModel, Archiving, archive_codes
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
    keep_features: bool = False,
    progress: Progress = silent,
) -> runs.RunFolder:
    """``index_all`` with one model."""
    (run,) = index_all(
        home, [run_id], root, name=name, keep_features=keep_features, progress=progress
    )
    return run


def index_all(
    home: Home,
    run_ids: Sequence[str],
    root: Path,
    *,
    name: str | None = None,
    keep_features: bool = False,
    progress: Progress = silent,
) -> list[runs.RunFolder]:
    """A new finished run for each model, with every tile below ``root``.

    Each tile is encoded once for all models of one encoder. Tiles that a model was trained or
    validated on keep the splits train and val, so that no evaluation of its archive counts them; of
    the others, test tiles are queries and the rest is the archive. The target domain is transformed
    as stored with the model.

    Args:
        keep_features: add the features of the tiles to the cache, for a training.

    Raises:
        MirsError: no such run or folder, no readable image, or a run's encoder has changed.
    """
    parents = [_Parent.of(home, run_id) for run_id in run_ids]
    manifest = scan_cached(home, root, progress)
    archived: dict[str, runs.RunFolder] = {}
    for encoding in dict.fromkeys(parent.encoding for parent in parents):
        group = [parent for parent in parents if parent.encoding == encoding]
        archiving = Archiving(home, manifest.root, manifest.tiles, keep_features)
        models = [parent.archives(manifest) for parent in group]
        with archive_codes(archiving, group[0].encoder, models, progress) as codes:
            for parent, rows in zip(group, codes, strict=True):
                engines = dict(archiving.engines)
                archived[parent.id] = parent.keep(home, manifest, rows, name, engines)
    return [archived[run_id] for run_id in run_ids]


@dataclass(frozen=True, slots=True)
class _Parent:
    """A run whose model archives a folder."""

    id: str
    model: HashFunction | FloatModel
    learnt: dict[str, str]
    config: configs.RunConfig
    origin: str
    encoder: Encoder

    @property
    def encoding(self) -> tuple[str, int]:
        """What tells features apart: the encoder's fingerprint and the number of views."""
        return self.encoder.fingerprint, self.encoder.views

    @classmethod
    def of(cls, home: Home, run_id: str) -> "_Parent":
        run = runs.folder(home, run_id)
        trained = retriever.load(run)
        origin = run.provenance().get("origin") or run_id
        learnt = learnt_roles(run, trained)
        return cls(run_id, trained.model, learnt, run.config(), origin, encoder_of(home, run))

    def archives(self, manifest: Manifest) -> ArchiveModel:
        trained = [content for content, role in self.learnt.items() if role == "train"]
        is_source = np.zeros(len(manifest.tiles), dtype=bool)
        is_source[lookup_of(manifest.tiles.contents).rows_with(trained)] = True
        return ArchiveModel(self.id, self.model, is_source)

    def keep(
        self,
        home: Home,
        manifest: Manifest,
        codes: NDArray[Any],
        name: str | None,
        engines: dict[str, int],
    ) -> runs.RunFolder:
        """The finished run with the codes (n, width) of the tiles of ``manifest``."""
        config, about = archived_config(self.config, manifest.root), describe(manifest)
        order = row_order(len(manifest.tiles), manifest.digest, config.seed)
        tiles = manifest.tiles.take(order)
        items = Items.of(tiles, archive_roles(tiles, self.learnt))
        archive = retriever.Retriever(self.model, codes[order], items, manifest.card.distractors)
        return keep_archived(
            home,
            config,
            archive,
            name=name or f"{config.preset} on {manifest.card.name}",
            provenance={
                **about,
                "data_title": name or about["data_title"],
                "encoder": self.encoder.fingerprint,
                "engines": engines,
                "parent": self.id,
                "origin": self.origin,
            },
            learnt=self.learnt,
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
    name_of_archive = archive_id(archive.items, archive.in_order(archive.items.rows(["archive"])))
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


def archive_roles(tiles: Tiles, learnt: Mapping[str, str]) -> Categories:
    """The splits of tiles in an archive.

    Args:
        learnt: split by content of the tiles that the model was trained or validated on.
    """
    place = {role: code for code, role in enumerate(ROLES)}
    splits = [place[name if name in ("val", "test") else "archive"] for name in tiles.splits.names]
    # The last entry is that of tiles without a split.
    codes = np.array([*splits, place["archive"]], dtype=np.int8)[tiles.splits.codes.whole()]
    rows = lookup_of(tiles.contents).rows_with(list(learnt))
    for row, content in zip(rows.tolist(), tiles.contents.values_at(rows), strict=True):
        if role := learnt[content]:
            codes[row] = place[role]
    return Categories.of_codes(codes, ROLES).compact()
