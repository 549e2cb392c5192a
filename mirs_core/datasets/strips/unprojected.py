"""Planetary products without a map projection: which steps of ISIS give them one."""

import re
from pathlib import Path
from typing import Any

from mirs_core.datasets.data_files import label_text
from mirs_core.errors import DataError

# Programs of ISIS that read products of the archives, by the instrument that the label names.
_IMPORTS = (
    (r"CTX|CONTEXT CAMERA", "mroctx2isis"),
    (r"HIRISE", "hi2isis"),
    (r"HRSC|HIGH RESOLUTION STEREO", "hrsc2isis"),
    (r"MOC|MARS ORBITER CAMERA", "moc2isis"),
    (r"THEMIS|THERMAL EMISSION IMAGING", "thm2isis"),
    (r"CRISM", "crism2isis"),
)
_INSTRUMENT = re.compile(r"INSTRUMENT_(?:ID|NAME)\s*=\s*[\"']?([^\"'\r\n]+)", re.IGNORECASE)


def check_projected(raster: Any, path: Path) -> None:
    """Raises DataError if a planetary product has no map projection, with the steps that help."""
    if raster.crs is not None or raster.driver not in ("ISIS3", "PDS", "PDS4", "VICAR"):
        return
    if raster.driver == "ISIS3":
        what, steps = "an ISIS cube", [f"cam2map from={path.name} to=map.cub"]
    else:
        what = f"a {raster.driver.replace('PDS', 'PDS3', raster.driver == 'PDS')} product"
        steps = [
            f"{_import_of(label_text(path))} from={path.name} to=a.cub",
            "spiceinit from=a.cub",
            "cam2map from=a.cub to=map.cub",
        ]
    raise DataError(
        f"{path.name} is {what} without a map projection, so its tiles would have no coordinates;"
        f" project it first, for example with: {'; '.join(steps)}."
    )


def _import_of(text: str) -> str:
    instruments = " ".join(_INSTRUMENT.findall(text))
    return next(
        (step for names, step in _IMPORTS if re.search(names, instruments, re.IGNORECASE)),
        "pds2isis",
    )
