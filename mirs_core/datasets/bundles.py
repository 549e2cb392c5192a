"""Several files as one piece of bytes: a planetary label with the files that hold its pixels.

A tile is one piece of bytes everywhere (hashed, compared, decoded), so that a product of two files
is one as well.
"""

import json
from collections.abc import Iterable

_MAGIC = b"MIRS files 1\n"
_LONGEST_LIST = 1_000_000


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Files with their names as one piece of bytes, in the order given."""
    pairs = list(files)
    sizes = json.dumps([[name, len(data)] for name, data in pairs]).encode()
    return b"".join([_MAGIC, sizes, b"\n", *(data for _, data in pairs)])


def is_bundle(data: bytes) -> bool:
    """Whether ``data`` was made by :func:`pack`."""
    return data.startswith(_MAGIC)


def names_in(data: bytes) -> tuple[str, ...]:
    """Names of the files of a bundle, none of which leads to another folder.

    Raises:
        ValueError: it is damaged.
    """
    return tuple(_places(data))


def unpack(data: bytes, name: str | None = None) -> bytes:
    """One file of a bundle; the first for None. Raises ValueError if it is damaged."""
    places = _places(data)
    start, end = places[next(iter(places)) if name is None else name]
    return data[start:end]


def _places(data: bytes) -> dict[str, tuple[int, int]]:
    """First and last byte of each file."""
    end = data.find(b"\n", len(_MAGIC), len(_MAGIC) + _LONGEST_LIST)
    try:
        rows, start = json.loads(data[len(_MAGIC) : end]), end + 1
        places = {}
        for name, size in rows:
            if not (is_plain(name) and isinstance(size, int) and size >= 0):
                break
            places[name] = (start, start + size)
            start += size
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError("a damaged list of files") from error
    if not places or len(places) != len(rows) or start != len(data):
        raise ValueError("a damaged list of files")
    return places


def is_plain(name: str) -> bool:
    """Whether ``name`` is that of a file in the same folder, and cannot be anything else."""
    return (
        0 < len(name) <= 255
        and name.isprintable()
        and not set(name) & set('/\\:*?"<>|')
        and not name.startswith(".")
    )
