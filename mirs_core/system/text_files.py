"""Text files that people bring: in which encoding they are written, and whether they are text."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mirs_core.errors import DataError

_CHUNK = 1_000_000
_START = 4_000
# UTF-32 before UTF-16, whose mark begins that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TITLES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
# Bytes that are not UTF-8, as the error handler "surrogateescape" passes them on.
_ESCAPED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a text file.

    Attributes:
        codec: its name for ``open``.
        example: a word whose letters depend on the encoding, if the encoding is a guess.
    """

    codec: str
    example: str = ""

    @property
    def title(self) -> str:
        """Its name for people."""
        return _TITLES.get(self.codec, "-".join(self.codec.upper().split("-")[:2]))


def encoding_of(path: Path) -> Encoding:
    """The encoding of a text file: UTF-8, UTF-16, UTF-32, or else Windows-1252.

    A byte order mark decides, or the zero bytes of UTF-16. Windows-1252, in which spreadsheets of
    western Europe save CSV, is assumed only where hardly any of the bytes could be UTF-8.

    Raises:
        DataError: the file holds NUL characters, mixes encodings, or is in none of these.
        OSError: it cannot be read.
    """
    with path.open("rb") as handle:
        start = handle.read(_START)
    codec = next((codec for mark, codec in _MARKS if start.startswith(mark)), _unmarked(start))
    if codec != "utf-8":
        _read_through(path, codec)
        return Encoding(codec)
    letters, invalid, line = _counts(path)
    if not invalid:
        return Encoding("utf-8")
    if letters >= invalid:
        raise DataError(
            f"{path}, line {line}: the letters of this file are partly UTF-8 and partly not; save"
            " it as UTF-8."
        )
    return Encoding("cp1252", _read_through(path, "cp1252"))


def lines_of(path: Path) -> list[str]:
    """The lines of a text file in any encoding that ``encoding_of`` knows, without their ends.

    Raises:
        DataError: as ``encoding_of``.
        OSError: the file cannot be read.
    """
    with path.open(encoding=encoding_of(path).codec) as handle:
        return [line.removesuffix("\n") for line in handle]


def _unmarked(start: bytes) -> str:
    """UTF-16 without a mark has a zero in every second byte of plain letters."""
    pairs = max(len(start) // 2, 1)
    high, low = start[0::2].count(0) / pairs, start[1::2].count(0) / pairs
    if low > 0.5 and high < 0.1:
        return "utf-16-le"
    if high > 0.5 and low < 0.1:
        return "utf-16-be"
    return "utf-8"


def _counts(path: Path) -> tuple[int, int, int]:
    """The letters beyond ASCII in UTF-8, the bytes that are not UTF-8, the line of their first."""
    letters, invalid, first = 0, 0, 0
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as handle:
        for lines, text in _numbered(handle):
            _check_nul(path, text, lines)
            if not text.isascii():
                bad = _ESCAPED.search(text)
                count = len(_ESCAPED.findall(text))
                first = first or (lines + _breaks(text[: bad.start()]) if bad else 0)
                invalid += count
                letters += sum(letter > "\x7f" for letter in text) - count
    return letters, invalid, first


def _read_through(path: Path, codec: str) -> str:
    """Checks that the whole file is text of this encoding; returns a word with other letters."""
    example = ""
    try:
        with path.open(encoding=codec, newline="") as handle:
            for lines, text in _numbered(handle):
                _check_nul(path, text, lines)
                if not example and not text.isascii():
                    word = re.search(r"\w*[^\x00-\x7f]\w*", text)
                    example = word[0][:40] if word else ""
    except UnicodeError:
        tried = "UTF-8 nor Windows-1252" if codec == "cp1252" else f"intact {Encoding(codec).title}"
        verb = "neither" if codec == "cp1252" else "not"
        raise DataError(f"{path} is {verb} {tried}; save it as UTF-8.") from None
    return example


def _numbered(handle: TextIO) -> Iterator[tuple[int, str]]:
    """Pieces of a file, each with the number of the line on which it starts."""
    lines, last = 1, ""
    while text := handle.read(_CHUNK):
        # A line break of two characters may be divided between two pieces.
        lines -= last == "\r" and text.startswith("\n")
        yield lines, text
        lines += _breaks(text)
        last = text[-1]


def _check_nul(path: Path, text: str, lines: int) -> None:
    if (index := text.find("\0")) >= 0:
        raise DataError(
            f"{path}, line {lines + _breaks(text[:index])}: NUL characters, which no text has; the"
            " file is damaged or not a text file."
        )


def _breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
