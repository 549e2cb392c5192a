"""The length of the lists and their filters, in the sidebar."""

from collections.abc import Callable

import streamlit as st

from mirs_core.mars.geography import Region
from mirs_core.mars.landforms import by_code, describe
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from pages.shared import state, words

_WITHIN_HELP = (
    "Hash codes only: tiles that differ from the query in more bits are not shown, however few are"
    " left. Codes of unrelated tiles differ in about half of their bits. Distances of the float"
    " baselines have no common scale, so this leaves them as they are."
)


def draw(searcher: Searcher, bits: int | None) -> None:
    """Draws the widgets.

    Args:
        bits: of the longest code on show; None where there are float baselines only.
    """
    items = searcher.items
    labels = sorted({label for label in items.labels if label}, key=_by_group)
    groups = list(dict.fromkeys(describe(label).group for label in labels))
    roles = [role for role in words.ROLES if role in items.roles]
    strips = sorted({strip for strip in items.strips if strip})
    known = ((state.GROUPS, groups), (state.CLASSES, labels), (state.ROLES, roles))
    for key, values in (*known, (state.STRIPS, strips)):
        state.keep_known(key, values)
    # A session may have begun on another page, whose link says nothing of these.
    st.session_state.setdefault(state.K, state.K_DEFAULT)
    st.session_state.setdefault(state.BAND, state.POLES)
    low, high, step = state.K_RANGE
    with st.sidebar:
        st.slider("Results per model", low, high, step=step, key=state.K)
        title = "Filters on" if state.is_filtered() else "Filter the results"
        with st.expander(title, icon=":material/filter_alt:", key="mirs-filters"):
            if len(groups) > 1:
                _several("Landform groups", groups, state.GROUPS, words.group_name)
            if labels:
                _several("Landforms", labels, state.CLASSES, words.class_name)
            _several(
                "Roles",
                roles,
                state.ROLES,
                words.ROLES.__getitem__,
                "Archive tiles were never seen in training; scores count these alone.",
            )
            if strips:
                _several("Strips", strips, state.STRIPS, str)
            if any(latitude is not None for latitude in items.latitudes):
                _band()
            if region := state.region():
                _region(region)
            if bits:
                _within(bits)
            _about_the_query(bool(strips))
            if state.is_filtered():
                st.button("Clear all filters", on_click=state.clear_filters, type="tertiary")


def _several(
    label: str, options: list[str], key: str, name: Callable[[str], str], about: str = ""
) -> None:
    st.multiselect(label, options, format_func=name, key=key, placeholder="All", help=about or None)


def _band() -> None:
    low, high = state.POLES
    st.slider(
        "Latitude of the strip's centre",
        low,
        high,
        format="%d°",
        key=state.BAND,
        help="Tiles without coordinates are left out as soon as the band is not the whole planet.",
    )


def _region(region: Region) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Region: {region.written(as_west=state.west())}", width="stretch")
        st.button(
            "Whole planet", icon=":material/close:", type="tertiary", key="mirs.region.clear",
            on_click=state.search_in, args=(None,), help="Lets tiles outside of the box in again",
        )  # fmt: skip


def _within(bits: int) -> None:
    found = st.session_state.get(state.WITHIN)
    if found is not None and found > bits:
        st.session_state[state.WITHIN] = bits
    st.number_input(
        "At most this many bits away",
        0,
        bits,
        value=None,
        key=state.WITHIN,
        placeholder="Any distance",
        help=_WITHIN_HELP,
    )


def _about_the_query(has_strips: bool) -> None:
    st.checkbox(
        "Hide the query's own strip",
        key=state.STRIP,
        disabled=not has_strips,
        help="Tiles of one image strip look alike because of sun, dust and camera.",
    )
    st.checkbox(
        "Hide tiles that overlap it",
        key=state.NEAR,
        disabled=not has_strips,
        help="Near-duplicates: tiles of the same strip whose squares overlap the query's, as their"
        " names tell.",
    )


def wanted(searcher: Searcher) -> Filters:
    """What the filters let through for one model."""
    session = st.session_state
    within = session.get(state.WITHIN)
    band = state.band()
    return Filters(
        roles=tuple(session.get(state.ROLES) or ()) or None,
        labels=_wanted_labels(searcher),
        strips=tuple(session.get(state.STRIPS) or ()) or None,
        latitudes=(float(band[0]), float(band[1])) if band else None,
        within=None if within is None or searcher.unit != "bits" else float(within),
        exclude_strip=bool(session.get(state.STRIP)),
        exclude_near=bool(session.get(state.NEAR)),
        region=state.region(),
    )


def _wanted_labels(searcher: Searcher) -> tuple[str, ...] | None:
    """The classes that the filters let through, or None for all of them."""
    groups = st.session_state.get(state.GROUPS) or []
    classes = st.session_state.get(state.CLASSES) or []
    if not groups and not classes:
        return None
    labels = sorted({label for label in searcher.items.labels if label})
    return tuple(one for one in labels if one in classes or describe(one).group in groups)


def _by_group(label: str) -> tuple[int, str]:
    landform = describe(label)
    order = list(by_code)
    return (order.index(label) if label in by_code else len(order), landform.name)
