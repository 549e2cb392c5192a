"""What a preset is: a named way of training, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named configuration, given as the settings in which it differs from the defaults.

    Attributes:
        name: what the command line, run folders and reports call it.
        title: what the app calls a model trained with it.
        order: its place in lists, from the simplest method to the most elaborate.
        help: what it does, in one sentence.
        changes: value by setting ("group.field") for every setting that is not at its default.
        citation: the publication that the method comes from; empty for the project's own.
        variant_of: the preset that it extends and is compared with; empty for none.
        shown_first: whether the app shows a model of this preset without being asked.
        colour: its place among the five colours that the app draws models in; None for no place of
            its own.
    """

    name: str
    title: str
    order: int
    help: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    citation: str = ""
    variant_of: str = ""
    shown_first: bool = False
    colour: int | None = None
