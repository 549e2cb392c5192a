"""Published data sets: description, licence, and download as a job."""

import shutil
from html import escape
from pathlib import Path
from typing import Literal

import streamlit as st

from mirs_core import jobs
from mirs_core.datasets import download
from mirs_core.datasets.download import PublishedDataSet, RemoteFile, needed_space
from mirs_core.errors import MirsError
from mirs_core.jobs.kinds.data_download import Download
from mirs_core.jobs.kinds.data_prepare import Prepare
from mirs_core.workspace.home import Home
from pages.data import import_form
from pages.parts import notice
from pages.shared import loaders, words


def draw(home: Home) -> None:
    """Draws a card for each published data set."""
    st.html(
        '<p class="mirs-lead">Interrupted downloads are resumed. The file is verified with the'
        " checksum of its record and unpacked. Then three models are trained on it, and MIRS"
        " becomes the default model of the app.</p>"
    )
    for source in download.DATA_SETS.values():
        with st.container(border=True, key=f"mirs-set-{source.name}"):
            _card(home, source)


def _card(home: Home, source: PublishedDataSet) -> None:
    folder = import_form.default_folder(home, source.name)
    scale = f" · {source.metres_per_pixel:g} m/px" if source.metres_per_pixel else ""
    st.html(
        f'<div class="mirs-set"><h3>{escape(source.title)}</h3>'
        f"<p>{escape(source.about)} · {escape(source.instrument)}{scale} · {escape(source.licence)}"
        "</p>"
        f"<p>{escape(source.citation)}</p></div>"
    )
    try:
        tiles = download.tiles_in(source, folder)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if tiles is not None:
            st.html(f'<p class="mirs-note">{tiles:,} tiles on this computer.</p>')
            st.button(
                "Train models",
                icon=":material/play_arrow:",
                key=f"mirs.set.prepare.{source.name}",
                help="Trains those of Baseline, MIRS and MIRS + DWT that do not exist yet, and"
                " makes MIRS the default model.",
                on_click=_start,
                args=(home, source, folder, "prepare"),
            )
        elif st.button(
            "Download", icon=":material/download:", type="primary", key=f"mirs.set.{source.name}"
        ):
            _dialog(home, source, folder)


@st.dialog("Download a published data set", width="medium")
def _dialog(home: Home, source: PublishedDataSet, folder: Path) -> None:
    """Draws licence, size and destination of the download, and the buttons that start it."""
    st.html(
        f'<dl class="mirs-facts">'
        f"<div><dt>Data set</dt><dd>{escape(source.title)}</dd></div>"
        f"<div><dt>Licence</dt><dd>{escape(source.licence)}</dd></div>"
        f"<div><dt>Please cite</dt><dd>{escape(source.citation)}</dd></div>"
        f"<div><dt>Folder</dt><dd>{escape(str(folder))}</dd></div></dl>"
    )
    with st.spinner("Reading the record"):
        file = _offered(source)
    if isinstance(file, str):
        st.error(words.plain(file), icon=":material/cloud_off:")
        return
    free, needed = shutil.disk_usage(home).free, needed_space(file)
    st.html(
        f'<dl class="mirs-facts"><div><dt>File</dt><dd>{escape(file.name)},'
        f" {file.size / 1e6:,.1f} MB</dd></div>"
        f"<div><dt>Disk</dt><dd>{needed / 1e9:,.1f} GB needed, {free / 1e9:,.0f} GB free</dd>"
        "</div></dl>"
    )
    fits = free >= needed
    if not fits:
        st.error("Not enough free space on this disk.", icon=":material/hard_drive:")
    with st.container(horizontal=True):
        buttons: tuple[tuple[str, str, Literal["primary", "secondary"]], ...] = (
            ("prepare", "Download and train", "primary"),
            ("download", "Download only", "secondary"),
        )
        for verb, label, kind in buttons:
            if st.button(
                label, type=kind, disabled=not fits, on_click=_start,
                args=(home, source, folder, verb),
            ):  # fmt: skip
                st.rerun()


def _offered(source: PublishedDataSet) -> RemoteFile | str:
    try:
        return loaders.remote_file(source)
    except MirsError as error:
        return str(error)


def _start(home: Home, source: PublishedDataSet, folder: Path, verb: str) -> None:
    title = f"Download {source.title}" if verb == "download" else f"Prepare {source.title}"
    kind = Download if verb == "download" else Prepare
    spec = kind(name=source.name, folder=folder, yes=True)
    notice.run(f"{title}: queued.", lambda: jobs.submit_once(home, spec, title))
