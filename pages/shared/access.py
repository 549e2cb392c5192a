"""Whether the app is open to other computers, which must not get full control of this one."""

import streamlit as st

_LOCAL = {"localhost", "127.0.0.1", "::1"}


def is_private() -> bool:
    """Whether the server answers this computer only.

    If it does not, visitors can neither enter paths on this computer nor train, delete or import
    runs.
    """
    return st.get_option("server.address") in _LOCAL


def explain_disabled(feature: str) -> None:
    """Shows that a feature is disabled, and how to enable it."""
    st.info(
        f"{feature} is disabled because this server is open to other computers. To enable it, start"
        " the server with --server.address=localhost.",
        icon=":material/lock:",
    )
