"""Saving the whole investigation to a file, and opening one, from the sidebar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.exchange import sessions
from mirs_core.exchange.sessions import Findings, Session
from mirs_core.files import slug
from mirs_core.system.specs import specs_in
from mirs_core.workspace import collections, runs
from mirs_core.workspace.collections import NOTE_LENGTH
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary
from pages.shared import lineup, link, loaders, state, words
from pages.shared.query_kinds import tile, upload
from pages.shared.query_source import QueryKind

_OPENED, _SHOWN = "mirs.session.opened", "mirs.session.shown"
_NOTE, _FILE = "mirs.session.note", "mirs.session.file"
_ABOUT = (
    "One file with the query, its examples, earlier queries, filters, your images and the"
    " collections of this data set. Models and tiles are not in it; they are found by their digests"
    " where it is opened."
)
_LISTED = 6


@dataclass(frozen=True, slots=True)
class _Opened:
    """What to say after a session was opened."""

    done: str
    missing: tuple[str, ...]


def draw(data_set: lineup.DataSet, models: Sequence[str]) -> None:
    """Draws the button in the sidebar and, above the page, what an opened session lacks here."""
    with st.sidebar:
        st.button(
            "Session file",
            icon=":material/save:",
            type="tertiary",
            key="mirs.session",
            on_click=_show,
            args=(True,),
        )
    # A flag, so that the dialog outlives a run of the page that it did not ask for.
    if st.session_state.get(_SHOWN):
        _dialog(data_set, [run for run in data_set.runs if run.id in models])
    opened: _Opened | None = st.session_state.get(_OPENED)
    if opened is None:
        return
    if opened.done:
        st.toast(words.plain(opened.done), icon=":material/check:")
        st.session_state[_OPENED] = replace(opened, done="")
    if opened.missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(_list(opened.missing), icon=":material/link_off:")
            st.button("Dismiss", type="tertiary", key="mirs.session.dismiss", on_click=_dismiss)


def _show(is_shown: bool = False) -> None:
    st.session_state[_SHOWN] = is_shown


def _dismiss() -> None:
    st.session_state.pop(_OPENED, None)


def _list(sentences: Sequence[str]) -> str:
    more = len(sentences) - _LISTED
    lines = [words.plain(sentence) for sentence in sentences[:_LISTED]]
    return "  \n".join([*lines, *([f"{more} more."] if more > 0 else [])])


@st.dialog("Save or open a session", on_dismiss=_show)
def _dialog(data_set: lineup.DataSet, models: Sequence[RunSummary]) -> None:
    st.markdown("**Save**")
    st.caption(_ABOUT)
    note = st.text_area("Note", key=_NOTE, max_chars=NOTE_LENGTH, height=80)
    # The file is written when the button is pressed, in a thread without access to the session.
    home, captured = Home.current(), replace(_capture(data_set), note=note.strip())
    if captured.left_out:
        st.caption(f"Too large for the file: {words.plain(', '.join(captured.left_out))}.")

    def content() -> bytes:
        marks = tuple(sessions.mark_of_model(home, run) for run in models)
        return sessions.to_bytes(replace(captured, models=marks))

    st.download_button(
        "Save session",
        content,
        f"mirs-{slug(data_set.title)}{sessions.SUFFIX}",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        key="mirs.session.save",
    )
    st.markdown("**Open**")
    most = sessions.MAX_BYTES >> 20
    file = st.file_uploader("Session file", type=["json"], key=_FILE, max_upload_size=most)
    if file is None:
        return
    try:
        session = sessions.read(file.getvalue())
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    _preview(data_set, session)


def _preview(data_set: lineup.DataSet, session: Session) -> None:
    findings = sessions.match(Home.current(), session)
    title = session.data.title if session.data else "No data set"
    st.markdown(f"{words.plain(title)} · saved {session.created[:16].replace('T', ' ')} UTC")
    if session.note:
        st.caption(words.plain(session.note))
    if findings.missing:
        st.warning(_list(findings.missing), icon=":material/link_off:")
    st.caption("Query, examples, filters and models on the pages are replaced.")
    if st.button("Open session", type="primary", icon=":material/folder_open:"):
        try:
            _open(data_set, session, findings)
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
            return
        _show(False)
        st.rerun()


def _capture(data_set: lineup.DataSet) -> Session:
    """The investigation without its models."""
    search = {
        name: value
        for name, value in {**link.map_link(), **link.space_link()}.items()
        if name not in ("data", "models", "part")
    }
    sources = [*state.history(), *filter(None, [state.query()])]
    images, left_out = sessions.within_limits(
        [
            sessions.SavedImage(source.name, source.data)
            for source in reversed(sources)
            if isinstance(source, state.Upload)
        ]
    )
    saved = tuple(
        sessions.SavedCollection(entry.name, entry.note, entry.tiles)
        for entry in collections.list_all(Home.current(), data_set.key)
        if entry.error is None
    )
    return Session(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        data=sessions.mark_of_data_set(data_set.runs[0]),
        search=search,
        tiles=_contents(data_set, [*_tiles(), *(s.tile_id for s in sources if s.tile_id)]),
        images=images,
        history=tuple(source.to_link() for source in state.history()),
        collections=saved,
        left_out=left_out,
    )


def _tiles() -> list[str]:
    """The ids of the examples."""
    return [tile for key in (state.PLUS, state.MINUS) for tile in st.session_state.get(key) or ()]


def _contents(data_set: lineup.DataSet, tiles: Sequence[str]) -> dict[str, str]:
    for run in data_set.runs:
        try:
            items = loaders.searcher(run.id).items
        except MirsError:
            continue
        return {t: items.contents[items.row(t)] for t in dict.fromkeys(tiles) if items.has(t)}
    return {}


def _open(data_set: lineup.DataSet, session: Session, findings: Findings) -> None:
    """Restores all that is here; the page reads the rest from its link in its next run."""
    for image in session.images:
        upload.remember(state.Upload(image.name, image.data))
    here = _data_set_of(findings)
    mark = session.data
    key = here.key if here else lineup.key_of(mark.name, mark.manifest) if mark else data_set.key
    count = sessions.restore_collections(Home.current(), session, key)
    state.forget_query()
    state.clear_filters()
    history = [_source(*entry, findings.tiles) for entry in session.history]
    state.history().extend(filter(None, history))
    search = dict(session.search)
    if here is None and mark is not None:
        # What refers to the data set means nothing elsewhere; an image is a query everywhere.
        usable = ("k", *(name for name in _kinds() if name != tile.SPEC.name))
        search = {name: search[name] for name in usable if name in search}
    ids = [findings.models[model.run] for model in session.models if model.run in findings.models]
    values = {
        **_with_tiles(search, findings.tiles),
        "data": (here or data_set).key,
        "models": link.listed(ids),
    }
    st.query_params.from_dict({name: value for name, value in values.items() if value})
    added = f" {count} {'collection' if count == 1 else 'collections'} added." if count else ""
    st.session_state[_OPENED] = _Opened(f"Session opened.{added}", findings.missing)


def _kinds() -> dict[str, QueryKind]:
    return specs_in("pages.shared.query_kinds", QueryKind)


def _source(kind: str, text: str, tiles: Mapping[str, str]) -> state.QuerySource | None:
    """An earlier query; None if it is not here, or of a kind that this version does not know."""
    if kind not in _kinds():
        return None
    here = tiles.get(text) if kind == tile.SPEC.name else text
    return _kinds()[kind].from_link(here) if here else None


def _with_tiles(search: Mapping[str, str], tiles: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a link with the ids that tiles have here, less the tiles that are not."""
    here = dict(search)
    for name in (tile.SPEC.name, "plus", "minus"):
        ids = [tiles[text] for text in search.get(name, "").split("//") if text in tiles]
        here[name] = "//".join(ids)
    return here


def _data_set_of(findings: Findings) -> lineup.DataSet | None:
    for item in lineup.data_sets(runs.list_runs(Home.current())):
        if {run.id for run in item.runs} & set(findings.data_runs):
            return item
    return None
