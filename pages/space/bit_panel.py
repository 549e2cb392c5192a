"""Diagnostics of single bits: how they relate to landforms, and tiles at their extremes."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mirs_core.hash_space.code_bits import BitReport
from mirs_core.mars.landforms import by_code, describe
from mirs_core.retrieval.search import Searcher
from pages.components.tile_grid.tile_grid import Column, tile_grid
from pages.parts import sections, tile_entry
from pages.shared import loaders, state, words

_ENDS = 12


def draw(models: Sequence[tuple[str, str, Searcher]]) -> None:
    """Draws the bits of one of the hashing models; a click on the heat map selects a bit.

    Args:
        models: run, title and searcher of each.
    """
    hashed = [model for model in models if model[2].unit == "bits"]
    if not hashed:
        return
    sections.section(
        "Bits",
        "Fraction of tiles of each landform class with a bit set. Click a bit to see the tiles at"
        " its two extremes.",
    )
    run_id, title, searcher = hashed[-1]
    if len(hashed) > 1:
        title = st.segmented_control(
            "Model", [model[1] for model in hashed], default=title, required=True,
            key="mirs.space.bits.run", label_visibility="collapsed",
        )  # fmt: skip
        run_id, title, searcher = next(model for model in hashed if model[1] == title)
    report = loaders.bits(run_id)
    bit = _pick(run_id, report)
    left, right = st.columns([1.9, 1], gap="large")
    with left:
        _extremes(searcher, report, bit)
    with right:
        _correlation(run_id, bit)


def _pick(run_id: str, report: BitReport) -> int:
    """Draws the heat map of all bits and the selection of one; returns it."""
    from pages.parts import charts

    key = f"mirs.space.bit.{run_id}"
    order = np.argsort(-report.explained, kind="stable")
    st.session_state.setdefault(key, int(order[0]))
    if report.classes:
        rows = sorted(range(len(report.classes)), key=lambda row: _by_group(report.classes[row]))
        names = [words.class_name(report.classes[row]) for row in rows]
        charts.pick_with(
            charts.bit_means(report.means[rows][:, order], names, order, report.explained[order]),
            f"{key}.map",
            "Heat map: fraction of tiles with each bit set, by landform class",
            lambda bit: st.session_state.__setitem__(key, bit),
        )
    about = "In packing order: bit 0 is the most significant bit of the first byte."
    last = report.means.shape[1] - 1
    return int(st.number_input("Bit", 0, last, key=key, width=140, help=about))


def _by_group(label: str) -> tuple[int, str]:
    order = list(by_code)
    return (order.index(label) if label in by_code else len(order), describe(label).name)


def _extremes(searcher: Searcher, report: BitReport, bit: int) -> None:
    zeros, ones = loaders.bit_ends(searcher.summary.id, bit, _ENDS)
    items = searcher.items
    if report.classes:
        low, high = report.sides(bit)
        st.caption(
            f"Bit {bit}: {report.explained[bit]:.0%} of its variance lies between landform classes."
            f" Mostly 0: {_named(low)}."
            f" Mostly 1: {_named(high)}."
        )
    images = loaders.thumbnails(searcher, [items.ids[row] for row in (*zeros, *ones)])
    columns = [
        Column(
            [tile_entry.plain(searcher, items.ids[row]) for row in rows],
            title=f"Most typical of {value}",
            about="Tiles farthest towards the codes with this value",
            empty="" if rows else f"No tile has this bit at {value}.",
        )
        for value, rows in ((0, zeros), (1, ones))
    ]
    tile_grid("mirs.space.ends", columns, images, state.choose_tile, tile="4.6rem")


def _named(labels: Sequence[str]) -> str:
    names = [words.class_name(label) for label in labels[:4]]
    return ", ".join(names) + (" and others" if len(labels) > 4 else "") if names else "none"


def _correlation(run_id: str, bit: int) -> None:
    from pages.parts import charts

    sampled = loaders.bit_statistics(run_id)
    if sampled is None:
        return
    bits = sampled.bits
    row = np.nan_to_num(bits.correlation[bit])
    row[bit] = 0
    near = np.argsort(-np.abs(row), kind="stable")[:3]
    listed = ", ".join(f"bit {index} ({row[index]:+.2f})" for index in near if row[index])
    st.caption(
        "Positive (red) and negative (blue) correlation of bits. Most correlated with bit"
        f" {bit}: {listed or 'none'}.{words.sampled(sampled.count, sampled.of, 'archive tiles')}"
    )
    charts.show(charts.correlation(bits), "mirs.space.correlation", "Heat map: correlation of bits")
