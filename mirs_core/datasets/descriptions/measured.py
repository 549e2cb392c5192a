"""How well real tiles are found by a description, as measured by ``bench describe``."""

from typing import Literal

AP_AT_64: dict[str, float] = {
    "aec": 0.97, "ael": 0.98, "cli": 0.60, "rid": 0.23, "fsf": 0.73, "sfe": 0.97,
    "fsg": 0.65, "fse": 0.84, "fss": 0.39, "cra": 1.00, "sfx": 1.00, "mix": 0.99,
    "rou": 0.92, "smo": 1.00, "tex": 0.48,
}  # fmt: skip
"""AP@64 by landform class: preset ``mirs``, five seeds, test tiles of CTX-681."""

_WELL, _FAIRLY = 0.75, 0.4

Quality = Literal["well", "fairly well", "poorly"]


def quality(landform: str) -> Quality:
    """How well tiles of a landform class are found by a description."""
    value = AP_AT_64[landform]
    return "well" if value >= _WELL else "fairly well" if value >= _FAIRLY else "poorly"
