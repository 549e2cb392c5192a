"""A folder of one's own becomes a data set: where its tiles are, and what is known of them."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from mirs_core.datasets.walk import SPLITS, Found, find_images, is_labelled
from mirs_core.jobs.kinds.data_import import Import
from mirs_core.workspace.home import Home
from pages.data import brought
from pages.shared import loaders, words

_IN_PLACE, _COPIED = "Leave them where they are", "Copy them into the app's folder"
_SHOWN = 8
_WIDTH = 900


def draw(home: Home) -> None:
    """Draws the form; the import itself is a job."""
    st.html(
        '<p class="mirs-lead">Any folder of JPEG, PNG or TIFF tiles. Classes are read from'
        " <b>train/ val/ test/</b> with one folder a class, or from a table; tiles without a class"
        " can be searched all the same. Your images are never changed.</p>"
    )
    with st.container(width=_WIDTH):
        folder = brought.typed(
            "Folder on this computer", "/home/me/tiles", "mirs.folder.path", Path.is_dir,
            "There is no such folder on this computer.",
        )  # fmt: skip
        if folder is None:
            return
        found = find_images(folder.resolve())
        _look(folder.resolve(), found)
        if found.paths:
            _form(home, folder.resolve(), found)


def _look(folder: Path, found: Found) -> None:
    """What is in the folder, before anything is done."""
    if not found.paths:
        st.warning("There are no images in it that could be tiles.", icon=":material/image:")
        return
    kind = "classes from its folders" if is_labelled(folder) else "no train/ or database/ folder"
    st.html(f'<p class="mirs-note">{len(found.paths):,} images · {kind}</p>')
    brought.show(loaders.samples(folder, found.paths, _SHOWN))
    for path, why in list(found.refused.items())[:3]:
        st.caption(words.plain(f"Left out: {path}: {why}"))


def _form(home: Home, folder: Path, found: Found) -> None:
    table = st.text_input(
        "Table of labels and coordinates (CSV), if there is one",
        placeholder="/home/me/tiles.csv",
        key="mirs.folder.table",
        help="Columns path or file, and any of label, split, latitude, longitude (east-positive"
        " degrees), strip, licence, credit.",
    ).strip()
    from_folders = False
    inner = {path.split("/")[0] for path in found.paths if "/" in path} - set(SPLITS)
    if not is_labelled(folder) and len(inner) > 1:
        from_folders = st.checkbox(
            f"The {len(inner)} folders in it are classes",
            key="mirs.folder.classes",
            help=words.plain(", ".join(sorted(inner)[:30])),
        )
    where = st.radio("The tiles", [_IN_PLACE, _COPIED], key="mirs.folder.where", horizontal=True)
    facts = _facts(folder.name)
    then = brought.afterwards(home, "folder", trains=True)
    name = facts.name or folder.name
    if where == _COPIED:
        st.caption(words.plain(f"They are copied to {brought.folder_of(home, name)}."))
    spec = replace(
        facts,
        folder=folder,
        copy=where == _COPIED,
        table=Path(table).expanduser().absolute() if table else None,
        labels_from_folders=from_folders,
        archive=then.archive,
        prepare=then.prepare,
    )
    st.button(
        "Import",
        type="primary",
        icon=":material/create_new_folder:",
        on_click=_start,
        args=(home, spec),
    )


def _facts(fallback: str) -> Import:
    """Draws the fields that describe the tiles; returns a spec with what was entered."""
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", placeholder=fallback, key="mirs.folder.name")
        instrument = st.text_input("Instrument", placeholder="CTX", key="mirs.folder.camera")
        metres = st.number_input(
            "Metres per pixel", 0.01, 10_000.0, value=None, key="mirs.folder.metres",
            placeholder="not known",
        )  # fmt: skip
    with right:
        licence = st.text_input("Licence", placeholder="not known", key="mirs.folder.licence")
        credit = st.text_input("Credit", placeholder="NASA/JPL/MSSS", key="mirs.folder.credit")
        source = st.text_input("Source", placeholder="address or doi", key="mirs.folder.source")
    return Import(
        folder=Path(fallback),
        name=name.strip() or None,
        instrument=instrument.strip() or None,
        metres_per_pixel=metres or None,
        licence=licence.strip() or None,
        credit=credit.strip() or None,
        source=source.strip() or None,
    )


def _start(home: Home, spec: Import) -> None:
    brought.submit(home, spec, f"Import {spec.folder.name}")
