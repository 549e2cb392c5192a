"""The tile in doubt and the keys that settle it."""

from pathlib import Path

import streamlit as st

from mirs_core.datasets import label_corrections
from mirs_core.hash_space.label_review import Doubt
from mirs_core.mars.landforms import describe
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.parts import notice, pictures, sections
from pages.shared import loaders, words

_SKIPPED, _NAME, _MINE = "mirs.review.skipped", "mirs.review.name", "mirs.review.batches"


def skipped(run_id: str) -> set[str]:
    """Ids of the tiles that this session has skipped for a run."""
    tiles: set[str] = st.session_state.setdefault(f"{_SKIPPED}.{run_id}", set())
    return tiles


def picture(searcher: Searcher, doubt: Doubt) -> None:
    """Draws the tile with what is known of it."""
    image = loaders.tile_picture(searcher, doubt.tile)
    scale = pictures.scale_bar(searcher, doubt.tile)
    st.html(pictures.of_tile(image, words.class_name(doubt.label), scale, "In doubt"))
    st.html(pictures.facts(pictures.about(searcher, doubt.tile)))


def draw(home: Home, searcher: Searcher, run_id: str, doubt: Doubt) -> None:
    """Draws what the neighbours of a tile say, and a button with a key for each verdict."""
    sections.section(
        "Which landform is it?",
        f"Its label is {words.class_name(doubt.label)}." if doubt.label else "It has no label.",
    )
    tile = doubt.tile
    _verdicts(home, searcher, tile, doubt)
    with st.container(horizontal=True, key="mirs-review-acts"):
        st.button(
            "Skip", key="mirs.review.skip", icon=":material/skip_next:", shortcut="s",
            on_click=skipped(run_id).add, args=(tile,),
        )  # fmt: skip
        undo_button(home, searcher.root)
    st.text_input(
        "Your name",
        value=label_corrections.this_person(),
        key=_NAME,
        help="Kept with each verdict, in the home folder",
    )


def _verdicts(home: Home, searcher: Searcher, tile: str, doubt: Doubt) -> None:
    proposals = [(label, f"{votes:g} of 10 neighbours") for label, votes in doubt.votes]
    if doubt.label is not None and doubt.label not in dict(doubt.votes):
        proposals.append((doubt.label, "no neighbour"))
    for key, (label, votes) in enumerate(proposals, 1):
        present = ", its present label" if label == doubt.label else ""
        st.button(
            f"{describe(label).name} ({votes}{present})",
            key=f"mirs.review.{key}",
            shortcut=str(key),
            type="primary" if label != doubt.label and key == 1 else "secondary",
            width="stretch",
            on_click=_settle,
            args=(home, searcher, tile, label),
        )
    classes = sorted(label for label in searcher.items.labels.counts() if label)
    with st.container(horizontal=True, vertical_alignment="bottom", key="mirs-review-other"):
        other = st.selectbox(
            "Another class", classes, index=None, placeholder="Choose a class",
            format_func=lambda label: describe(label).name, key=f"mirs.review.class.{tile}",
        )  # fmt: skip
        st.button(
            "Set", key="mirs.review.set", disabled=other is None,
            on_click=_settle, args=(home, searcher, tile, other),
        )  # fmt: skip


def _person() -> str:
    return str(st.session_state.get(_NAME) or label_corrections.this_person())


def _settle(home: Home, searcher: Searcher, tile: str, label: str | None) -> None:
    """Records a verdict; the next tile follows."""

    def work() -> None:
        (correction,) = label_corrections.correct(
            home, searcher.root, searcher.items, {tile: label}, by=_person(), note="Review labels"
        )
        st.session_state.setdefault(_MINE, []).append((str(searcher.root), correction.batch, tile))

    notice.run("", work)


def undo_button(home: Home, root: Path) -> None:
    """Draws the button that takes the last verdict of this session back."""
    mine = [entry for entry in st.session_state.get(_MINE, []) if entry[0] == str(root)]
    st.button(
        "Undo", key="mirs.review.undo", icon=":material/undo:", shortcut="u",
        disabled=not mine, on_click=_undo, args=(home, root),
        help=f"Take back the verdict on {words.file_name(mine[-1][2])}" if mine else None,
    )  # fmt: skip


def _undo(home: Home, root: Path) -> None:
    mine = st.session_state.get(_MINE, [])
    place = max(i for i, entry in enumerate(mine) if entry[0] == str(root))
    if notice.run("", lambda: label_corrections.undo(home, root, [mine[place][1]], by=_person())):
        del mine[place]
