"""What an act has to say on the page that is drawn after it."""

from collections.abc import Callable

import streamlit as st

from mirs_core.errors import MirsError
from pages.shared import words

_DONE, _FAILED = "mirs.notice.done", "mirs.notice.failed"


def act(done: str, work: Callable[[], object]) -> bool:
    """Does ``work`` and keeps ``done``, or the reason why it could not be done, to be shown."""
    try:
        work()
    except MirsError as error:
        st.session_state[_FAILED] = str(error)
        return False
    if done:
        st.session_state[_DONE] = done
    return True


def draw() -> None:
    """Shows what was kept, once."""
    if done := st.session_state.pop(_DONE, None):
        st.toast(words.plain(done), icon=":material/check:")
    if failed := st.session_state.pop(_FAILED, None):
        st.error(words.plain(failed), icon=":material/error:")
