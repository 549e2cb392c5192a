"""A finished run that answers queries from Python."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.api.hits import Hits
from mirs_core.api.images import ImageSource, as_path, encoded
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.descriptions import Description
from mirs_core.datasets.items import Items
from mirs_core.datasets.scanning import scan_cached
from mirs_core.datasets.tile_table import TileRecord
from mirs_core.errors import DataError
from mirs_core.landform_map.similarity import STEP, SimilarityMap, Statistic, similarity_map
from mirs_core.landform_map.strip_similarity import strip_similarity_map
from mirs_core.landform_map.verdict import Panel, Verdict, open_panel
from mirs_core.pipeline.encoding import extract_items
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.described import query_by_description
from mirs_core.retrieval.explanation import Explanation, explain
from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.hits import QueryScore
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.whole_images import query_by_whole_image
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A finished run in memory: its model and its archive. Keep it; opening takes time.

    Attributes:
        searcher: the object of the library that does the work; not part of the promised API.
    """

    searcher: Searcher
    _panels: list[Panel | None] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def open(cls, home: Home, run_id: str) -> "OpenRun":
        """Loads a run.

        Raises:
            RunError: there is no such run, it is not finished, or its files are damaged.
        """
        return cls(Searcher.open(home, run_id))

    @property
    def id(self) -> str:
        """The run's id."""
        return self.summary.id

    @property
    def summary(self) -> RunSummary:
        """Name, preset, data set and headline result of the run."""
        return self.searcher.summary

    @property
    def config(self) -> RunConfig:
        """The configuration that the run was trained with."""
        return runs.folder(self.searcher.home, self.id).config()

    @property
    def unit(self) -> str:
        """The unit of distances: "bits", or the name of a baseline's distance."""
        return self.searcher.unit

    @property
    def items(self) -> Items:
        """The archived tiles as columns, parallel to ``codes``."""
        return self.searcher.items

    @property
    def codes(self) -> NDArray[Any]:
        """The archive: packed hash codes (N, bits/8) uint8, or (N, D) float32 of a baseline."""
        return self.searcher.retriever.codes

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<OpenRun {self.id}: {len(self):,} tiles of {self.summary.data}>"

    def tiles(self) -> "pd.DataFrame":
        """One row per archived tile, parallel to ``codes``: id, label, role, strip, coordinates."""
        import pandas as pd

        items = self.items
        columns = {
            "id": items.ids,
            "label": items.labels,
            "role": items.roles,
            "strip": items.strips,
            "latitude": np.array(items.latitudes, dtype=float),
            "longitude": np.array(items.longitudes, dtype=float),
        }
        return pd.DataFrame(columns)

    def features(self, progress: Progress = silent) -> NDArray[np.float32]:
        """The encoder's features (N, D) of the archived tiles, parallel to ``codes``.

        They come from the feature cache of the workspace; tiles that it lacks are encoded.

        Raises:
            DataError: the data set is gone, or tiles are missing from it.
            EncoderError: the run's encoder is not available.
        """
        home, root = self.searcher.home, self.searcher.root
        manifest = scan_cached(home, root, progress)
        present = {tile.id for tile in manifest.tiles}
        if missing := [tile for tile in self.items.ids if tile not in present]:
            raise DataError(
                f"{len(missing):,} archived tiles are missing from {root}, {missing[0]} first;"
                " put them back or index the folder again."
            )
        return extract_items(home, manifest, self.items, self.searcher.encoder(), progress)

    def query(self, source: "ImageSource | Description | Query", whole: bool = False) -> Query:
        """The query of an archived tile, of an image, or of a description.

        Args:
            source: the id of an archived tile, an image file, the bytes of one, an array (H, W) or
                (H, W, C), or a Pillow image. A string that is both is taken as the id. A file that
                is byte by byte a tile of the archive is recognised as that tile. Or a landform in
                numbers (``mirs_core.datasets.descriptions.parse``), which is rendered.
            whole: take the central square of a strip or another image that is no tile.

        Raises:
            DataError: a string that is neither an archived tile nor a file; an image that is no
                tile, unless ``whole``.
            ImageError: an unusable image.
            EncoderError: the run's encoder is not available.
        """
        if isinstance(source, Query):
            return source
        if isinstance(source, Description):
            return query_by_description(self.searcher, source)
        if isinstance(source, bytes):
            return self._by_image(source, whole)
        if isinstance(source, np.ndarray | Image.Image):
            return self._by_image(encoded(source), whole)
        if isinstance(source, str) and self.items.has(source):
            return self.searcher.query_by_id(source)
        if isinstance(source, str | PathLike):
            path = as_path(source)
            if isinstance(source, str) and not path.exists():
                raise DataError(f"{source!r} is neither a tile of run {self.id} nor a file.")
            return self._by_image(path, whole)
        raise DataError(
            f"A {type(source).__name__} cannot be a query; give a tile id, a file, bytes, an array"
            " or a Pillow image."
        )

    def _by_image(self, source: bytes | Path, whole: bool) -> Query:
        return query_by_whole_image(self.searcher, source, whole=whole).query

    def verdict(self, source: "ImageSource | Query") -> Verdict | None:
        """The most likely landform of an unlabelled query, by the votes of labelled tiles.

        An estimate, by the rules of landform estimates. The voters are the labelled tiles of the
        run that the model was trained in. None for a labelled query, and where nobody can vote.

        Raises:
            MirsError: the query cannot be used (see ``query``).
        """
        query = self.query(source)
        if query.label is not None:
            return None
        if not self._panels:
            self._panels.append(open_panel(self.searcher))
        panel = self._panels[0]
        return None if panel is None else panel.verdict(query)

    def search(
        self,
        source: "ImageSource | Description | Query",
        k: int = 64,
        filters: Filters = EVERYTHING,
    ) -> Hits:
        """The ``k`` nearest tiles, nearest first, ties in archive order; never the query itself.

        Args:
            source: see ``query``.
            k: how many hits; fewer come back where the filters leave fewer.
            filters: applied before the nearest are taken.

        Raises:
            DataError: ``k`` is less than 1, or the query cannot be used (see ``query``).
        """
        if k < 1:
            raise DataError(f"k is {k}; it must be at least 1.")
        query = self.query(source)
        hits = tuple(self.searcher.search(query, k, filters))
        return Hits(query, self.unit, hits, self.searcher.files)

    def similarity_map(
        self,
        source: "ImageSource | Query",
        step: float = STEP,
        statistic: Statistic = "minimum",
        filters: Filters = EVERYTHING,
        strip: str | None = None,
    ) -> SimilarityMap:
        """How near the nearest tile of each place is to a query: the planet, a region or a strip.

        Args:
            source: see ``query``.
            step: side of a cell in degrees, a divisor of 180; without effect on a strip.
            statistic: of the distances in a cell, "minimum" or "median"; of a strip the minimum.
            filters: which tiles count; with a region, only its surroundings are mapped.
            strip: map the footprints of the tiles of this strip.

        Raises:
            DataError: cells that do not divide the planet or are too many, a strip without
                footprints, or a query that cannot be used.
        """
        query = self.query(source)
        if strip is not None:
            return strip_similarity_map(self.searcher, query, strip, filters)
        return similarity_map(self.searcher, query, step, statistic, filters)

    def refine(
        self,
        source: "ImageSource | Query",
        positives: Iterable[str] = (),
        negatives: Iterable[str] = (),
    ) -> Query:
        """A query with further archived tiles as positive and negative examples.

        Raises:
            DataError: an unknown tile.
        """
        return self.searcher.refined(self.query(source), positives, negatives)

    def explain(self, source: "ImageSource | Query", tile_id: str) -> Explanation:
        """How near a tile is to a query, compared with the rest of the archive, bit by bit.

        Raises:
            DataError: an unknown tile.
        """
        return explain(self.searcher, self.query(source), tile_id)

    def average_precision(
        self, source: "ImageSource | Description | Query", k: int = 64, exclude_strip: bool = False
    ) -> QueryScore | None:
        """AP@k of a labelled query against the evaluation archive.

        None for a query without a label, a distractor, or a class that the archive lacks.
        """
        return self.searcher.average_precision(self.query(source), k, exclude_strip)

    def file_state(self, tile_id: str) -> str:
        """The state of a tile's file: current, changed since it was archived, missing, unreadable.

        Raises:
            DataError: an unknown tile.
        """
        return str(self.searcher.files.state(tile_id))

    def metadata(self, tile_id: str) -> TileRecord:
        """What the data set's ``tiles.csv`` records of a tile; empty fields where it has none."""
        return self.searcher.metadata(tile_id)
