"""What the forms that bring data in have in common: where it stands, what follows, its job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from mirs_core import jobs
from mirs_core.files import sha256, slug
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import lineup, sidebar

NOTHING, ARCHIVE, TRAIN = "Nothing more", "Archive it with trained models", "Train models on it"


def folder_of(home: Home, name: str) -> Path:
    """Where a data set of that name stands when nobody says otherwise."""
    return home.data / slug(name)


def typed(
    label: str, example: str, key: str, is_there: Callable[[Path], bool], missing: str
) -> Path | None:
    """Draws a field for a path on this computer; returns it whole, None until it is there.

    Args:
        missing: what is said of a path that leads nowhere.
    """
    text = st.text_input(label, placeholder=example, key=key).strip()
    if not text:
        return None
    path = Path(text).expanduser().absolute()
    if "\0" in text or not is_there(path):
        st.error(missing, icon=":material/search_off:")
        return None
    return path


def submit(home: Home, spec: jobs.JobSpec, title: str, message: str = "queued, see above") -> None:
    """Queues a job, unless an equal one is not over yet; the page lists it above."""
    key = f"{jobs.DATA}-{sha256(repr(spec).encode())[:16]}"
    notice.act(f"{title}: {message}.", lambda: jobs.submit_once(home, spec, title, key=key))


def show(pictures: Sequence[str]) -> None:
    """Draws a row of small pictures (data URIs); nothing where there are none."""
    if pictures:
        images = "".join(f'<img src="{uri}" alt="">' for uri in pictures)
        st.html(f'<div class="mirs-fresh mirs-few">{images}</div>')


@dataclass(frozen=True, slots=True)
class Next:
    """What follows an import: the models that archive the tiles, and whether models are trained."""

    archive: tuple[str, ...] = ()
    prepare: bool = False


def afterwards(home: Home, key: str, trains: bool) -> Next:
    """Draws the choice of what follows an import, and returns it.

    Args:
        key: tells the widgets of one form from those of another.
        trains: whether models may be trained on it.
    """
    found = [run for run in runs.list_runs(home) if run.usable]
    choices = [ARCHIVE] * bool(found) + [TRAIN] * trains + [NOTHING]
    chosen = st.radio("Then", choices, key=f"mirs.{key}.then", horizontal=True)
    if chosen == TRAIN:
        st.caption("Baseline, MIRS and MIRS + DWT; without labels the models that read none.")
        return Next(prepare=True)
    if chosen != ARCHIVE:
        return Next()
    sets = lineup.data_sets(found)
    titles = {
        run.id: f"{title} · {one.title}"
        for one in sets
        for run, title in zip(one.runs, sidebar.titles(one.runs).values(), strict=True)
    }
    picked = st.multiselect(
        "Models",
        list(titles),
        list(sets[0].default()),
        format_func=titles.__getitem__,
        max_selections=lineup.MOST,
        key=f"mirs.{key}.models",
        help="Each hashes every tile. What they were trained on should look like these tiles:"
        " the same instrument and size on the ground.",
    )
    return Next(archive=tuple(picked))
