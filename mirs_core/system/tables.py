"""Plain tables for terminals, and Markdown ones for documents."""

import re
from collections.abc import Sequence

# Bars are escaped by the table that a text is part of.
_MARKUP = re.compile(r"([\\`*_\[\]<>#~$!&{}])")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell, two spaces between them."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    padded = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(padded)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; special characters in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def number(value: float | None, digits: int = 3) -> str:
    """A rounded number, or a dash for None."""
    return "-" if value is None else f"{value:.{digits}f}"


def plain(text: str) -> str:
    """Text for a Markdown document, with Markdown and HTML escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Text as Markdown code; backticks become apostrophes, which cannot end it."""
    return f"`{' '.join(text.split()).replace('`', chr(39)) or ' '}`"
