"""Common parts of the import forms: paths, the choice of the next step, and the job."""

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

NOTHING, ARCHIVE, TRAIN = "Import only", "Archive with trained models", "Train new models"


def default_folder(home: Home, name: str) -> Path:
    """The folder of a new data set with this name."""
    return home.data / slug(name)


def path_field(
    label: str, example: str, key: str, is_there: Callable[[Path], bool], missing: str
) -> Path | None:
    """Draws a field for a path on this computer; returns the absolute path, or None.

    Args:
        is_there: tells whether the path exists and is of the right kind.
        missing: the error message for a path that is not.
    """
    text = st.text_input(label, placeholder=example, key=key).strip()
    if not text:
        return None
    path = Path(text).expanduser().absolute()
    if "\0" in text or not is_there(path):
        st.error(missing, icon=":material/search_off:")
        return None
    return path


def submit(home: Home, spec: jobs.JobSpec, title: str, message: str = "queued") -> None:
    """Queues a job, unless an equal one is not over yet; the page lists it above."""
    key = job_key(spec)
    notice.run(f"{title}: {message}.", lambda: jobs.submit_once(home, spec, title, key=key))


def job_key(spec: jobs.JobSpec) -> str:
    """The key of a data job, the same for equal specs."""
    return f"{jobs.DATA}-{sha256(repr(spec).encode())[:16]}"


def thumbnails(pictures: Sequence[str]) -> None:
    """Draws a row of small images (data URIs); nothing if there are none."""
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
        key: distinguishes the widgets of different forms.
        trains: whether new models can be trained on the data set.
    """
    usable = [run for run in runs.list_runs(home) if run.usable]
    choices = [ARCHIVE] * bool(usable) + [TRAIN] * trains + [NOTHING]
    choice = st.radio("Next step", choices, key=f"mirs.{key}.then", horizontal=True)
    if choice == TRAIN:
        st.caption(
            "Baseline, MIRS and MIRS + DWT, or their unsupervised versions if there are no labels."
        )
        return Next(prepare=True)
    if choice != ARCHIVE:
        return Next()
    data_sets = lineup.data_sets(usable)
    titles = {
        run.id: f"{title} · {item.title}"
        for item in data_sets
        for run, title in zip(item.runs, sidebar.titles(item.runs).values(), strict=True)
    }
    picked = st.multiselect(
        "Models",
        list(titles),
        list(data_sets[0].default()),
        format_func=titles.__getitem__,
        max_selections=lineup.MOST,
        key=f"mirs.{key}.models",
        help="Each of them hashes all tiles. Choose models trained on similar tiles: same"
        " instrument, same size on the ground.",
    )
    return Next(archive=tuple(picked))
