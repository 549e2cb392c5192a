"""Who reaches the app: this computer alone, or others too, who must not have everything."""

import streamlit as st

_HERE = {"localhost", "127.0.0.1", "::1"}


def is_private() -> bool:
    """Whether the server answers this computer alone.

    Where others reach it, nobody gives it paths of this computer, trains, deletes or takes runs in.
    """
    return st.get_option("server.address") in _HERE


def say_why_not(act: str) -> None:
    """Says that something is switched off, and how it is switched on."""
    st.info(
        f"{act} is switched off, because other computers reach this server. Start it with"
        " --server.address=localhost to have it.",
        icon=":material/lock:",
    )
