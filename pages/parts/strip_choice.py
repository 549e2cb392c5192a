"""The choice of strips to filter by; of very many, the browser gets some, and the name is typed."""

import streamlit as st

from mirs_core.retrieval.search import Searcher
from pages.shared import loaders, words

_MOST_LISTED = 1000


def draw(searcher: Searcher, key: str, label: str) -> list[str]:
    """Draws the choice; returns the chosen strips that the archive has.

    Args:
        key: of the session state.
    """
    strips = loaders.facets(searcher).strips
    if len(strips) <= _MOST_LISTED:
        return st.multiselect(label, list(strips), placeholder="All", key=key, disabled=not strips)
    typed = st.session_state.get(key) or []
    listed = dict.fromkeys([*typed, *list(strips)[:_MOST_LISTED]])
    chosen = st.multiselect(
        label,
        list(listed),
        placeholder="All",
        key=key,
        accept_new_options=True,
        help=f"The list has {_MOST_LISTED:,} of {len(strips):,}; type the name of any other.",
    )
    unknown = [name for name in chosen if name not in strips]
    if unknown:
        st.caption(words.plain(f"Not in this archive: {', '.join(unknown[:3])}"))
    return [name for name in chosen if name in strips]
