"""The card of a data set: the contents of ``dataset.json`` at its root."""

import json
import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.errors import DataError

CARD_FILE = "dataset.json"
UNKNOWN = "unknown"
"""Licence and instrument of a data set that does not name them."""

_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Card:
    """A data set in words.

    Attributes:
        name: short, for lists and file names.
        title: one line for people.
        instrument: the camera, "unknown" where it is not known.
        metres_per_pixel: ground size of a pixel; None if unknown or varying.
        distractors: classes that stay in training and archive but are never queried and never
            relevant.
        licence: of the images.
        citation: how to cite them.
        synthetic: made by a program; called so wherever it is shown.
    """

    name: str
    title: str
    instrument: str = UNKNOWN
    metres_per_pixel: float | None = None
    distractors: tuple[str, ...] = ()
    licence: str = UNKNOWN
    citation: str = ""
    synthetic: bool = False

    @classmethod
    def named(cls, name: str) -> "Card":
        """The card of a data set of which only the name is known."""
        return cls(name=name, title=name)


def read_card(root: Path) -> Card:
    """The card of the data set in ``root``; without a dataset.json, one with the folder's name.

    Raises:
        DataError: dataset.json is not a JSON object, or a field has the wrong type.
    """
    path = root / CARD_FILE
    name = root.resolve().name or "data"
    # Folder names that are not Unicode cannot be shown or stored unchanged.
    name = name.encode("utf-8", "replace").decode("utf-8")
    value = card_values(root)
    return card_of(path, value, name) if value else Card.named(name)


def card_values(root: Path) -> dict[str, Any]:
    """The JSON object in ``dataset.json``, with what is not known here; empty if there is none.

    Raises:
        DataError: dataset.json is not a JSON object.
    """
    path = root / CARD_FILE
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} is larger than a card can be; write it anew or remove it.")
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not valid JSON; correct it or remove it.") from None
    if not isinstance(value, dict):
        raise DataError(f"{path} has to hold one JSON object; correct it or remove it.")
    return value


def card_of(path: Path, value: dict[str, Any], fallback: str) -> Card:
    """The card that a JSON object describes.

    Args:
        path: what errors call it.
        fallback: its name where it has none.

    Raises:
        DataError: a field has the wrong type.
    """
    name = _text(path, value, "name", fallback)
    return Card(
        name=name,
        title=_text(path, value, "title", name),
        instrument=_text(path, value, "instrument", "unknown"),
        metres_per_pixel=_scale(path, value.get("metres_per_pixel")),
        distractors=_names(path, value.get("distractors")),
        licence=_text(path, value, "licence", "unknown"),
        citation=_text(path, value, "citation", ""),
        synthetic=_flag(path, value.get("synthetic", False)),
    )


def _text(path: Path, value: dict[str, Any], key: str, default: str) -> str:
    text = value.get(key)
    if text is None:
        return default
    if not isinstance(text, str):
        raise DataError(f"{path}: {key} must be a string.")
    # One line of valid Unicode, whatever the file says.
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split()) or default


def _scale(path: Path, value: Any) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not (math.isfinite(value) and value > 0):
        raise DataError(f"{path}: metres_per_pixel must be a number above 0, or null.")
    return float(value)


def _names(path: Path, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DataError(f"{path}: distractors must be a list of class names.")
    return tuple(unicodedata.normalize("NFC", name) for name in value)


def _flag(path: Path, value: Any) -> bool:
    if not isinstance(value, bool):
        raise DataError(f"{path}: synthetic must be true or false.")
    return value
