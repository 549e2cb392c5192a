"""A landform map to take away: each unlabelled tile with what the labelled ones say it is.

Every file and every feature says that it is an estimate. Tiles with known ground are areas, others
points (of whatever their coordinates are the place of), and without either they have no geometry.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mirs_core import __version__
from mirs_core.datasets.manifest import OWN_PLACE
from mirs_core.errors import ConfigError, RunError
from mirs_core.exchange.exports.geo import MARS
from mirs_core.exchange.exports.rows import Row, of_tiles
from mirs_core.exchange.exports.sheet import cell
from mirs_core.files import replace_file
from mirs_core.landform_map import CAUTION, SURE, LandformMap, Trust, name_of, trusted
from mirs_core.mars.landforms import describe
from mirs_core.mars.tile_shapes import Ring, polygon, square_kilometres
from mirs_core.retrieval.search import Searcher

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

LAYER = "landform_estimate"
METHOD = "votes of the k nearest labelled tiles"
_TAKEN = ("lon", "lat", "place", "id", "strip", "instrument", "source", "synthetic", "data_set")
_NOTE = (
    f"Planetocentric degrees on Mars, {MARS}: longitude east-positive, 0 to 360. An area across the"
    " meridian 0/360 is in two parts. GeoJSON (RFC 7946) can name no other body than the Earth; set"
    " this CRS when you open it."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The features of a landform map and what is said of them as a whole.

    ``rows`` are plain columns, ``rings`` the ground of each where it is known.
    """

    rows: tuple[dict[str, Any], ...]
    rings: tuple[Ring | None, ...]
    about: dict[str, Any]


def sheet(
    searcher: Searcher,
    found: LandformMap,
    trust: Trust | None,
    rings: Mapping[str, Ring] | None = None,
) -> Sheet:
    """The unlabelled tiles of ``searcher``, whose estimates ``found`` holds, in row order."""
    known, ids = rings or {}, searcher.items.ids
    rows = of_tiles(searcher, [ids[row] for row in found.rows])
    ground = tuple(known.get(row.id) for row in rows)
    listed = [
        _feature(found, place, row, ring)
        for place, row, ring in zip(found.rows, rows, ground, strict=True)
    ]
    return Sheet(tuple(listed), ground, _about(searcher, found, trust))


def csv(of: Sheet) -> bytes:
    """UTF-8 CSV, ``lon`` and ``lat`` first; of a tile with known ground they lie within it."""
    import pandas as pd

    table = [{name: cell(value) for name, value in row.items()} for row in of.rows]
    text: str = pd.DataFrame(table).to_csv(index=False, lineterminator="\n")
    return text.encode()


def geojson(of: Sheet) -> bytes:
    """GeoJSON whose ``crs`` member (2008) names Mars, as ``exports.geojson`` has it."""
    from shapely.geometry import mapping

    shapes = [_shape(row, ring) for row, ring in zip(of.rows, of.rings, strict=True)]
    value = {
        "type": "FeatureCollection",
        "name": LAYER,
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:IAU_2015::49900"}},
        "crs_note": _NOTE,
        "body": "Mars",
        "coordinate_system": MARS,
        "estimate": True,
        "without_place": sum(shape is None for shape in shapes),
        "about": of.about,
        "features": [
            {
                "type": "Feature",
                "geometry": None if shape is None else mapping(shape),
                "properties": {**row, "body": "Mars", "coordinate_system": MARS},
            }
            for row, shape in zip(of.rows, shapes, strict=True)
        ],
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1).encode()


def geopackage(of: Sheet) -> bytes:
    """A GeoPackage with the layer ``landform_estimate`` and the CRS of Mars.

    Its description and its metadata say what it is and how it was made.

    Raises:
        RunError: there is no space to make it.
    """
    about = {name: json.dumps(value, ensure_ascii=False) for name, value in of.about.items()}
    title = "Landform estimate" + (" (synthetic tiles)" if of.about["synthetic"] else "")
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "map.gpkg"
            _frame(of).to_file(
                path,
                layer=LAYER,
                driver="GPKG",
                engine="pyogrio",
                index=False,
                layer_options={
                    "IDENTIFIER": title,
                    "DESCRIPTION": f"{of.about['estimate_note']} {of.about['trust']}",
                },
                layer_metadata=about,
                dataset_metadata=about,
            )
            _name_register(path)
            return path.read_bytes()
    except (OSError, RuntimeError, sqlite3.Error) as error:  # pyogrio's errors are RuntimeErrors
        raise RunError(
            f"The GeoPackage cannot be made ({error}); free some space, or write .geojson."
        ) from None


WRITERS: dict[str, Callable[[Sheet], bytes]] = {
    ".gpkg": geopackage,
    ".geojson": geojson,
    ".csv": csv,
}
"""What makes a file, by its ending."""


def writer(path: Path) -> Callable[[Sheet], bytes]:
    """What makes the file ``path``.

    Raises:
        ConfigError: its ending is none of ``WRITERS``.
    """
    try:
        return WRITERS[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"{path.name} has to end in {', '.join(WRITERS)}: the ending says what is written."
        ) from None


def save(of: Sheet, path: Path) -> None:
    """Writes the map as the ending of ``path`` says; a failure leaves what stood there.

    Raises:
        ConfigError: another ending.
        RunError: the file cannot be written.
    """
    data = writer(path)(of)
    replace_file(path, lambda handle: handle.write(data))


def _feature(found: LandformMap, place: int, row: Row, ring: Ring | None) -> dict[str, Any]:
    votes, label = found.votes, found.labels[place]
    first, second = (
        found.classes[int(column)] if column >= 0 else ""
        for column in (votes.winner[place], votes.runner_up[place])
    )
    plain = row.to_json()
    form = describe(label) if label else None
    group = "No landform" if label in found.distractors else form.group if form else ""
    taken = {name: plain[name] for name in _TAKEN}
    if ring is not None and row.place != OWN_PLACE:
        inside = polygon(ring).representative_point()
        taken |= {"lon": round(inside.x, 6), "lat": round(inside.y, 6), "place": OWN_PLACE}
    return {
        **taken,
        "estimate": True,
        "state": found.states[place],
        "sure": found.states[place] == SURE,
        "class": label or "",
        "class_name": found.name_of(label) if label else "",
        "group": group,
        "share": round(float(votes.share[place]), 4),
        "margin": round(float(votes.margin[place]), 4),
        "first": first,
        "runner_up": second,
        "nearest": round(float(found.nearest[place]), 4),
        "unit": found.unit,
        "km2": None if ring is None else round(square_kilometres(ring), 6),
        "k": found.k,
        "min_margin": found.min_margin,
        "reach": found.reach,
        "model": found.model,
        "run": found.run,
        "labelled_run": found.labelled,
        "labelled_set": found.labelled_set,
        "software": f"MIRS Explorer {__version__}",
        "licence": row.licence,
        "credit": row.credit,
        "sha256": row.sha256,
    }


def _about(searcher: Searcher, found: LandformMap, trust: Trust | None) -> dict[str, Any]:
    card = searcher.card
    return {
        "estimate": True,
        "estimate_note": CAUTION,
        "method": METHOD,
        "k": found.k,
        "min_margin": found.min_margin,
        "reach": found.reach,
        "unit": found.unit,
        "voters": found.voters,
        "trust": trusted(trust),
        "classes": {label: name_of(label, found.distractors) for label in found.classes},
        "model": found.model,
        "run": found.run,
        "labelled_run": found.labelled,
        "labelled_set": found.labelled_set,
        "data_set": card.title,
        "licence": card.licence,
        "citation": card.citation,
        "synthetic": card.synthetic,
        "software": f"MIRS Explorer {__version__}",
    }


def _frame(of: Sheet) -> "gpd.GeoDataFrame":
    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

    shapes = [_shape(row, ring) for row, ring in zip(of.rows, of.rings, strict=True)]
    frame = pd.DataFrame(list(of.rows))
    for name in ("lon", "lat", "km2", "reach"):
        frame[name] = frame[name].astype("float64")
    return gpd.GeoDataFrame(
        frame, geometry=gpd.GeoSeries(shapes, index=frame.index), crs=CRS.from_user_input(MARS)
    )


def _name_register(path: Path) -> None:
    """GDAL writes the register of the CRS as IAU, under which nobody finds it."""
    register, code = MARS.split(":")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(
            "UPDATE gpkg_spatial_ref_sys SET organization = ? WHERE organization_coordsys_id = ?",
            (register, int(code)),
        )


def _shape(row: Mapping[str, Any], ring: Ring | None) -> "BaseGeometry | None":
    from shapely import Point

    if ring is not None:
        return polygon(ring)
    known = row["lon"] is not None and row["lat"] is not None
    return Point(row["lon"], row["lat"]) if known else None
