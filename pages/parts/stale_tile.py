"""What can be done about a tile whose file is no longer what was archived."""

from collections.abc import Sequence

import streamlit as st

from mirs_core import jobs
from mirs_core.datasets.strips.virtual import is_virtual
from mirs_core.errors import MirsError
from mirs_core.jobs.kinds.archive_add import ArchiveAdd
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.tile_files import TileState
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import access, lineup, loaders, state, words

_JOBS = "mirs.reencode.jobs"
_ABOUT = {
    TileState.CHANGED: "<b>Changed since it was archived.</b> The picture is the file as it is now;"
    " search uses the code of the old picture.",
    TileState.MISSING: "<b>File missing.</b> It was moved or deleted; the archive still has its"
    " code.",
    TileState.UNREADABLE: "<b>File unreadable.</b> Check its permissions; the archive still has"
    " its code.",
}
_ABOUT_RASTERS = {
    TileState.CHANGED: "<b>The raster has changed since it was archived.</b> The picture is the"
    " raster as it is now; search uses the code of the old picture. Put the old raster back, or cut"
    " the new one under another name.",
    TileState.MISSING: "<b>Raster missing.</b> It was moved or deleted; the archive still has the"
    " code of this tile. Put the raster back, or cut it again from where it is now.",
    TileState.UNREADABLE: "<b>Raster unreadable.</b> Check its permissions; the archive still has"
    " the code of this tile.",
}
_REENCODE_HELP = "Encodes what is new or changed with the models on the page, as new archives"


def draw(searcher: Searcher, tile: str, place: str) -> bool:
    """Draws a notice with the actions, or nothing if the tile's file is what was archived.

    Args:
        place: identifies the widgets on the page.

    Returns:
        Whether an action was chosen; a dialog should close then.
    """
    file_state = searcher.files.state(tile)
    if file_state is TileState.CURRENT:
        return False
    about = (_ABOUT_RASTERS if is_virtual(tile) else _ABOUT)[file_state]
    st.html(f'<div class="mirs-stale" role="note">{about}</div>')
    if file_state is not TileState.CHANGED:
        return False
    pressed = False
    with st.container(horizontal=True, gap="small", key=f"mirs-stale-{place}"):
        if access.is_private() and not is_virtual(tile):
            pressed |= st.button(
                "Re-encode",
                icon=":material/sync:",
                type="tertiary",
                key=f"mirs.stale.{place}.encode",
                help=_REENCODE_HELP,
                disabled=bool(st.session_state.get(_JOBS)),
                on_click=_reencode,
                args=(searcher, tile),
            )
        pressed |= st.button(
            "Search with new picture",
            icon=":material/image_search:",
            type="tertiary",
            key=f"mirs.stale.{place}.search",
            on_click=state.search_with_picture,
            args=(tile,),
        )
    return pressed


def watch() -> None:
    """Draws the progress of re-encoding, and opens the new archives at its end."""
    if st.session_state.get(_JOBS):
        _progress()


def _reencode(searcher: Searcher, tile: str) -> None:
    home = Home.current()
    models = [run for run in st.session_state.get(state.MODELS) or () if _has(run, tile)]
    submitted: list[str] = []

    def submit() -> None:
        for run in models or [searcher.summary.id]:
            submitted.append(jobs.submit_once(home, ArchiveAdd(run=run)))

    if notice.run("", submit):
        st.session_state[_JOBS] = submitted


def _has(run: str, tile: str) -> bool:
    try:
        return loaders.searcher(run).items.has(tile)
    except MirsError:
        return False


@st.fragment(run_every=1.0)
def _progress() -> None:
    home = Home.current()
    current = [jobs.read(home, job) for job in st.session_state.get(_JOBS, [])]
    active = [job for job in current if job.active]
    if active:
        done = len(current) - len(active)
        share = sum(min(job.done / max(job.total, 1), 1.0) for job in active)
        stage = next((job.stage for job in active if job.stage), "Waiting")
        st.progress(min((done + share) / len(current), 1.0), text=words.plain(f"{stage}…"))
        return
    st.session_state[_JOBS] = []
    failed = next((job for job in current if job.state != "done"), None)
    if failed is not None:
        notice.fail(failed.error or "Re-encoding was stopped.")
    _open([job.result["run"] for job in current if job.result])
    st.rerun(scope="app")


def _open(archives: Sequence[str]) -> None:
    """Shows the new archives with the same query."""
    for item in lineup.data_sets(runs.list_runs(Home.current())):
        if archives and {run.id for run in item.runs} & set(archives):
            source = state.query()
            state.forget_query()
            state.put(source)
            st.session_state[state.MODELS] = list(archives)
            st.session_state[state.PENDING_DATA] = item.key
            st.rerun(scope="app")
