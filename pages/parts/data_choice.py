"""The choice of a data set among those known on this machine, and of a folder by its path."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from mirs_core.workspace.home import Home
from pages.shared import loaders, reach


def titles(home: Home) -> dict[str, str]:
    """Folder to title of the data sets that are here, first those that models have archived.

    No two have one title.
    """
    found = [one for one in loaders.known_sets(home) if one.root.is_dir()]
    found.sort(key=lambda one: not one.models)
    count = Counter(one.title for one in found)
    named = {}
    for one in found:
        title = f"{one.title} (synthetic)" if _must_say(one.title, one.synthetic) else one.title
        named[str(one.root)] = title if count[one.title] == 1 else f"{title}, {one.root}"
    return named


def select(
    folders: Mapping[str, str], *, label: str, value: str, empty: str = "", **more: Any
) -> str:
    """Draws the choice; returns a folder, or nothing where ``empty`` says what that stands for.

    Where the server answers this computer alone, a path can be typed as well.

    Args:
        folders: as ``titles`` gives them.
        value: what is chosen now; it is offered even if it is not known.
        more: for the widget.
    """
    first = [""] if empty else []
    options = list(dict.fromkeys([*first, *folders, *([value] if value else [])]))
    chosen = st.selectbox(
        label,
        options,
        format_func=lambda root: folders.get(root, root) or empty,
        accept_new_options=reach.is_private(),
        **more,
    )
    return str(chosen or "")


def whole(typed: str) -> str:
    """The whole path of a folder that was chosen or typed."""
    return str(Path(typed.strip()).expanduser().resolve()) if typed.strip() else ""


def _must_say(title: str, synthetic: bool) -> bool:
    return synthetic and "synthetic" not in title.lower()
