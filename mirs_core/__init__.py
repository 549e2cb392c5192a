"""MIRS: image retrieval for the surface of Mars, by hashing.

A frozen encoder turns a tile into features, a small network hashes them to bits, and the Hamming
distance ranks an archive::

    from mirs_core import Filters, Workspace

    run = Workspace(".mirs").open("mirs-demo")
    hits = run.search("crater.jpg", k=10, filters=Filters(latitudes=(-30, 30)))
    hits.to_frame()

The names in ``__all__`` are the public API: they change only with a line in the changelog. Nothing
else in the package is promised to stay. They are loaded when first used, so that importing this
package loads neither torch nor faiss, umap or pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirs_core.api.hits import Hits
    from mirs_core.api.listing import Listing
    from mirs_core.api.open_run import OpenRun
    from mirs_core.api.workspace import Workspace
    from mirs_core.config.presets import from_preset
    from mirs_core.config.settings import RunConfig
    from mirs_core.datasets.importing.description import FolderDescription
    from mirs_core.datasets.importing.folders import ImportedFolder
    from mirs_core.datasets.items import Items
    from mirs_core.datasets.registry import KnownDataSet
    from mirs_core.errors import (
        ConfigError,
        DataError,
        EncoderError,
        ImageError,
        MirsError,
        RunError,
        StoppedError,
    )
    from mirs_core.evaluation.protocol import QueryResult, Report
    from mirs_core.exchange.exports.similarity_raster import save_similarity_map
    from mirs_core.jobs.folder import Job
    from mirs_core.jobs.kind import JobSpec
    from mirs_core.landform_map.similarity import SimilarityMap
    from mirs_core.landform_map.verdict import Verdict
    from mirs_core.mars.geography import Region
    from mirs_core.mars.region_files import read_region
    from mirs_core.mars.regions import CircleRegion, PolygonRegion
    from mirs_core.pipeline.training import Outcome
    from mirs_core.ranking.metrics import Interval
    from mirs_core.retrieval.explanation import Explanation
    from mirs_core.retrieval.filters import Filters
    from mirs_core.retrieval.hits import Hit, QueryScore
    from mirs_core.retrieval.query import Query
    from mirs_core.workspace.runs import RunSummary

__version__ = "0.3.0"

_MODULES = {
    "CircleRegion": "mars.regions",
    "ConfigError": "errors",
    "DataError": "errors",
    "EncoderError": "errors",
    "Explanation": "retrieval.explanation",
    "Filters": "retrieval.filters",
    "FolderDescription": "datasets.importing.description",
    "Hit": "retrieval.hits",
    "Hits": "api.hits",
    "ImageError": "errors",
    "ImportedFolder": "datasets.importing.folders",
    "Interval": "ranking.metrics",
    "Items": "datasets.items",
    "Job": "jobs.folder",
    "JobSpec": "jobs.kind",
    "KnownDataSet": "datasets.registry",
    "Listing": "api.listing",
    "MirsError": "errors",
    "OpenRun": "api.open_run",
    "Outcome": "pipeline.training",
    "PolygonRegion": "mars.regions",
    "Query": "retrieval.query",
    "QueryResult": "evaluation.protocol",
    "QueryScore": "retrieval.hits",
    "Region": "mars.geography",
    "Report": "evaluation.protocol",
    "RunConfig": "config.settings",
    "RunError": "errors",
    "RunSummary": "workspace.runs",
    "SimilarityMap": "landform_map.similarity",
    "StoppedError": "errors",
    "Verdict": "landform_map.verdict",
    "Workspace": "api.workspace",
    "from_preset": "config.presets",
    "read_region": "mars.region_files",
    "save_similarity_map": "exchange.exports.similarity_raster",
}
"""The public names, and the module of this package that each is defined in."""

__all__ = [
    "CircleRegion",
    "ConfigError",
    "DataError",
    "EncoderError",
    "Explanation",
    "Filters",
    "FolderDescription",
    "Hit",
    "Hits",
    "ImageError",
    "ImportedFolder",
    "Interval",
    "Items",
    "Job",
    "JobSpec",
    "KnownDataSet",
    "Listing",
    "MirsError",
    "OpenRun",
    "Outcome",
    "PolygonRegion",
    "Query",
    "QueryResult",
    "QueryScore",
    "Region",
    "Report",
    "RunConfig",
    "RunError",
    "RunSummary",
    "SimilarityMap",
    "StoppedError",
    "Verdict",
    "Workspace",
    "__version__",
    "from_preset",
    "read_region",
    "save_similarity_map",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
