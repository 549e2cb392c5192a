"""A projection of very many random points, to test the drawing without an archive."""

import numpy as np
import streamlit as st

from pages.components.space_map.space_map import Codes, Colouring, Side, SpaceContent, space_map


@st.cache_resource
def points(count: int) -> tuple[np.ndarray, Codes]:
    rng = np.random.default_rng(0)
    centres = rng.uniform(-0.7, 0.7, (15, 2))
    group = rng.integers(0, 15, count)
    spread = rng.normal(scale=0.08, size=(count, 2))
    return (centres[group] + spread).clip(-1, 1).astype(np.float32), group.astype(np.uint16)


count = min(int(st.query_params.get("n", "50000")), 5_000_000)
places, group = points(count)
names = tuple(f"Cluster {number + 1}" for number in range(15))
colours = tuple(f"#{40 + 14 * n:02x}{(90 * n) % 200 + 40:02x}{220 - 12 * n:02x}" for n in range(15))
counts = tuple(int(one) for one in np.bincount(group, minlength=15))
space_map(
    "many",
    SpaceContent(
        sides=[Side(f"many {count}", "Random points", places, group, f"{count:,} points", "A map")],
        colouring=Colouring("Cluster", colours, names, counts),
        subject="many",
        query=None,
        passing=None,
        chosen=None,
    ),
    on_pick=lambda row: None,
    on_choose=lambda rows: None,
)
