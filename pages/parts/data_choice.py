"""The choice of a data set on this computer, or of a folder by its path."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from mirs_core.workspace.home import Home
from pages.shared import access, loaders


def titles(home: Home) -> dict[str, str]:
    """Unique titles of the data sets on this computer by folder, those with an archive first."""
    data_sets = [item for item in loaders.known_sets(home) if item.root.is_dir()]
    data_sets.sort(key=lambda item: not item.models)
    count = Counter(item.title for item in data_sets)
    title_by_folder = {}
    for item in data_sets:
        title = item.title
        if item.synthetic and "synthetic" not in title.lower():
            title = f"{title} (synthetic)"
        unique = count[item.title] == 1
        title_by_folder[str(item.root)] = title if unique else f"{title}, {item.root}"
    return title_by_folder


def select(
    folders: Mapping[str, str], *, label: str, value: str, empty: str = "", **more: Any
) -> str:
    """Draws the choice; returns a folder, or an empty string.

    A path can be typed as well, unless the server is open to other computers.

    Args:
        folders: as returned by ``titles``.
        value: the present choice; it is offered even if it is not one of ``folders``.
        empty: what no choice is called; there is always a choice if this is empty.
        more: arguments of the widget.
    """
    first = [""] if empty else []
    options = list(dict.fromkeys([*first, *folders, *([value] if value else [])]))
    choice = st.selectbox(
        label,
        options,
        format_func=lambda root: folders.get(root, root) or empty,
        accept_new_options=access.is_private(),
        **more,
    )
    return str(choice or "")


def absolute(typed: str) -> str:
    """The absolute path of a folder that was chosen or typed; empty for an empty text."""
    return str(Path(typed.strip()).expanduser().resolve()) if typed.strip() else ""
