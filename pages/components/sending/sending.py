"""What travels between the app and the components that draw maps: arrays once, rows checked."""

import base64
import hashlib
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

_REMEMBERED = 200


def is_row(value: Any, count: int) -> bool:
    """Whether what a browser sent is a row: anybody can send anything."""
    return type(value) is int and 0 <= value < count


def rows_of(value: Any, count: int) -> NDArray[np.int64] | None:
    """The rows (n,) ascending that a browser sent as base64 of uint32; None where they are none."""
    if not isinstance(value, str) or len(value) > 8 * count + 8:
        return None
    try:
        found = np.frombuffer(base64.b64decode(value, validate=True), dtype="<u4")
    except ValueError:
        return None
    rows = np.unique(found).astype(np.int64)
    return None if len(rows) and rows[-1] >= count else rows


class Sending:
    """Long values by name; those that the browser of this session has are not sent again."""

    def __init__(self) -> None:
        """Nothing is new at first; ``new`` is what has to travel with this run's data."""
        self.new: dict[str, str] = {}

    def text(self, name: str, value: str) -> str:
        """The name under which the browser finds a text."""
        if name not in _sent():
            _sent()[name] = None
            self.new[name] = value
        return name

    def array(self, values: NDArray[Any]) -> str:
        """The name under which the browser finds the bytes of an array."""
        data = np.ascontiguousarray(values).tobytes()
        name = hashlib.blake2b(data, digest_size=9).hexdigest()
        return self.text(name, base64.b64encode(data).decode()) if name not in _sent() else name


def forget() -> None:
    """Has everything sent again: the browser says that it missed something."""
    _sent().clear()


def _sent() -> dict[str, None]:
    found: dict[str, None] = st.session_state.setdefault("mirs.sent.arrays", {})
    if len(found) > _REMEMBERED:
        found.clear()
    return found
