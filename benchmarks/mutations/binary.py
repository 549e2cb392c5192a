"""Edits of the structure of image files: tags, segments, chunks, boxes and dimensions."""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.mutations.edits import Edit, packed_limit

_TIFF_TAGS = (256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 297, 317, 320, 322, 323,
              324, 325, 330, 338, 339, 347, 33550, 33922, 34264, 34675, 34735, 34736, 34737,
              42112, 42113)  # fmt: skip
"""Tags that say how pixels are stored and where they are, and those of GDAL."""
_DIMENSIONS = ((20_000, 20_000), (65_535, 65_535), (2**31 - 1, 1), (1, 2**31 - 1), (0, 64), (64, 0),
               (100_000, 64), (64, 100_000), (15, 15), (2**32 - 1, 2**32 - 1))  # fmt: skip
_STARTS_OF_DIMENSIONS = {"bmp": (18, 4, "<"), "gif": (6, 2, "<"), "webp": (24, 3, "<")}


@dataclass(frozen=True, slots=True)
class _Directory:
    """The layout of a TIFF directory: where its entries start, and the width of their fields."""

    order: str
    start: int
    count: int
    entry: int
    value: int

    def at(self, index: int) -> int:
        return self.start + index * self.entry


def _directories(data: bytes | bytearray) -> Iterator[_Directory]:
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    try:
        (offset,) = struct.unpack_from(order + ("Q" if is_big else "I"), data, 8 if is_big else 4)
        for _ in range(4):
            (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), data, offset)
            start = offset + (8 if is_big else 2)
            entry = 20 if is_big else 12
            if not 0 < count < 200 or start + count * entry > len(data):
                return
            yield _Directory(order, start, count, entry, 8 if is_big else 4)
            (offset,) = struct.unpack_from(
                order + ("Q" if is_big else "I"), data, start + count * entry
            )
            if not offset:
                return
    except struct.error:
        return


def tiff_field(data: bytearray, rng: random.Random) -> bytearray:
    """Changes a field of a directory entry: its tag, type, count or value."""
    directories = list(_directories(data))
    if not directories:
        return data
    chosen = rng.choice(directories)
    at, order = chosen.at(rng.randrange(chosen.count)), chosen.order
    what = rng.choice(("tag", "type", "count", "value", "value", "offset", "remove"))
    if what == "tag":
        data[at : at + 2] = rng.choice(_TIFF_TAGS).to_bytes(2, "little" if order == "<" else "big")
    elif what == "type":
        data[at + 2 : at + 4] = rng.randrange(20).to_bytes(2, "little" if order == "<" else "big")
    elif what == "count":
        data[at + 4 : at + 4 + chosen.value] = packed_limit(rng, chosen.value, order)
    elif what == "value":
        size = rng.choice((2, chosen.value))
        start = at + 4 + chosen.value
        data[start : start + size] = packed_limit(rng, size, order)
    elif what == "offset":
        start = at + 4 + chosen.value
        near = max(0, len(data) - rng.choice((0, 1, 8, 100)))
        data[start : start + chosen.value] = near.to_bytes(
            chosen.value, "little" if order == "<" else "big"
        )
    else:
        del data[at : at + chosen.entry]
    return data


def tiff_loop(data: bytearray, rng: random.Random) -> bytearray:
    """Makes the chain of directories, or one of subdirectories, lead back to its beginning."""
    directories = list(_directories(data))
    if not directories:
        return data
    chosen = rng.choice(directories)
    first = directories[0].start - (8 if chosen.value == 8 else 2)
    where = chosen.at(chosen.count)
    if rng.random() < 0.3:
        at = chosen.at(rng.randrange(chosen.count))
        data[at : at + 2] = (330).to_bytes(2, "little" if chosen.order == "<" else "big")
        where = at + 4 + chosen.value
    data[where : where + chosen.value] = first.to_bytes(
        chosen.value, "little" if chosen.order == "<" else "big"
    )
    return data


def jpeg_segment(data: bytearray, rng: random.Random) -> bytearray:
    """Changes the length of a JPEG segment, its content or order, or the dimensions."""
    segments: list[tuple[int, int]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        segments.append((at, size + 2))
        at += max(size, 2) + 2
    if not segments:
        return data
    at, size = rng.choice(segments)
    what = rng.choice(("length", "remove", "repeat", "marker", "dimensions", "content"))
    if what == "length":
        data[at + 2 : at + 4] = packed_limit(rng, 2, ">")
    elif what == "remove":
        del data[at : at + size]
    elif what == "repeat":
        data[at:at] = data[at : at + size] * rng.choice((1, 10))
    elif what == "marker":
        data[at + 1] = rng.randrange(0xC0, 0x100)
    elif what == "dimensions":
        for start, _ in segments:
            if 0xC0 <= data[start + 1] <= 0xC2:
                high, wide = rng.choice(_DIMENSIONS)
                data[start + 5 : start + 9] = struct.pack(">HH", high % 65_536, wide % 65_536)
    else:
        data[at + 4 + rng.randrange(max(1, size - 4))] = rng.randrange(256)
    return data


def png_chunk(data: bytearray, rng: random.Random) -> bytearray:
    """Changes the length, type or content of a PNG chunk; checksums are right every other time."""
    chunks: list[tuple[int, int]] = []
    at = 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((at, size))
        at += size + 12
    if not chunks:
        return data
    at, size = rng.choice(chunks)
    what = rng.choice(("length", "type", "remove", "repeat", "dimensions", "content"))
    if what == "length":
        data[at : at + 4] = packed_limit(rng, 4, ">")
    elif what == "type":
        data[at + 4 : at + 8] = rng.choice((b"IDAT", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"eXIf"))
    elif what == "remove":
        del data[at : at + size + 12]
    elif what == "repeat":
        data[at:at] = data[at : at + size + 12] * rng.choice((1, 10))
    else:
        if what == "dimensions":
            at, size = chunks[0]
            wide, high = rng.choice(_DIMENSIONS)
            data[at + 8 : at + 16] = struct.pack(">II", wide, high)
        elif size:
            data[at + 8 + rng.randrange(size)] = rng.randrange(256)
        if rng.random() < 0.5:
            data[at + 8 + size : at + 12 + size] = struct.pack(
                ">I", zlib.crc32(bytes(data[at + 4 : at + 8 + size]))
            )
    return data


def jp2_box(data: bytearray, rng: random.Random) -> bytearray:
    """Changes the length or type of a box, or the dimensions and tiles of the codestream."""
    start = data.find(b"\xff\x51")
    if start > 0 and rng.random() < 0.5:
        # Eight numbers of 4 bytes: size, offset, tile size, tile offset.
        at = start + 6 + 4 * rng.randrange(8)
        data[at : at + 4] = packed_limit(rng, 4, ">")
        return data
    boxes: list[int] = []
    at = 0
    while at + 8 <= len(data) and len(boxes) < 50:
        boxes.append(at)
        at += max(8, int.from_bytes(data[at : at + 4], "big"))
    at = rng.choice(boxes or [0])
    if rng.random() < 0.6:
        data[at : at + 4] = packed_limit(rng, 4, ">")
    else:
        data[at + 4 : at + 8] = rng.choice((b"uuid", b"jp2h", b"jp2c", b"asoc", b"xml ", b"pclr"))
    return data


def dimensions_of(format: str) -> Edit:
    """The edit that sets the dimensions of a BMP, GIF or WebP file."""
    start, size, order = _STARTS_OF_DIMENSIONS[format]

    def edit(data: bytearray, rng: random.Random) -> bytearray:
        for number, value in enumerate(rng.choice(_DIMENSIONS)):
            at = start + number * size
            data[at : at + size] = (value % 2 ** (8 * size)).to_bytes(
                size, "little" if order == "<" else "big"
            )
        return data

    return edit
