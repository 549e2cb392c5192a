"""What can be done to an archive: add tiles, take some out, export its codes, take codes in."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from mirs_core.exchange import parquet_archives
from mirs_core.files import slug
from mirs_core.jobs import JobSpec
from mirs_core.jobs.kinds.archive_add import ArchiveAdd
from mirs_core.jobs.kinds.archive_import import ArchiveImport
from mirs_core.jobs.kinds.archive_remove import ArchiveRemove
from mirs_core.workspace import collections as collected
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.data import brought
from pages.parts import export_files
from pages.shared import loaders, words


@st.dialog("Change or export an archive", width="medium")
def dialog(home: Home, here: Sequence[runs.RunSummary], titles: dict[str, str]) -> None:
    """Draws what can be done to one of these archives."""
    ids = [run.id for run in here]
    chosen = st.selectbox("Archive of", ids, format_func=titles.__getitem__)
    st.caption(words.plain(chosen))
    st.html('<p class="mirs-model">Export</p>')
    stem = f"mirs-{slug(chosen)}"
    export_files.download(
        parquet_archives.FILE_TYPE, lambda: _parquet(home, chosen), stem, f"archive.{chosen}"
    )
    st.html('<p class="mirs-model">Add tiles</p>')
    folder = st.text_input(
        "Folder of new tiles", placeholder="/home/me/more-tiles", key="mirs.archive.folder",
        help="They are copied into the data set. Leave it empty where they stand there already."
        " Only new tiles are encoded.",
    ).strip()  # fmt: skip
    added = ArchiveAdd(run=chosen, data=Path(folder).expanduser().absolute() if folder else None)
    _button(home, "Add them", "add_photo_alternate", added, f"Add tiles to {titles[chosen]}")
    _remove(home, chosen, titles[chosen])
    st.html('<p class="mirs-model">Import codes</p>')
    file = st.text_input(
        "Parquet file on this computer", placeholder="/home/me/codes.parquet",
        key="mirs.archive.file",
        help="Codes that this very model made, here or elsewhere; they become an archive.",
    ).strip()  # fmt: skip
    if file:
        imported = ArchiveImport(file=Path(file).expanduser().absolute(), run=chosen)
        _button(home, "Import codes", "upload_file", imported, f"Import {Path(file).name}")


def _remove(home: Home, run_id: str, title: str) -> None:
    """Tiles are taken out by a collection: what is in one was looked at."""
    items = loaders.searcher(run_id).items
    found = [one for one in collected.list_all(home) if any(items.has(t.id) for t in one.tiles)]
    st.html('<p class="mirs-model">Take tiles out</p>')
    if not found:
        st.caption("Collect the tiles first (Collect, below any list); then take them out here.")
        return
    one = st.selectbox(
        "Those of the collection", found, format_func=lambda one: f"{one.name} ({len(one.tiles)})"
    )
    tiles = [kept.id for kept in one.tiles if items.has(kept.id)]
    spec = ArchiveRemove(run=run_id, tile=tuple(tiles))
    _button(home, f"Take {len(tiles)} out", "remove_circle", spec, f"Take tiles out of {title}")
    st.caption("Their files stay where they are.")


def _parquet(home: Home, run_id: str) -> bytes:
    with TemporaryDirectory() as folder:
        return parquet_archives.write_archive(home, run_id, Path(folder)).path.read_bytes()


def _button(home: Home, label: str, icon: str, spec: JobSpec, title: str) -> None:
    if st.button(
        label,
        icon=f":material/{icon}:",
        key=f"mirs.archive.{icon}",
        on_click=brought.submit,
        args=(home, spec, title, "queued"),
    ):
        st.rerun()
