"""Data exchange with the map components: arrays are sent once, received rows are checked."""

import base64
import hashlib
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

_REMEMBERED = 200


def is_row(value: Any, count: int) -> bool:
    """Whether a value from the browser is a valid row: it cannot be trusted."""
    return type(value) is int and 0 <= value < count


def rows_of(value: Any, count: int) -> NDArray[np.int64] | None:
    """Rows (n,), ascending, from base64-encoded uint32 of the browser; None if invalid."""
    if not isinstance(value, str) or len(value) > 8 * count + 8:
        return None
    try:
        values = np.frombuffer(base64.b64decode(value, validate=True), dtype="<u4")
    except ValueError:
        return None
    rows = np.unique(values).astype(np.int64)
    return None if len(rows) and rows[-1] >= count else rows


class Sending:
    """Long values by name; those that this session's browser already has are not sent again."""

    def __init__(self) -> None:
        """Starts empty; ``new`` holds the values to send with this rerun."""
        self.new: dict[str, str] = {}

    def text(self, name: str, value: str) -> str:
        """Registers a text; returns the name under which the browser finds it."""
        if name not in _sent():
            _sent()[name] = None
            self.new[name] = value
        return name

    def array(self, values: NDArray[Any]) -> str:
        """Registers the bytes of an array; returns the name under which the browser finds them."""
        data = np.ascontiguousarray(values)
        # The browser keeps what it made of the bytes, so their type is part of the name.
        digest = hashlib.blake2b(data.dtype.str.encode(), digest_size=9)
        digest.update(data.reshape(-1).view(np.uint8).data)
        name = digest.hexdigest()
        if name in _sent():
            return name
        return self.text(name, base64.b64encode(data.tobytes()).decode())


def forget_if_missed(key: str) -> None:
    """Sends everything again, if the browser reported a missing value to the component ``key``."""
    if st.session_state[key].get("missed"):
        _sent().clear()


def _sent() -> dict[str, None]:
    names: dict[str, None] = st.session_state.setdefault("mirs.sent.arrays", {})
    if len(names) > _REMEMBERED:
        names.clear()
    return names
