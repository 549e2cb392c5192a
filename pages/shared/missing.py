"""What a link names that is not here: said at the top of the page until the link changes."""

from collections.abc import Sequence

import streamlit as st

from pages.shared import words

_NOTES, _SLOT, _LINK = "mirs.missing", "mirs.missing.slot", "mirs.missing.link"
_LISTED = 5

DATA = (
    "The data set of this link is not on this computer: {}. Another one is shown, without the"
    " query, the models and the filters of the link."
)
MODELS = (
    "The models of this link that are not on this computer, or not of this data set, are left out:"
    " {}."
)
ALL_MODELS = (
    "The models of this link are not on this computer, or not of this data set: {}. The default"
    " ones are shown."
)
TILE = "The tile of this link is not in this data set: {}. A different tile is shown."
EXAMPLES = "Examples of this link are not in this data set and are left out: {}."
RUNS = "Runs of this link are not on this computer: {}."
CHOICES = "Not available here, and left out: {}."
VALUES = "Values of this link that cannot be used as they are: {}."


def note(sentence: str, values: Sequence[str]) -> None:
    """Remembers values of a link that are not here; nothing if there are none.

    Args:
        sentence: one of the texts above, with a place for the values.
    """
    if values:
        notes = st.session_state.setdefault(_NOTES, {})
        notes[sentence] = list(dict.fromkeys([*notes.get(sentence, []), *values]))
        st.session_state.pop(_LINK, None)


def clear() -> None:
    """Forgets what earlier links named."""
    st.session_state.pop(_NOTES, None)


def place() -> None:
    """Sets the place of the warnings, which is here, in this run of the page."""
    st.session_state[_SLOT] = st.container()


def draw(link: dict[str, str]) -> None:
    """Draws the warnings at their place, as one.

    Args:
        link: the state of the page; once it changes, the warnings are gone.
    """
    slot, notes = st.session_state.pop(_SLOT, None), st.session_state.get(_NOTES)
    if not notes:
        return
    if st.session_state.setdefault(_LINK, link) != link:
        clear()
        return
    lines = []
    for sentence, values in notes.items():
        names = ", ".join(words.plain(" ".join(value[:80].split())) for value in values[:_LISTED])
        more = len(values) - _LISTED
        lines.append(sentence.format(names + (f" and {more:,} more" if more > 0 else "")))
    (slot or st).warning("  \n".join(lines), icon=":material/link_off:")
