"""Success and error messages of an action, shown when the page is next drawn."""

from collections.abc import Callable

import streamlit as st

from mirs_core.errors import MirsError
from pages.shared import words

_DONE, _FAILED = "mirs.notice.done", "mirs.notice.failed"


def run(done: str, work: Callable[[], object]) -> bool:
    """Runs ``work`` and stores the message to show: ``done``, or that of the error.

    Returns:
        Whether it succeeded.
    """
    try:
        work()
    except MirsError as error:
        st.session_state[_FAILED] = str(error)
        return False
    if done:
        st.session_state[_DONE] = done
    return True


def fail(message: str) -> None:
    """Stores an error message to show."""
    st.session_state[_FAILED] = message


def draw() -> None:
    """Shows the stored messages once."""
    if done := st.session_state.pop(_DONE, None):
        st.toast(words.plain(done), icon=":material/check:")
    if failed := st.session_state.pop(_FAILED, None):
        st.error(words.plain(failed), icon=":material/error:")
