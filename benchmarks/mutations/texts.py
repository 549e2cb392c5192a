"""Edits of labels, tables and JSON: values, keys, lines and cells that readers do not expect."""

import json
import random
import re
from typing import Any

_VALUES = (
    "", "0", "1", "-1", "-0", "1e309", "-1e308", "99999999999", "4294967295", "2147483648", "NaN",
    "Infinity", "NULL", '"', "'", "(", "(1, 2", "()", "<KM>", "../../etc/passwd", "/dev/zero",
    "/vsicurl/http://127.0.0.1:9/x", "a" * 5000, "\\", "%s%n", "é", "１２", "None", "65535",
    "64000", "SignedWord", "PC_REAL", "Real", "UnsignedByte", "Tile", "BandSequential", "Lsb",
    "PositiveWest",
)  # fmt: skip
_JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, 10**30, -1e308, 1e-320, 0.5, "", "a", "a" * 5000, "\0",
    "\ud800", "../x", "/etc/passwd", "é", [], {}, [[]], [None], {"": 0}, [1] * 1000, float("nan"),
    float("inf"),
)  # fmt: skip
_DEEP = "@deep@"
_CELLS = (
    "", "0", "-1", "91", "360", "-360", "1e400", "nan", "inf", "1,5", '"', '""', '"a', "a" * 3000,
    "b" * 140_000, "\0", "\n", "\r", "=1+1", "../a.png", "/a.png", "a\\b", "é", "\u202e", "train",
    "TEST", "12 N", "12°", "１２", "0x10", "1_0", "-", "+", " ", "\ufeff",
)  # fmt: skip


def label_value(data: bytearray, rng: random.Random) -> bytearray:
    """Changes the value of a keyword, ``KEY = value``, of an attribute or of an element."""
    pattern = rng.choice((rb"=\s*([^\r\n;]+)", rb'="([^"]*)"', rb">([^<>]+)<", rb"'([^']*)'"))
    matches = list(re.finditer(pattern, bytes(data[:200_000])))
    if not matches:
        return data
    start, end = rng.choice(matches).span(1)
    data[start:end] = rng.choice(_VALUES).encode()
    return data


def label_line(data: bytearray, rng: random.Random) -> bytearray:
    """Removes, repeats or moves a line."""
    lines = bytes(data).split(b"\n")
    at, target = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.choice(("remove", "repeat", "many", "move"))
    if what == "remove":
        del lines[at]
    elif what == "repeat":
        lines.insert(target, lines[at])
    elif what == "many":
        lines[at:at] = [lines[at][:200]] * 2000
    else:
        lines[at], lines[target] = lines[target], lines[at]
    return bytearray(b"\n".join(lines))


def label_word(data: bytearray, rng: random.Random) -> bytearray:
    """Replaces a word of a label by another one of it."""
    words = list(re.finditer(rb"[A-Za-z_]{4,}", bytes(data[:20_000])))
    if len(words) > 1:
        start, end = rng.choice(words).span()
        data[start:end] = rng.choice(words).group()
    return data


def json_node(data: bytearray, rng: random.Random) -> bytearray:
    """Changes, removes or repeats one value of a JSON text, at any depth."""
    try:
        value = json.loads(bytes(data))
        json.dumps(value)
    except (ValueError, RecursionError):
        return data
    nodes = list(_containers(value))
    if not nodes:
        return bytearray(json.dumps(rng.choice(_JSON_VALUES)).encode())
    node: Any = rng.choice(nodes)
    what = rng.choice(("set", "set", "set", "remove", "add", "deep"))
    key: Any = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
    new = _DEEP if what == "deep" else rng.choice(_JSON_VALUES)
    if what == "remove":
        del node[key]
    elif what == "add" and isinstance(node, list):
        node.append(rng.choice([new, node[0]]))
    else:
        node[key] = new
    depth = rng.choice((50, 900, 100_000))
    text = json.dumps(value).replace(f'"{_DEEP}"', "[" * depth + "]" * depth)
    return bytearray(text.encode())


def csv_cell(data: bytearray, rng: random.Random) -> bytearray:
    """Changes cells of a table: a value, a heading, a separator, the number of cells."""
    lines = bytes(data).decode("utf-8", "replace").split("\n")
    row = rng.choice((0, rng.randrange(len(lines))))
    cells = lines[row].split(",")
    at = rng.randrange(len(cells))
    what = rng.choice(("set", "set", "set", "remove", "add", "swap", "repeat", "row"))
    if what == "set":
        cells[at] = rng.choice(_CELLS)
    elif what == "remove":
        del cells[at]
    elif what == "add":
        cells += [rng.choice(_CELLS)] * rng.choice((1, 3, 500))
    elif what == "swap":
        target = rng.randrange(len(cells))
        cells[at], cells[target] = cells[target], cells[at]
    elif what == "repeat":
        cells.insert(at, cells[at])
    else:
        lines.insert(row, lines[rng.randrange(len(lines))])
        row += 1
    lines[row] = ",".join(cells)
    return bytearray("\n".join(lines).encode())


def csv_dialect(data: bytearray, rng: random.Random) -> bytearray:
    """Writes the whole table otherwise: separator, encoding, line ends, quotes."""
    text = bytes(data).decode("utf-8", "replace")
    text = text.replace(",", rng.choice((",", ";", "\t", "|", "")))
    text = text.replace("\n", rng.choice(("\n", "\r\n", "\r", "\n\n", "")))
    codec = rng.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-32", "cp037"))
    return bytearray(text.encode(codec, "replace"))


def _containers(value: Any, depth: int = 20) -> "list[dict[str, Any] | list[Any]]":
    """The objects and lists in a JSON value that are not empty, down to a depth."""
    if not isinstance(value, dict | list) or not value or not depth:
        return []
    inner = list(value.values() if isinstance(value, dict) else value)
    # Long columns are all alike: a few of their entries stand for all.
    return [value, *(node for entry in inner[:200] for node in _containers(entry, depth - 1))]
