"""The dialog of the labels of a data set: spellings to merge, corrections, exports, archives."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from mirs_core.datasets import label_corrections
from mirs_core.datasets.importing import merged_spellings, spellings, write_corrections
from mirs_core.datasets.label_corrections import Correction
from mirs_core.datasets.registry import KnownDataSet
from mirs_core.datasets.scanning import scan_cached
from mirs_core.datasets.stored_items import read_items
from mirs_core.errors import MirsError
from mirs_core.exchange.label_table import label_table
from mirs_core.files import slug
from mirs_core.jobs.kinds.archive_add import ArchiveAdd
from mirs_core.system.visible_text import visible
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.data import import_form
from pages.parts import label_editor, notice
from pages.shared import lineup, words

_LISTED = 12


@st.dialog("Labels", width="medium")
def draw(home: Home, data_set: KnownDataSet, models: Sequence[runs.RunSummary]) -> None:
    """Draws the dialog."""
    root = data_set.root
    st.caption(words.plain(data_set.title))
    try:
        log = label_corrections.read_log(home, root)
        if not data_set.is_large:
            _classes(home, root)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    in_force = list({c.tile: c for c in log if not c.undone}.values())
    st.html('<p class="mirs-model">Corrections</p>')
    if not log:
        st.caption("None yet. Correct a label where you see the tile: in its details, or in a"
                   " selection of Hash space or Map.")  # fmt: skip
        return
    undone = sum(correction.undone for correction in log)
    st.html(
        f'<p class="mirs-note">{len(in_force):,} in force'
        + (f" · {undone:,} undone" if undone else "")
        + "</p>"
    )
    _list(home, root, [c for c in reversed(log) if not c.undone][:_LISTED])
    with st.container(horizontal=True):
        st.download_button(
            "Download as CSV",
            label_table(in_force),
            f"labels-{slug(data_set.title)}.csv",
            "text/csv",
            icon=":material/download:",
        )
        if st.button(
            "Write to tiles.csv",
            icon=":material/edit_note:",
            disabled=not any(c.label for c in in_force),
            help="Also writes the corrected labels to the table beside the images, for other"
            " programs. Undoing a correction later does not change that table.",
            on_click=_write,
            args=(home, root),
        ):
            st.rerun()
    _archives(home, root, models)


def _classes(home: Home, root: Path) -> None:
    """Draws the offer to merge classes that are spellings of one another."""
    manifest = scan_cached(home, root)
    groups = spellings.variants(manifest.classes)
    for line in manifest.remarks:
        if "corrected" in line:
            st.caption(words.plain(line))
    if not groups:
        return
    st.html('<p class="mirs-model">Spellings of one label</p>')
    for group in groups[:_LISTED]:
        names = " + ".join(f"{label} ({count:,})" for label, count in group.items())
        st.caption(words.plain(visible(f"{names} → {next(iter(group))}")))
    if st.button("Merge them", icon=":material/merge:", on_click=_merge, args=(home, root)):
        st.rerun()


def _list(home: Home, root: Path, corrections: Sequence[Correction]) -> None:
    batches: set[str] = set()
    for correction in corrections:
        if correction.batch in batches:
            continue
        batches.add(correction.batch)
        count = sum(c.batch == correction.batch for c in corrections)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(_line(correction, count))
            if st.button(
                "Undo",
                type="tertiary",
                icon=":material/undo:",
                key=f"mirs.labels.undo.{correction.batch}",
                on_click=_undo,
                args=(home, root, correction.batch),
            ):
                st.rerun()


def _line(correction: Correction, count: int) -> str:
    tile = words.file_name(correction.tile) + (f" and {count - 1:,} more" if count > 1 else "")
    change = f"{words.class_name(correction.before)} → {words.class_name(correction.label)}"
    if correction.confirms:
        change = f"{words.class_name(correction.label)} confirmed"
    note = f" · {correction.note}" if correction.note else ""
    about = f"{correction.by}, {correction.at[:16].replace('T', ' ')}{note}"
    return (
        f'<p class="mirs-note"><b>{escape(visible(change))}</b><br>{escape(visible(tile))}<br>'
        f"{escape(visible(about))}</p>"
    )


def _archives(home: Home, root: Path, models: Sequence[runs.RunSummary]) -> None:
    """Draws which archives hold labels that were corrected since, and takes them over."""
    is_first = True
    for run in models:
        try:
            items = read_items(runs.folder(home, run.id))
            count = len(label_corrections.differing(home, root, items))
        except MirsError:
            continue
        if not count:
            continue
        method = lineup.title_of(run)
        title = run.name if run.name == method else f"{run.name} ({method})"
        if is_first:
            st.html('<p class="mirs-model">Archives that were made before</p>')
        is_first = False
        labels = "1 label was" if count == 1 else f"{count:,} labels were"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(
                f'<p class="mirs-note">{escape(title)}: {labels} corrected since it was archived'
                "</p>"
            )
            if st.button(
                "Update archive",
                type="tertiary",
                icon=":material/sync:",
                key=f"mirs.labels.update.{run.id}",
                on_click=import_form.submit,
                args=(home, ArchiveAdd(run=run.id), f"Update labels of {title}", "queued"),
            ):
                st.rerun()


def _merge(home: Home, root: Path) -> None:
    def work() -> None:
        manifest = scan_cached(home, root)
        labels, person = merged_spellings(manifest), label_editor.this_person()
        label_corrections.correct(
            home, root, manifest.tiles, labels, by=person, note="spellings merged"
        )

    notice.run("Spellings merged.", work)


def _undo(home: Home, root: Path, batch: str) -> None:
    person = label_editor.this_person()
    notice.run("Correction undone.", lambda: label_corrections.undo(home, root, [batch], by=person))


def _write(home: Home, root: Path) -> None:
    notice.run("Written to tiles.csv.", lambda: write_corrections(home, root))
