"""Specs: objects that describe one preset, encoder, format and so on, each in its own file.

A package of such files is the list: adding a file is all that is needed to add an entry. The files
must be cheap to import; heavy packages are imported inside functions.
"""

import importlib
import pkgutil
from typing import Protocol, TypeVar


class Spec(Protocol):
    """What every spec has: a name, and a number for sorting."""

    @property
    def name(self) -> str:
        """Its name for users and in files."""

    @property
    def order(self) -> int:
        """Its place in lists; ties are sorted by name."""


S = TypeVar("S", bound=Spec)


def specs_in(package: str, kind: type[S]) -> dict[str, S]:
    """The specs of a package by name: the ``SPEC`` of each of its modules, in their order.

    Modules whose names begin with an underscore are helpers and are not read.

    Args:
        package: dotted name, as in "mirs_core.config.presets".
        kind: type of every ``SPEC``.

    Raises:
        TypeError: a module has no ``SPEC`` of this kind, or two share a name.
    """
    paths = importlib.import_module(package).__path__
    specs: dict[str, S] = {}
    for module in pkgutil.iter_modules(paths):
        if module.name.startswith("_"):
            continue
        spec = getattr(importlib.import_module(f"{package}.{module.name}"), "SPEC", None)
        if not isinstance(spec, kind):
            raise TypeError(f"{package}.{module.name} needs a SPEC of type {kind.__name__}")
        if spec.name in specs:
            raise TypeError(f"{package} has two specs named {spec.name!r}")
        specs[spec.name] = spec
    return dict(sorted(specs.items(), key=lambda item: (item[1].order, item[0])))
