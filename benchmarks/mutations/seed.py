"""A sound file from which mutants are derived, in a folder of its own."""

from dataclasses import dataclass
from pathlib import Path

IMAGE, TABLE, DATA_SET, RUN, EXPORTED_RUN, ARCHIVE = (
    "image", "table", "data set", "run", "exported run", "archive",
)  # fmt: skip
"""What the program takes a file for."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A sound file.

    Attributes:
        format: its name, in the list of formats.
        kind: what the program takes it for.
        folder: with the file and those that it needs; copied as a whole.
        file: which one is mutated, relative to the folder.
        opened: which one the program is given, relative to the folder; "" for the folder itself.
        edits: the name of its structure in ``structures.EDITS``.
    """

    format: str
    kind: str
    folder: Path
    file: str
    opened: str
    edits: str
