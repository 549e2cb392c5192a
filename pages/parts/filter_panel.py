"""The sidebar's number of results and result filters."""

from collections.abc import Callable, Collection

import streamlit as st

from mirs_core.mars.landforms import by_code, describe
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from pages.parts import region_filter, strip_choice
from pages.shared import loaders, state, words

_WITHIN_HELP = (
    "Hides tiles whose hash codes differ from the query's in more bits, even if few tiles remain."
    " Codes of unrelated tiles differ in about half of their bits. Does not apply to float"
    " baselines, whose distances have no common scale."
)


def draw(searcher: Searcher, bits: int | None) -> None:
    """Draws the widgets.

    Args:
        bits: length of the longest code shown; None if there are only float baselines.
    """
    facets = loaders.facets(searcher)
    labels = sorted(facets.labels, key=_by_group)
    groups = list(dict.fromkeys(describe(label).group for label in labels))
    roles = [role for role in words.SPLITS if role in facets.roles]
    strips = facets.strips
    by_key: tuple[tuple[str, Collection[str]], ...] = (
        (state.GROUPS, groups),
        (state.CLASSES, labels),
        (state.ROLES, roles),
        (state.STRIPS, strips),
    )
    for key, values in by_key:
        if dropped := state.invalid(key, values):
            before = st.session_state.get(state.DROPPED, [])
            st.session_state[state.DROPPED] = list(dict.fromkeys([*before, *dropped]))
        state.keep_valid(key, values)
    # A session may have started on another page, whose link does not hold these.
    st.session_state.setdefault(state.K, state.K_DEFAULT)
    st.session_state.setdefault(state.BAND, state.POLES)
    low, high, step = state.K_RANGE
    with st.sidebar:
        st.slider("Results per model", low, high, step=step, key=state.K)
        if unknown := st.session_state.get(state.DROPPED):
            names = ", ".join(words.plain(value[:80]) for value in unknown[:5])
            st.warning(f"This data set has nothing to filter by: {names}. Results include all.")
        title = "Filters active" if state.is_filtered() else "Filter results"
        with st.expander(title, icon=":material/filter_alt:", key="mirs-filters"):
            if len(groups) > 1:
                _several("Landform groups", groups, state.GROUPS, words.group_name)
            if labels:
                _several("Landform classes", labels, state.CLASSES, words.class_name)
            _several(
                "Splits",
                roles,
                state.ROLES,
                words.SPLITS.__getitem__,
                "Archive tiles were not used in training; scores are computed on these only.",
            )
            if strips:
                strip_choice.draw(searcher, state.STRIPS, words.strip_term(searcher) + "s")
            if facets.located:
                _band()
                region_filter.draw()
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
        "Latitude",
        low,
        high,
        format="%d°",
        key=state.BAND,
        help="Latitude of the tile centre where known, else of the strip centre. Tiles without"
        " coordinates are excluded unless the range covers the whole planet.",
    )


def _within(bits: int) -> None:
    limit = st.session_state.get(state.WITHIN)
    if limit is not None and limit > bits:
        st.session_state[state.WITHIN] = bits
    st.number_input(
        "Maximum Hamming distance (bits)",
        0,
        bits,
        value=None,
        key=state.WITHIN,
        placeholder="No limit",
        help=_WITHIN_HELP,
    )


def _about_the_query(has_strips: bool) -> None:
    st.checkbox(
        "Exclude the query's strip",
        key=state.STRIP,
        disabled=not has_strips,
        help="Tiles of one strip look alike: same illumination, dust and instrument settings.",
    )
    st.checkbox(
        "Exclude overlapping footprints",
        key=state.NEAR,
        disabled=not has_strips,
        help="Near-duplicates: tiles of the query's strip whose footprints overlap the query's,"
        " according to their names.",
    )


def selected(searcher: Searcher) -> Filters:
    """The filters set in the sidebar, for one model."""
    session = st.session_state
    within = session.get(state.WITHIN)
    band = state.band()
    return Filters(
        roles=tuple(session.get(state.ROLES) or ()) or None,
        labels=_selected_labels(searcher),
        strips=tuple(session.get(state.STRIPS) or ()) or None,
        latitudes=(float(band[0]), float(band[1])) if band else None,
        within=None if within is None or searcher.unit != "bits" else float(within),
        exclude_strip=bool(session.get(state.STRIP)),
        exclude_near=bool(session.get(state.NEAR)),
        region=state.region(),
    )


def _selected_labels(searcher: Searcher) -> tuple[str, ...] | None:
    """The classes that pass the filters; None for all of them."""
    groups = st.session_state.get(state.GROUPS) or []
    classes = st.session_state.get(state.CLASSES) or []
    if not groups and not classes:
        return None
    labels = loaders.facets(searcher).labels
    return tuple(label for label in labels if label in classes or describe(label).group in groups)


def _by_group(label: str) -> tuple[int, str]:
    landform = describe(label)
    order = list(by_code)
    return (order.index(label) if label in by_code else len(order), landform.name)
