"""The form that imports a folder of tiles as a data set."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from mirs_core.datasets.first_look import MOST_LOOKED_AT, look_into
from mirs_core.datasets.importing import spellings
from mirs_core.datasets.walk import SPLITS, FoundImages, find_images, is_labelled
from mirs_core.jobs.kinds.data_import import Import
from mirs_core.system.visible_text import visible
from mirs_core.workspace.home import Home
from pages.data import import_form, job_line, table_view
from pages.data.table_view import TableChoice
from pages.shared import loaders, words

_IN_PLACE, _COPIED = "Use in place", "Copy to the home folder"
_THUMBNAILS = 8
_WIDTH = 900
_SPELLINGS = 5
_PLACE = "folder"


def draw(home: Home) -> None:
    """Draws the form, which queues the import as a job."""
    st.html(
        '<p class="mirs-lead">Any folder of tiles: JPEG, PNG, TIFF, JPEG 2000, ISIS or PDS.'
        " Classes are read from <b>train/ val/ test/</b> with one folder for each class, or from"
        " a table. Tiles without a class can be searched too. Your images are never modified.</p>"
    )
    with st.container(width=_WIDTH):
        folder = import_form.path_field(
            "Folder on this computer", "/home/me/tiles", "mirs.folder.path", Path.is_dir,
            "No such folder on this computer.",
        )  # fmt: skip
        if folder is None:
            return
        folder = folder.resolve()
        look = look_into(folder)
        # A large folder is read by the import, not while the form is drawn.
        images = find_images(folder) if look.complete else FoundImages(list(look.paths))
        _overview(folder, images, look.complete)
        if images.tiles or not look.complete:
            _form(home, folder, images, look.complete)


def _inner(folder: Path, images: FoundImages, complete: bool) -> set[str]:
    """Names of the folders in a folder that may be classes."""
    if complete:
        inner = {path.split("/")[0] for path in images.tiles if "/" in path}
    else:
        with os.scandir(folder) as entries:
            inner = {e.name for e in entries if e.name[:1] != "." and e.is_dir()}
    return inner - set(SPLITS)


def _overview(folder: Path, images: FoundImages, complete: bool) -> None:
    """Draws what is in the folder."""
    remarks = images.remarks
    if complete and not images.tiles:
        st.warning("This folder contains no images that could be tiles.", icon=":material/image:")
        for line in remarks:
            st.caption(words.plain(f"{line}."))
        return
    kind = "classes from subfolders" if is_labelled(folder) else "no train/ or database/ folder"
    count = f"{len(images.tiles):,} images" if complete else f"More than {MOST_LOOKED_AT:,} files"
    st.html(f'<p class="mirs-note">{count} · {kind}</p>')
    import_form.thumbnails(loaders.samples(folder, images.tiles, _THUMBNAILS))
    for path, why in list(images.refused.items())[:3]:
        st.caption(words.plain(f"Left out: {path}: {why}"))
    for line in remarks:
        st.caption(words.plain(f"{line}."))


def _form(home: Home, folder: Path, images: FoundImages, complete: bool) -> None:
    paths = images.tiles
    text = st.text_input(
        "Table of labels and coordinates (CSV or Excel), optional",
        placeholder="/home/me/tiles.csv",
        key="mirs.folder.table",
        help="Columns: path or file, and any of label, split, latitude, longitude (east-positive"
        " degrees), strip, licence, credit. CSV as any spreadsheet program writes it, or .xlsx.",
    ).strip()
    table = table_view.draw(text, folder, paths, complete) if text else None
    from_folders = False
    inner = _inner(folder, images, complete)
    if not is_labelled(folder) and len(inner) > 1:
        from_folders = st.checkbox(
            f"Use its {len(inner)} subfolders as classes",
            key="mirs.folder.classes",
            help=words.plain(", ".join(sorted(inner)[:30])),
        )
    labels = _labels(folder, paths, table, from_folders)
    merge_labels = False
    if text or from_folders or is_labelled(folder):
        merge_labels = _merging(labels)
    split = _splitting(folder, table) if labels and not is_labelled(folder) else None
    where = st.radio("Tiles", [_IN_PLACE, _COPIED], key="mirs.folder.where", horizontal=True)
    facts = _facts(folder.name)
    then = import_form.afterwards(home, "folder", trains=True)
    name = facts.name or folder.name
    if where == _COPIED:
        st.caption(
            words.plain(f"The tiles will be copied to {import_form.default_folder(home, name)}.")
        )
    spec = replace(
        facts,
        folder=folder,
        copy=where == _COPIED,
        labels_from_folders=from_folders,
        merge_labels=merge_labels,
        split=split[0] if split else None,
        split_by_strip=bool(split and split[1]),
        archive=then.archive,
        prepare=then.prepare,
    )
    spec = table.applied_to(spec) if table else spec
    st.button(
        "Import",
        type="primary",
        icon=":material/create_new_folder:",
        disabled=bool(text) and table is None,
        on_click=_start,
        args=(home, spec),
    )
    job_line.draw(_PLACE)


def _labels(
    folder: Path, paths: Sequence[str], table: TableChoice | None, from_folders: bool
) -> dict[str, int]:
    """Numbers of tiles by the label that an import would give them."""
    place = 1 if is_labelled(folder) else 0
    parted = (path.split("/") for path in paths) if from_folders or place else ()
    folders = {"/".join(parts): parts[place] for parts in parted if len(parts) > place + 1}
    if table and table.preview:
        records = table.preview.matched.records
        folders |= {path: record.label for path, record in records.items() if record.label}
    return dict(Counter(folders.values()))


def _merging(labels: dict[str, int]) -> bool:
    """Draws the choice whether spellings of one label become one class."""
    groups = [
        " + ".join(f"{label} ({count:,})" for label, count in group.items())
        + f" → {next(iter(group))}"
        for group in spellings.variants(labels)
    ]
    merge = st.checkbox(
        "Merge spellings of one label" + (f" ({len(groups)} found)" if groups else ""),
        key="mirs.folder.merge",
        help="Labels that differ only in upper and lower case, blanks, underscores or hyphens"
        " become one class, in their commonest spelling. Otherwise they are only pointed out.",
    )
    for line in groups[:_SPELLINGS]:
        st.caption(words.plain(visible(line)))
    return merge


def _splitting(folder: Path, table: TableChoice | None) -> tuple[int, bool] | None:
    """Draws the choice of a split; returns its seed and whether strips stay together, or None."""
    records = table.preview.matched.records.values() if table and table.preview else ()
    if any(record.split for record in records):
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.checkbox(
            "Set tiles aside for evaluation",
            key="mirs.folder.split",
            help="A fifth of the tiles of each class become test tiles, a tenth validation tiles,"
            " drawn with a seed. Without test tiles, models of these data cannot be evaluated.",
        )
        if not chosen:
            return None
        by_strip = st.checkbox(
            "Keep strips together",
            key="mirs.folder.split_by_strip",
            help="No strip has both training and test tiles.",
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="mirs.folder.seed", width=120)
    return int(seed), by_strip


def _facts(fallback: str) -> Import:
    """Draws the fields that describe the tiles; returns a spec with what was entered."""
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", placeholder=fallback, key="mirs.folder.name")
        instrument = st.text_input("Instrument", placeholder="CTX", key="mirs.folder.camera")
        metres = st.number_input(
            "Pixel scale [m/px]", 0.01, 10_000.0, value=None, key="mirs.folder.metres",
            placeholder="unknown",
        )  # fmt: skip
    with right:
        licence = st.text_input("Licence", placeholder="unknown", key="mirs.folder.licence")
        credit = st.text_input("Credit", placeholder="NASA/JPL/MSSS", key="mirs.folder.credit")
        source = st.text_input("Source", placeholder="URL or DOI", key="mirs.folder.source")
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
    title = f"Import {spec.folder.name}"
    job_line.submit(home, _PLACE, spec, title, import_form.job_key(spec))
