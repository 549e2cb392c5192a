"""The bits of the models on the maps: what each tells of the landforms, and its two ends."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mirs_core.hash_space import bits as code_bits
from mirs_core.hash_space.bits import BitReport
from mirs_core.mars.landforms import by_code, describe
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, tile_grid
from pages.parts import sections, tile_entry
from pages.shared import loaders, state, words

_ENDS = 12


def draw(models: Sequence[tuple[str, str, Searcher]]) -> None:
    """Draws the bits of one of the models that hash; a click on the heat map opens a bit.

    Args:
        models: run, title and searcher of each.
    """
    hashed = [one for one in models if one[2].unit == "bits"]
    if not hashed:
        return
    sections.section(
        "Bits", "How often each bit is one in each landform; a click opens the two ends of a bit."
    )
    run_id, title, searcher = hashed[-1]
    if len(hashed) > 1:
        title = st.segmented_control(
            "Bits of", [one[1] for one in hashed], default=title, required=True,
            key="mirs.space.bits.run", label_visibility="collapsed",
        )  # fmt: skip
        run_id, title, searcher = next(one for one in hashed if one[1] == title)
    found = loaders.bits(run_id)
    bit = _pick(run_id, found)
    left, right = st.columns([1.9, 1], gap="large")
    with left:
        _ends_of(searcher, found, bit)
    with right:
        _correlated(run_id, bit)


def _pick(run_id: str, found: BitReport) -> int:
    """Draws what each bit tells and the choice of one; returns it."""
    from pages.parts import charts

    key = f"mirs.space.bit.{run_id}"
    order = np.argsort(-found.told, kind="stable")
    st.session_state.setdefault(key, int(order[0]))
    if found.classes:
        rows = sorted(range(len(found.classes)), key=lambda one: _by_group(found.classes[one]))
        names = [words.class_name(found.classes[row]) for row in rows]
        charts.pick_with(
            charts.bit_means(found.means[rows][:, order], names, order, found.told[order]),
            f"{key}.map",
            "Heat map: share of ones by landform and bit",
            lambda bit: st.session_state.__setitem__(key, bit),
        )
    about = "Numbered as they are packed: 0 is the highest of the first byte."
    last = found.means.shape[1] - 1
    return int(st.number_input("Bit", 0, last, key=key, width=140, help=about))


def _by_group(label: str) -> tuple[int, str]:
    order = list(by_code)
    return (order.index(label) if label in by_code else len(order), describe(label).name)


def _ends_of(searcher: Searcher, found: BitReport, bit: int) -> None:
    zeros, ones = code_bits.ends(searcher.retriever, bit, _ENDS)
    items = searcher.items
    if found.classes:
        low, high = found.sides(bit)
        st.caption(
            f"Bit {bit} lies {found.told[bit]:.0%} between landforms. Mostly 0: {_named(low)}."
            f" Mostly 1: {_named(high)}."
        )
    images = loaders.thumbnails(searcher, [items.ids[row] for row in (*zeros, *ones)])
    columns = [
        Column(
            [tile_entry.plain(searcher, items.ids[row]) for row in rows],
            title=f"Surely {value}",
            about="Tiles that go farthest with this value",
            empty="" if rows else f"No tile has a {value} here.",
        )
        for value, rows in ((0, zeros), (1, ones))
    ]
    tile_grid("mirs.space.ends", columns, images, state.choose_tile, tile="4.6rem")


def _named(labels: Sequence[str]) -> str:
    names = [words.class_name(label) for label in labels[:4]]
    return ", ".join(names) + (" and others" if len(labels) > 4 else "") if names else "none"


def _correlated(run_id: str, bit: int) -> None:
    from pages.parts import charts

    bits = loaders.diagnosis(run_id).bits
    if bits is None:
        return
    row = np.nan_to_num(bits.correlation[bit])
    row[bit] = 0
    near = np.argsort(-np.abs(row), kind="stable")[:3]
    said = ", ".join(f"bit {one} ({row[one]:+.2f})" for one in near if row[one])
    st.caption(
        f"Which bits say the same (red) or the opposite. With bit {bit} go {said or 'none'}."
    )
    charts.show(charts.correlation(bits), "mirs.space.correlation", "Heat map: correlation of bits")
