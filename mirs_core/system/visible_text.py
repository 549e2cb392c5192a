"""Texts that others have written, so that they cannot change how the text around them reads."""

import re

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that change the direction of writing for what follows them."""

_TURNING = re.compile(f"[{''.join(sorted(TURNING))}]")


def visible(text: str) -> str:
    """``text`` with a replacement character for each sign that changes the direction of writing."""
    return _TURNING.sub("\ufffd", text)
