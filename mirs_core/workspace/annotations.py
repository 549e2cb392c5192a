"""Name, tags and notes that users give to a run.

A finished run is read-only, so they are stored separately, in ``annotations/<id>.json``.
"""

import contextlib
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mirs_core.errors import MirsError, RunError
from mirs_core.files import is_safe_name, read_json, write_json
from mirs_core.system.visible_text import TURNING
from mirs_core.workspace.home import Home

NAME_LENGTH, TAG_LENGTH, TAG_COUNT, NOTES_LENGTH = 80, 32, 12, 4000

# Control characters, lone surrogates, line and paragraph separators.
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They change the writing direction, so that one name can be displayed as another.
_LINES = frozenset("\n\t")


@dataclass(frozen=True, slots=True)
class Annotation:
    """Name, tags and notes of a run; an empty name stands for the original one."""

    name: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""

    def to_json(self) -> dict[str, Any]:
        """The annotation as its file holds it."""
        return {**asdict(self), "tags": list(self.tags)}


def read(home: Home, run_id: str) -> Annotation:
    """The annotation of a run; an empty one if there is none.

    A damaged file is ignored: an annotation must not make its run unusable.
    """
    path = _path(home, run_id)
    if path.is_file():
        with contextlib.suppress(MirsError):
            return parse(read_json(path))
    return Annotation()


def change(
    home: Home,
    run_id: str,
    *,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
) -> Annotation:
    """Replaces name, tags or notes and returns the whole annotation; None leaves a field as it is.

    Raises:
        RunError: no such run; a text is too long or holds control characters; too many tags.
    """
    if not is_safe_name(run_id) or not (home.runs / run_id).is_dir():
        raise no_such_run(run_id)
    before = read(home, run_id)
    after = checked(
        before.name if name is None else name,
        before.tags if tags is None else tags,
        before.notes if notes is None else notes,
    )
    write(home, run_id, after)
    return after


def write(home: Home, run_id: str, annotation: Annotation) -> None:
    """Stores the whole annotation of a run; for an empty one the file is deleted."""
    if annotation == Annotation():
        delete(home, run_id)
    else:
        write_json(_path(home, run_id), annotation.to_json())


def delete(home: Home, run_id: str) -> None:
    """Deletes the annotation of a run, so that a later run with the same id does not inherit it."""
    _path(home, run_id).unlink(missing_ok=True)


def parse(value: Any) -> Annotation:
    """The annotation that ``to_json`` wrote.

    Raises:
        RunError: it is damaged, or a text is not allowed.
    """
    fields = set(Annotation.__dataclass_fields__)
    if not isinstance(value, dict) or set(value) != fields:
        raise RunError("The annotation is damaged; name the run again.")
    name, tags, notes = value["name"], value["tags"], value["notes"]
    texts = [name, notes, *tags] if isinstance(tags, list) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise RunError("The annotation is damaged; name the run again.")
    return checked(name, tags, notes)


def checked(name: str, tags: Sequence[str], notes: str) -> Annotation:
    """An annotation of these texts, stripped of spaces around them and of duplicate tags.

    Raises:
        RunError: a text is too long or holds control characters; too many tags.
    """
    tag_by_key = {
        tag.casefold(): tag for tag in (_line(tag, "A tag", TAG_LENGTH) for tag in tags) if tag
    }
    if len(tag_by_key) > TAG_COUNT:
        raise RunError(f"{len(tag_by_key)} tags are too many; at most {TAG_COUNT} are allowed.")
    if any("," in tag for tag in tag_by_key):
        raise RunError("A tag cannot contain a comma; use two tags instead.")
    text = _text(notes.replace("\r\n", "\n"), "The notes", NOTES_LENGTH, _LINES)
    return Annotation(_line(name, "A name", NAME_LENGTH), tuple(tag_by_key.values()), text)


def _line(text: str, what: str, most: int) -> str:
    return _text(text, what, most, frozenset())


def _text(text: str, what: str, most: int, allowed: frozenset[str]) -> str:
    text = text.strip()
    if len(text) > most:
        raise RunError(f"{what} has {len(text)} characters; at most {most} are allowed.")
    if character := control_character("".join(letter for letter in text if letter not in allowed)):
        raise RunError(f"{what} holds the control character U+{ord(character):04X}; remove it.")
    return text


def control_character(text: str) -> str | None:
    """The first character of ``text`` that is not allowed in a line of plain text, or None."""
    for letter in text:
        if unicodedata.category(letter) in _REFUSED or letter in TURNING:
            return letter
    return None


def no_such_run(run_id: str) -> RunError:
    """The error for a run id that does not exist."""
    return RunError(f"There is no run {run_id!r}; look it up in the list of runs.")


def _path(home: Home, run_id: str) -> Path:
    return home.annotations / f"{run_id}.json"
