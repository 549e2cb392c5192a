"""The dialog that edits an archive: check, add, remove, compact; export and import codes."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from mirs_core.columns.reading import is_stored
from mirs_core.exchange import parquet_archives
from mirs_core.files import slug
from mirs_core.jobs import JobSpec
from mirs_core.jobs.kinds.archive_add import ArchiveAdd
from mirs_core.jobs.kinds.archive_check import ArchiveCheck
from mirs_core.jobs.kinds.archive_compact import ArchiveCompact
from mirs_core.jobs.kinds.archive_import import ArchiveImport
from mirs_core.jobs.kinds.archive_remove import ArchiveRemove
from mirs_core.pipeline import growing
from mirs_core.workspace import collections, runs
from mirs_core.workspace.home import Home
from pages.data import import_form
from pages.parts import export_files
from pages.shared import loaders, words


@st.dialog("Edit or export archive", width="medium")
def draw(home: Home, models: Sequence[runs.RunSummary], titles: dict[str, str]) -> None:
    """Draws the dialog for the archives of these models."""
    ids = [run.id for run in models]
    run_id = st.selectbox("Model", ids, format_func=titles.__getitem__)
    st.caption(words.plain(run_id))
    st.html('<p class="mirs-model">Export</p>')
    stem = f"mirs-{slug(run_id)}"
    export_files.download(
        parquet_archives.FILE_TYPE, lambda: _parquet(home, run_id), stem, f"archive.{run_id}"
    )
    st.html('<p class="mirs-model">Check files</p>')
    st.caption("Counts the tiles that have changed or gone since they were archived.")
    checked = ArchiveCheck(run=run_id)
    _button(home, "Check files", "rule", checked, f"Check the files of {titles[run_id]}")
    st.html('<p class="mirs-model">Add tiles</p>')
    folder = st.text_input(
        "Folder of new tiles", placeholder="/home/me/more-tiles", key="mirs.archive.folder",
        help="The tiles are copied into the data set. Leave this empty if they are already there."
        " Only new and changed tiles are encoded.",
    ).strip()  # fmt: skip
    added = ArchiveAdd(run=run_id, data=Path(folder).expanduser().absolute() if folder else None)
    _button(home, "Add tiles", "add_photo_alternate", added, f"Add tiles to {titles[run_id]}")
    _remove(home, run_id, titles[run_id])
    if not growing.is_compact(runs.folder(home, run_id)):
        st.html('<p class="mirs-model">Compact the archive</p>')
        st.caption(
            "Writes it anew, without removed tiles. Results stay the same."
            if is_stored(runs.folder(home, run_id).archive)
            else "It has the format of version 0.3.0 and is read whole into memory. This stores it"
            " in the present format. Results stay the same."
        )
        compacted = ArchiveCompact(run=run_id)
        _button(home, "Compact", "compress", compacted, f"Compact {titles[run_id]}")
    st.html('<p class="mirs-model">Import codes</p>')
    file = st.text_input(
        "Parquet file on this computer", placeholder="/home/me/codes.parquet",
        key="mirs.archive.file",
        help="Codes computed with the same model, here or elsewhere; they become a new archive.",
    ).strip()  # fmt: skip
    if file:
        imported = ArchiveImport(file=Path(file).expanduser().absolute(), run=run_id)
        _button(home, "Import codes", "upload_file", imported, f"Import {Path(file).name}")


def _remove(home: Home, run_id: str, title: str) -> None:
    """Draws the removal of tiles, which must be in a collection, so that they were looked at."""
    items = loaders.searcher(run_id).items
    archived = {}
    for collection in collections.list_all(home):
        ids = [tile.id for tile in collection.tiles]
        pairs = zip(ids, items.rows_of(ids).tolist(), strict=True)
        archived[collection] = [tile for tile, row in pairs if row >= 0]
    matching = [collection for collection, tiles in archived.items() if tiles]
    st.html('<p class="mirs-model">Remove tiles</p>')
    if not matching:
        st.caption("First add the tiles to a collection (Collect, below any list of tiles).")
        return
    collection = st.selectbox(
        "Collection", matching, format_func=lambda item: f"{item.name} ({len(item.tiles)})"
    )
    tiles = archived[collection]
    spec = ArchiveRemove(run=run_id, tile=tuple(tiles))
    _button(home, f"Remove {len(tiles)}", "remove_circle", spec, f"Remove tiles from {title}")
    st.caption("Their files are not deleted.")


def _parquet(home: Home, run_id: str) -> bytes:
    with TemporaryDirectory() as folder:
        return parquet_archives.write_archive(home, run_id, Path(folder)).path.read_bytes()


def _button(home: Home, label: str, icon: str, spec: JobSpec, title: str) -> None:
    if st.button(
        label,
        icon=f":material/{icon}:",
        key=f"mirs.archive.{icon}",
        on_click=import_form.submit,
        args=(home, spec, title, "queued"),
    ):
        st.rerun()
