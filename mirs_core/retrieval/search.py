"""Search in a run: from a tile or an image to ranked tiles."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.images import read_bytes, read_image
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Card
from mirs_core.datasets.pixel_content import content_of
from mirs_core.datasets.strips.virtual import described, is_virtual
from mirs_core.datasets.table_lookup import TableLookup
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.feature_store import encode_one
from mirs_core.encoders.run_encoder import encoder_of
from mirs_core.errors import DataError
from mirs_core.files import sha256
from mirs_core.ranking import metrics
from mirs_core.ranking.archive import FloatArchive, HashArchive, Mask, Rows
from mirs_core.retrieval import near_duplicates, retriever
from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.hits import Hit, QueryScore, is_relevant
from mirs_core.retrieval.query import Query, rank_refined
from mirs_core.retrieval.run_card import card_of_run
from mirs_core.retrieval.tile_files import TileFiles
from mirs_core.retrieval.true_places import with_true_places
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_K_SCORE = 64
_CACHED_MASKS = 3
# Of 10^8 tiles a search maps about 40 MB of rows of its hits; giving them back takes 5 ms.
_GIVE_BACK_EVERY = 4


_CAUTIONS = {
    "train": "Training tile: this score does not measure retrieval.",
    "val": "Validation tile, used to choose the epoch: this score is slightly optimistic.",
}


@dataclass(slots=True)
class Searcher:
    """A finished run, ready for queries. Open it once and keep it; loading takes time."""

    home: Home
    summary: runs.RunSummary
    card: Card
    root: Path
    retriever: retriever.Retriever
    _encoder: Encoder | None = None
    _archive: HashArchive | FloatArchive | None = None
    _masks: dict[Filters, Mask | None] = field(default_factory=dict)
    _label_counts: dict[str | None, int] | None = None
    _searches: int = 0

    @classmethod
    def open(cls, home: Home, run_id: str) -> "Searcher":
        """The searcher of a run.

        Raises:
            RunError: no such run, not finished, or damaged files.
        """
        run = runs.folder(home, run_id)
        summary = runs.summary(home, run, runs.served_run(home))
        root = summary.data_root
        loaded = retriever.load(run)
        loaded = replace(loaded, items=with_true_places(loaded.items, root))
        return cls(home, summary, card_of_run(run, summary), root, loaded)

    @property
    def items(self) -> Items:
        """Metadata of the archived tiles, in row order."""
        return self.retriever.items

    @property
    def files(self) -> TileFiles:
        """The files of the archived tiles, and whether they have changed since."""
        return TileFiles(self.root, self.items)

    def metadata(self, tile_id: str) -> TileRecord:
        """The tile's record in ``tiles.csv`` of the data set, or of the run's own copy.

        What it lacks of a virtual tile, its strip tells. An unreadable table is ignored.
        """
        return self.records([tile_id])[0]

    def records(self, tile_ids: Sequence[str]) -> list[TileRecord]:
        """The record of each of some tiles, see ``metadata``."""
        folders = (self.root, self.home.runs / self.summary.id)
        listed = zip(tile_ids, TableLookup(folders).records(tile_ids), strict=True)
        return [described(tile, folders, record) for tile, record in listed]

    def metres_per_pixel(self, tile_id: str) -> float | None:
        """Pixel scale of a tile, from ``tiles.csv`` or else from the data set's card."""
        return self.metadata(tile_id).metres_per_pixel or self.card.metres_per_pixel

    def query_by_id(self, tile_id: str) -> Query:
        """The query of an archived tile, from its stored code. Raises DataError for unknown ids."""
        items, row = self.items, self.items.row(tile_id)
        return Query(
            name=tile_id,
            code=self.retriever.codes[row : row + 1],
            content=items.contents[row],
            tile_id=tile_id,
            label=items.labels[row],
            strip=items.strips[row],
            role=items.roles[row],
        )

    def query_by_image(self, source: bytes | Path, name: str = "") -> Query:
        """The query of an image file (JPEG, PNG or TIFF, any size), encoded as target domain.

        A file that is byte for byte an archived tile is recognised as that tile, and so is one with
        the pixels of a virtual tile. Of those, the path that hits have, and the id, are taken, too.

        Raises:
            ImageError: the file is not a usable image.
            EncoderError: the run's encoder cannot be loaded.
        """
        if isinstance(source, Path) and is_virtual(source.name):
            return self.query_by_id(self.files.id_at(source))
        data = source if isinstance(source, bytes) else read_bytes(source)
        name = name or (source.name if isinstance(source, Path) else "image")
        content = sha256(data)
        copies = self.items.rows_with_contents([content])
        if len(copies):
            return self.query_by_id(self.items.ids[copies[0]])
        pixels = read_image(data, name)
        copies = self.items.rows_with_contents([content_of(pixels)])
        if len(copies):
            return self.query_by_id(self.items.ids[copies[0]])
        features = encode_one(pixels, self.encoder())[None]
        code = retriever.encode(self.retriever.model, features, "target")
        return Query(name=name, code=code, content=content)

    @property
    def unit(self) -> str:
        """The unit of distances: "bits", or the name of the float distance."""
        return "bits" if self.summary.distance == "hamming" else self.summary.distance

    def load_encoder(self) -> None:
        """Loads the encoder now rather than with the first query image."""
        self.encoder().engine()

    def encoder(self) -> Encoder:
        """The run's encoder. Raises EncoderError if it cannot be loaded."""
        if self._encoder is None:
            self._encoder = encoder_of(self.home, runs.folder(self.home, self.summary.id))
        return self._encoder

    def refined(
        self, query: Query, positives: Iterable[str] = (), negatives: Iterable[str] = ()
    ) -> Query:
        """``query`` with further archived tiles as positive and negative examples.

        Raises:
            DataError: an unknown tile.
        """
        near, far = ([self.items.row(tile) for tile in tiles] for tiles in (positives, negatives))
        contents = {self.items.contents[row] for row in (*near, *far)}
        codes = self.retriever.codes
        return replace(
            query,
            positives=codes[near] if near else None,
            negatives=codes[far] if far else None,
            examples=frozenset({query.content, *contents}),
        )

    def search(self, query: Query, k: int = 64, filters: Filters = EVERYTHING) -> list[Hit]:
        """At most ``k`` results, nearest first; ties in row order; never the query itself.

        Filters are applied before ranking, so that ``k`` results come back where that many tiles
        pass. ``filters.within`` has the unit of the distances.
        """
        ranked = self._rank(query, self._allowed(filters), k, filters)
        items, rows = self.items, np.array([row for _, row in ranked], dtype=np.int64)
        columns = (items.ids, items.labels, items.roles, items.strips)
        # Joining paths as objects would take longer than searching a hundred thousand codes.
        root = str(self.root)
        tiles = zip(ranked, *(column.values_at(rows) for column in columns), strict=True)
        hits = [
            Hit(
                rank=place + 1,
                id=tile,
                path=os.path.join(root, *tile.split("/")),  # noqa: PTH118
                label=label,
                role=role,
                strip=strip,
                distance=distance,
                relevant=is_relevant(query.label, label, self.retriever.distractors),
            )
            for place, ((distance, _), tile, label, role, strip) in enumerate(tiles)
        ]
        self._searches += 1
        if self.retriever.stored is not None and self._searches % _GIVE_BACK_EVERY == 0:
            self.retriever.stored.give_back()
        return hits

    def candidates(self, query: Query, filters: Filters = EVERYTHING) -> NDArray[np.int64]:
        """Rows (n,) of all tiles that the query could return, ascending."""
        return self._rows_of(self._allowed(filters), self._excluded(query, filters))

    def _rows_of(self, allowed: Mask | None, excluded: Rows) -> Rows:
        mask = np.ones(len(self.items), dtype=bool) if allowed is None else allowed.copy()
        mask[excluded] = False
        return np.flatnonzero(mask).astype(np.int64, copy=False)

    def _allowed(self, filters: Filters) -> Mask | None:
        """Which tiles (N,) pass the filters that do not depend on the query; None if all do."""
        # Those that do are applied later, so that few masks serve all queries.
        key = replace(filters, within=None, exclude_strip=False, exclude_near=False)
        if key not in self._masks:
            latest = list(self._masks.items())[-_CACHED_MASKS:]
            self._masks = {**dict(latest), key: key.mask(self.items)}
        return self._masks[key]

    def full_archive(self) -> HashArchive | FloatArchive:
        """The index of all tiles of the run, whatever their split; built once."""
        if self._archive is None:
            self._archive = self.retriever.archive()
        return self._archive

    def _rank(
        self, query: Query, allowed: Mask | None, k: int, filters: Filters
    ) -> list[tuple[float, int]]:
        excluded = self._excluded(query, filters)
        if query.refined:
            candidates = self._rows_of(allowed, excluded)
            if filters.within is not None:  # a limit of the distance from the query, not of scores
                near = self.full_archive().distances(query.code) <= filters.within
                candidates = candidates[near[candidates]]
            return rank_refined(self.retriever, query, candidates, k)
        distances, rows = self.full_archive().search(query.code, k, allowed, excluded)
        ranked = list(zip(map(float, distances[0].tolist()), rows[0].tolist(), strict=True))
        if filters.within is None:
            return ranked
        return [(distance, row) for distance, row in ranked if distance <= filters.within]

    def _excluded(self, query: Query, filters: Filters) -> Rows:
        """Rows that the query never returns: itself, its examples, what filters exclude."""
        items = self.items
        rows = [items.rows_with_contents(query.examples or [query.content])]
        if filters.exclude_strip and query.strip:
            rows.append(items.strips.rows_with(query.strip))
        if filters.exclude_near and query.tile_id is not None:
            near = near_duplicates.by_name(items, items.row(query.tile_id))
            rows.append(np.array(near, dtype=np.int64))
        return np.unique(np.concatenate(rows))

    def average_precision(
        self, query: Query, k: int = _K_SCORE, exclude_strip: bool = False
    ) -> QueryScore | None:
        """AP@k of a labelled query against the evaluation archive, whatever filters a list has.

        None without a label, for distractors, and where the archive has no relevant tile.
        """
        if query.label is None or query.label in self.retriever.distractors:
            return None
        filters = Filters(roles=("archive",), exclude_strip=exclude_strip)
        allowed, excluded = self._allowed(filters), self._excluded(query, filters)
        labels = self.items.labels
        out_of_reach = excluded[allowed[excluded]] if allowed is not None else excluded
        count = self._archived_labels().get(query.label, 0)
        count -= labels.take(out_of_reach).count(query.label)
        if not count:
            return None
        ranked = self._rank(query, allowed, k, filters)
        rows = np.array([row for _, row in ranked], dtype=np.int64)
        total, top = np.array([count]), labels.take(rows).mask([query.label])[None]
        return QueryScore(
            min_r_k=float(metrics.average_precision(top, total, k, "min_r_k")[0]),
            hits=float(metrics.average_precision(top, total, k, "hits")[0]),
            relevant_in_archive=count,
            caution=_CAUTIONS.get(query.role or "") if self.unit == "bits" else None,
        )

    def _archived_labels(self) -> dict[str | None, int]:
        """Number of tiles of the evaluation archive by class; counted once."""
        if self._label_counts is None:
            self._label_counts = self.items.labels.counts(self.items.roles.mask(["archive"]))
        return self._label_counts

    def image_path(self, tile_id: str) -> Path:
        """The path of a tile's image file, or of a virtual tile's raster.

        Raises:
            DataError: it is missing.
        """
        path = self.files.path(tile_id)
        if not path.is_file():
            raise DataError(f"{path} is missing: the folder was moved or deleted. Index it again.")
        return path
