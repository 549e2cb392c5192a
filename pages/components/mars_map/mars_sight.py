"""What a part of the map shows of a set whose tiles are too many to be sent to the browser."""

import base64
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.landform_map.ground import Area
from pages.components import source_of
from pages.components.sending.sending import is_row

_SIGHT = st.components.v2.component(
    "mirs.mars_sight", html="<span></span>", js=source_of("mars_map/mars_sight.js")
)
_KINDS = (("u1", np.uint8), ("u2", np.uint16), ("u4", np.uint32))


@dataclass(frozen=True, slots=True)
class SightOfTiles:
    """The tiles in an area: numbers by cell, or single tiles where they are few.

    Attributes:
        hidden: the palette indices that do not count, ascending.
        counts: (rows, columns) tiles by cell; None where there are single tiles.
        rows, latitudes, longitudes, codes, chosen: (n,) of the single tiles; None for a density.
    """

    area: Area
    hidden: tuple[int, ...]
    counts: NDArray[np.uint32] | None = None
    rows: NDArray[np.int64] | None = None
    latitudes: NDArray[np.float64] | None = None
    longitudes: NDArray[np.float64] | None = None
    codes: NDArray[np.uint16] | None = None
    chosen: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """A set of too many tiles to be sent.

    Attributes:
        tiles: identifies the tiles; the view is reset when it changes.
        subject: identifies what sights show; a change discards them.
        rows: (n,) ascending rows that are always drawn; coordinates, codes and ``passing`` of the
            map's content are theirs.
        count: number of tiles in the set.
        whole: the sight of the whole view.
        levels: the coarsest and the finest cells of each view.
    """

    tiles: str
    subject: str
    rows: NDArray[np.int64]
    count: int
    whole: SightOfTiles
    levels: dict[str, tuple[int, int]]


def sights(
    key: str, subject: str, colours: int, look: Callable[[Area, tuple[int, ...]], SightOfTiles]
) -> None:
    """Answers the map's requests for what is in view; call it in its own fragment.

    Args:
        subject: as in the map's ``Crowd``.
        colours: length of the palette.
        look: the sight of an area without the tiles of some palette indices.
    """

    def requested() -> None:
        st.session_state[f"{key}.part"] = part_of(st.session_state[key].get("asked"), colours)

    part = st.session_state.pop(f"{key}.part", None)
    sight = None if part is None else plain_sight(look(*part))
    _SIGHT(key=key, data={"subject": subject, "sight": sight}, on_asked_change=requested)


def part_of(value: Any, colours: int) -> tuple[Area, tuple[int, ...]] | None:
    """The area and the hidden palette indices sent by the browser; None if they are invalid."""
    cells, hidden = (value.get("cells"), value.get("hidden")) if isinstance(value, dict) else (0, 0)
    if not isinstance(cells, dict) or not isinstance(hidden, list):
        return None
    names = ("level", "left", "top", "right", "bottom")
    numbers = [cells.get(name) for name in names]
    if not all(type(number) is int and abs(number) < 1 << 24 for number in numbers):
        return None
    if not isinstance(cells.get("view"), str) or not all(is_row(code, colours) for code in hidden):
        return None
    try:
        return Area(cells["view"], *numbers), tuple(sorted(set(hidden)))  # type: ignore[arg-type]
    except DataError:
        return None


def plain_sight(sight: SightOfTiles) -> dict[str, Any]:
    """A sight as JSON with base64-encoded arrays, as the browser reads it."""
    plain: dict[str, Any] = {
        "area": asdict(sight.area),
        "hidden": ",".join(str(code) for code in sight.hidden),
    }
    if sight.counts is not None:
        most = int(sight.counts.max(initial=0))
        kind, dtype = next((k, d) for k, d in _KINDS if most <= np.iinfo(d).max)
        return {**plain, "counts": _encoded(sight.counts.astype(dtype)), "kind": kind}
    places = np.stack([_floats(sight.latitudes), _floats(sight.longitudes)])
    return {
        **plain,
        "rows": _encoded(np.asarray(sight.rows).astype("<u4")),
        "points": _encoded(places),
        "codes": _encoded(np.asarray(sight.codes).astype("<u2")),
        "chosen": _encoded(np.asarray(sight.chosen).astype("u1")),
    }


def _floats(values: NDArray[np.float64] | None) -> NDArray[np.float32]:
    return np.asarray(values, dtype="<f4")


def _encoded(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
