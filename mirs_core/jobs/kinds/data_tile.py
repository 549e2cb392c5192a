"""Cutting an image strip into tiles."""

from dataclasses import dataclass
from pathlib import Path

from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds import _following
from mirs_core.mars.crs_labels import LATITUDES
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(JobSpec):
    """Cut a map-projected raster into tiles with true coordinates."""

    raster: Path = option(
        metavar="RASTER", positional=True, help="GeoTIFF, JPEG 2000, ISIS, PDS, VICAR or VRT"
    )
    out: Path = option(metavar="DIR", help="folder of the data set that the tiles go to")
    size: int | None = option(
        None, metavar="N", help="pixels per side (default 224)", one_of="side"
    )
    metres: float | None = option(None, metavar="M", help="metres per side", one_of="side")
    stride: int | None = option(
        None, metavar="N", help="pixels from one tile to the next (default: the side)"
    )
    max_nodata: float = option(
        0.05, metavar="SHARE", help="largest share of missing pixels in a tile (default 0.05)"
    )
    min_contrast: float = option(
        2.0, metavar="C", help="least standard deviation of a tile's grey levels (default 2.0)"
    )
    latitude: str | None = option(
        None, metavar="KIND", choices=LATITUDES,
        help="what the latitudes of a raster on an ellipsoid are: planetographic or"
        " planetocentric (default: what its label tells)",
    )  # fmt: skip
    ignore_name: bool = option(
        False, help="cut a raster that lies elsewhere than the name of its product tells"
    )
    name: str | None = option(
        None, metavar="TEXT", help="name of the strip (default: the name of the file)"
    )
    licence: str | None = option(None, metavar="TEXT", help="licence of the images")
    credit: str | None = option(None, metavar="TEXT", help="credit line of the images")
    source: str | None = option(None, metavar="URL", help="address of the source product")
    virtual: bool = option(
        False, help="keep the tiles in the raster: write no image files, and read it when needed"
    )
    archive: tuple[str, ...] = option((), metavar="RUN", help=_following.ARCHIVE)
    prepare: bool = option(False, help=_following.PREPARE)


def run(home: Home, spec: Tile, work: Work) -> Answer:
    """Cuts a strip into tiles; continues where an earlier call ended.

    Raises:
        MirsError: the raster is not map-projected, or a model cannot archive.
    """
    from mirs_core.datasets.strips import CutSettings, StripDetails, cut_strip

    _following.check(home, spec.archive)
    settings = CutSettings(
        spec.size, spec.metres, spec.stride, spec.max_nodata, spec.min_contrast, spec.latitude,
        spec.ignore_name, spec.virtual,
    )  # fmt: skip
    details = StripDetails(spec.name, spec.source, spec.licence, spec.credit)
    outcome = cut_strip(spec.raster, spec.out, settings, details, work.stoppable)
    ids = _following.follow(home, spec.out, spec.archive, spec.prepare, work)
    return {**outcome.to_json(), "runs": ids}


SPEC = Kind(
    name="data-tile",
    order=130,
    words=("data", "tile"),
    help="cut a map-projected image strip into tiles",
    spec=Tile,
    run=run,
    title=lambda spec: f"Cut {spec.raster.name} into tiles",
    key=lambda spec: _following.data_key("tile", spec),
)
