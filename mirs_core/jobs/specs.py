"""Specs as JSON and as command lines, by the kinds that the package ``kinds`` lists."""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from mirs_core.errors import RunError
from mirs_core.jobs.kind import Command, JobSpec, Kind
from mirs_core.system.specs import specs_in
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

S = TypeVar("S", bound=JobSpec)
_FOLDERS = ("archive.data=", "whitening.target=")
"""Changes of settings that name a folder."""


@functools.cache
def kinds() -> dict[str, Kind[Any]]:
    """Every kind of job by its name."""
    return specs_in("mirs_core.jobs.kinds", Kind)


def kind_of(spec: JobSpec) -> Kind[Any]:
    """The kind that a spec is of.

    Raises:
        TypeError: the class of the spec belongs to no kind.
    """
    for kind in kinds().values():
        if kind.spec is type(spec):
            return kind
    raise TypeError(f"{type(spec).__name__} is not the spec of any kind of job")


def field_type(spec: type[JobSpec], name: str) -> tuple[Any, bool]:
    """The type of a field without ``None``, and whether ``None`` is a value of it."""
    hint = typing.get_type_hints(spec)[name]
    if isinstance(hint, types.UnionType):
        (inner,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
        return inner, True
    return hint, False


def flag_of(item: "dataclasses.Field[Any]") -> str:
    """The option of a field on the command line."""
    return str(item.metadata["flag"] or "--" + item.name.replace("_", "-"))


def to_json(spec: JobSpec) -> dict[str, Any]:
    """``{"kind": ..., "fields": ...}``, or ``{"args": ...}`` of a command line."""
    if isinstance(spec, Command):
        return {"args": list(spec.words)}
    fields = {name: _plain(value) for name, value in _values(spec).items()}
    return {"kind": kind_of(spec).name, "fields": fields}


def from_json(value: Mapping[str, Any]) -> JobSpec:
    """The spec that ``to_json`` wrote.

    Raises:
        RunError: this version has no such kind, or the kind has no such field.
        KeyError, TypeError, ValueError: the value is damaged.
    """
    if "kind" not in value:
        return Command(tuple(str(word) for word in value["args"]))
    kind = kinds().get(str(value["kind"]))
    if kind is None:
        raise RunError(f"This version has no jobs of the kind {value['kind']!r}; update it.")
    spec: JobSpec = kind.spec(
        **{name: _typed(kind.spec, name, field) for name, field in value["fields"].items()}
    )
    return spec


def words_of(spec: JobSpec) -> list[str]:
    """The command line that does what the spec says, without the program's name."""
    if isinstance(spec, Command):
        return list(spec.words)
    verb = kind_of(spec).words
    options: list[str] = []
    positional: list[str] = []
    for item in dataclasses.fields(spec):
        value = getattr(spec, item.name)
        if item.metadata["positional"]:
            positional += [] if value is None else [str(value)]
        elif value != item.default:
            options += _option(flag_of(item), value)
    if any(word.startswith("-") for word in positional):
        return [*verb, *options, "--", *positional]
    return [*verb, *positional, *options]


def settled(home: Home, spec: S) -> S:
    """The spec as another process can carry it out: absolute paths, and ids instead of names.

    Raises:
        RunError: it names a run that does not exist, or a name that several runs have.
    """

    def value_of(item: "dataclasses.Field[Any]", value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(value_of(item, part) for part in value)
        if isinstance(value, Path):
            return value.expanduser().resolve()
        if isinstance(value, str) and value.startswith(_FOLDERS):
            name, _, folder = value.partition("=")
            return f"{name}={Path(folder).expanduser().resolve()}" if folder else value
        is_run = item.metadata["metavar"] == "RUN" and isinstance(value, str) and value
        return runs.find(home, value) if is_run else value

    if isinstance(spec, Command):
        return spec
    items = dataclasses.fields(spec)
    changes = {item.name: value_of(item, getattr(spec, item.name)) for item in items}
    return dataclasses.replace(spec, **changes)


def _option(flag: str, value: Any) -> list[str]:
    if value is True:
        return [flag]
    if isinstance(value, tuple):
        if all(isinstance(part, float) for part in value):
            return [flag, *(repr(part) for part in value)]
        return [f"{flag}={part}" for part in value]
    return [f"{flag}={value}"]


def _values(spec: JobSpec) -> dict[str, Any]:
    return {item.name: getattr(spec, item.name) for item in dataclasses.fields(spec)}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _typed(spec: type[JobSpec], name: str, value: Any) -> Any:
    if name not in {item.name for item in dataclasses.fields(spec)}:
        raise RunError(f"This version knows no field {name!r} of such a job; update it.")
    kind, optional = field_type(spec, name)
    if value is None and optional:
        return None
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(inner(part) for part in value)
    return kind(value)
