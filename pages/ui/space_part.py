"""The maps of the hash space: which runs, in which colours, and what was chosen on them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from mirs_core import jobs, mapping, projection
from mirs_core.landforms import describe
from mirs_core.mapping import SpaceMap
from mirs_core.search import Searcher
from pages.ui import loaders, state, words
from pages.ui.space_figure import Colouring, draw_map

ROWS = "mirs.space.rows"
_COLOURS = ("Landform", "Group", "Role", "Strip", "Latitude", "Purity", "Tiles with its code")
_ROLE_COLOURS = {"archive": "#0f7d6e", "train": "#c2451f", "val": "#d6a24a", "test": "#5b74c9"}
_RAYS = 24
_CONFIG = {
    "displaylogo": False,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["autoScale2d", "zoomIn2d", "zoomOut2d"],
    "toImageButtonOptions": {"scale": 2},
}


def colour_by(searcher: Searcher) -> str:
    """Draws the choice of what colours the points."""
    items = searcher.items
    lacking = {
        "Landform": not any(items.labels),
        "Group": not any(items.labels),
        "Purity": not any(items.labels),
        "Strip": not any(items.strips),
        "Latitude": not any(latitude is not None for latitude in items.latitudes),
    }
    options = [name for name in _COLOURS if not lacking.get(name)]
    return str(
        st.segmented_control(
            "Colour by", options, default=options[0], required=True, key="mirs.space.colour"
        )
    )


def colouring(run_id: str, searcher: Searcher, mode: str) -> Colouring:
    """The colours of a run's tiles in one mode."""
    items = searcher.items
    if mode in {"Purity", "Tiles with its code"}:
        near = loaders.neighbourhoods(run_id)
        if mode == "Purity":
            return Colouring(values=near.purity(items.labels), title="share of own class")
        return Colouring(values=np.log2(near.sharing.astype(float)), title="log2 of tiles")
    if mode == "Latitude":
        known = [np.nan if one is None else one for one in items.latitudes]
        return Colouring(values=np.array(known, dtype=float), title="°N")
    names, colours = _named(searcher, mode)
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(name, []).append(row)
    ordered = sorted(groups, key=lambda name: (-len(groups[name]), name))
    return Colouring(tuple((name, colours[name], tuple(groups[name])) for name in ordered))


def _named(searcher: Searcher, mode: str) -> tuple[list[str], dict[str, str]]:
    """What each tile is called in a mode, and the colour of each name."""
    items = searcher.items
    if mode == "Role":
        names = [words.ROLES[role] for role in items.roles]
        return names, {words.ROLES[role]: colour for role, colour in _ROLE_COLOURS.items()}
    if mode == "Strip":
        strips = [strip or "not known" for strip in items.strips]
        return strips, {strip: describe(strip).colour for strip in strips}
    labels = [describe(label) if label else None for label in items.labels]
    if mode == "Group":
        first = {one.group: one.colour for one in reversed(labels) if one}
        return [one.group if one else "Not labelled" for one in labels], {
            "Not labelled": "#8c837b",
            **first,
        }
    colours = {one.name: one.colour for one in labels if one}
    return [one.name if one else "Not labelled" for one in labels], {
        "Not labelled": "#8c837b",
        **colours,
    }


def draw(
    home: Path, side: str, run_id: str, searcher: Searcher, mode: str, reference: SpaceMap | None
) -> SpaceMap | None:
    """Draws the map of one run, or the way to it; returns the map.

    Args:
        reference: the map to lie alongside, of the same tiles.
    """
    found = mapping.read(home, run_id)
    if found is None:
        _missing(home, run_id)
        return None
    points = found.points
    if reference is not None and len(reference.points) == len(points):
        points = projection.aligned(points, reference.points)
    items, tile = searcher.items, state.tile()
    query = items.row(tile) if tile in set(items.ids) else None
    hits = _hits(searcher, tile) if query is not None and tile else []
    names = [
        f"{words.class_name(label)} · {words.file_name(name)}"
        for label, name in zip(items.labels, items.ids, strict=True)
    ]
    figure = draw_map(
        points,
        names,
        colouring(run_id, searcher, mode),
        chosen=frozenset(st.session_state.get(ROWS) or ()),
        query=query,
        hits=hits,
        centres=mode in {"Landform", "Group"},
    )
    key = f"mirs.space.map.{side}"
    st.plotly_chart(
        figure,
        key=key,
        theme="streamlit",
        config=_CONFIG,
        on_select=lambda: _chosen(key, list(items.ids)),
        selection_mode=["points", "box", "lasso"],
        alt=f"Map of {len(points)} tiles, coloured by {mode.lower()}",
    )
    kept = found.fidelity
    st.caption(
        f"Trustworthiness {kept.trustworthiness:.2f}, {kept.preservation:.0%} of the 10 nearest"
        f" kept, seed {found.seed}.",
        help="Trustworthiness: whether neighbours on the map are neighbours in the space (1 is"
        " perfect; Venna and Kaski 2001). The second figure: how many of the 10 nearest in the"
        " space are among the 10 nearest on the map.",
    )
    return found


def _hits(searcher: Searcher, tile: str) -> list[int]:
    query = searcher.query_by_id(tile)
    return [searcher.items.row(hit.id) for hit in searcher.search(query, _RAYS)]


def _chosen(key: str, ids: Sequence[str]) -> None:
    """Takes what was clicked or circled: one tile becomes the query, several are chosen."""
    picked = st.session_state[key]["selection"]["points"]
    rows = []
    for point in picked:
        value = point.get("customdata")
        value = value[0] if isinstance(value, list) else value
        if isinstance(value, int) and 0 <= value < len(ids):
            rows.append(value)
    rows = list(dict.fromkeys(rows))
    if len(rows) == 1:
        state.choose_tile(ids[rows[0]])
    elif rows:
        st.session_state[ROWS] = rows


def _missing(home: Path, run_id: str) -> None:
    """A map that is not there yet is computed by a job; one that failed is not tried by itself."""
    key = f"map-{run_id}"
    known = _job(home, key)
    if known is not None and not known.active:
        said = known.error or "The map was laid out once, and is not there any more."
        st.error(words.plain(said), icon=":material/error:")
        st.button("Try again", key=f"{key}.again", on_click=_submit, args=(home, run_id, key))
        return
    if known is None:
        _submit(home, run_id, key)
    _watch(home, key)


def _submit(home: Path, run_id: str, key: str) -> None:
    words_of = ["project", "--run", run_id]
    jobs.submit_once(home, key, words_of, f"Map of {run_id}", lane=jobs.PREVIEW)


def _job(home: Path, key: str) -> jobs.Job | None:
    return next((job for job in jobs.list_jobs(home) if job.key == key), None)


@st.fragment(run_every=1.0)
def _watch(home: Path, key: str) -> None:
    found = _job(home, key)
    if found is None or not found.active:
        st.rerun(scope="app")
    st.progress(min(found.done / max(found.total, 1), 1.0), text=f"{found.stage}, once a run")
