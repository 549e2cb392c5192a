"""Small elements shared by pages: headings, model names, columns."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from pages.shared import missing
from pages.shared.palette import Model


def part(titles: Mapping[str, str], key: str) -> str:
    """Draws the tabs of a page; returns the selected one, the first by default.

    Args:
        titles: title of each tab.
        key: of the session state, where a link may have put any value.
    """
    if (value := st.session_state.get(key)) not in titles:
        missing.note(missing.CHOICES, [str(value)] if value else [])
        st.session_state[key] = next(iter(titles))
    chosen = st.segmented_control(
        "Part",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    return str(chosen)


def columns(count: int) -> list[st.delta_generator.DeltaGenerator]:
    """Columns for small multiples: at most three per row, four as two by two."""
    across = 2 if count == 4 else min(count, 3)
    rows = -(-count // across)
    cells = [cell for _ in range(rows) for cell in st.columns(across, gap="large")]
    return cells[:count]


def section(name: str, about: str) -> None:
    """A heading with a line of explanation below it."""
    st.html(f'<div class="mirs-section"><h3>{escape(name)}</h3><p>{escape(about)}</p></div>')


def model_name(model: Model) -> str:
    """The line that names a model above its figure, as HTML."""
    return f'<p class="mirs-model">{swatch(model)}</p>'


def swatch(model: Model) -> str:
    """A model's colour and title, as HTML."""
    return f'<i class="mirs-swatch" style="--c:{model.colour}"></i>{escape(model.title)}'
