"""How well real tiles are found by a description, as measured by ``bench describe``."""

from typing import Literal

AP_AT_64: dict[str, float] = {
    "aec": 0.97, "ael": 0.97, "cli": 0.54, "rid": 0.25, "fsf": 0.71, "sfe": 0.94, "fsg": 0.47,
    "fse": 0.81, "fss": 0.44, "cra": 0.99, "sfx": 0.84, "mix": 0.84, "rou": 0.94, "smo": 0.96,
    "tex": 0.49,
}  # fmt: skip
"""AP@64 by landform class: preset ``mirs``, real CTX tiles."""

_WELL, _FAIRLY = 0.75, 0.4

Quality = Literal["well", "fairly well", "poorly"]


def quality(landform: str) -> Quality:
    """How well tiles of a landform class are found by a description."""
    value = AP_AT_64[landform]
    return "well" if value >= _WELL else "fairly well" if value >= _FAIRLY else "poorly"
