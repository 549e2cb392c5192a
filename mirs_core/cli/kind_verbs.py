"""Verbs of the command line that are kinds of jobs: their arguments are the fields of the spec."""

import argparse
import dataclasses
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import NAMED, RUN, RunName, carried_out_by
from mirs_core.errors import NotConfirmedError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work
from mirs_core.jobs.specs import field_type, flag_of
from mirs_core.workspace.home import Home

S = TypeVar("S", bound=JobSpec)
Text = Callable[[Any, Answer], str]
"""Makes the text for people from the spec and its answer."""


def add(verbs: Any, kind: Kind[S], text: Callable[[S, Answer], str]) -> None:
    """Adds the verb of a kind to a group."""
    complete(verbs.add_parser(kind.words[-1], help=kind.help, description=kind.help), kind, text)


def complete(
    parser: argparse.ArgumentParser, kind: Kind[S], text: Callable[[S, Answer], str]
) -> None:
    """Makes ``parser`` the verb of a kind."""
    add_fields(parser, kind)

    def command(args: argparse.Namespace, console: Console) -> tuple[Answer, str]:
        return carried_out(kind, args, console, text)

    carried_out_by(parser, command)


def add_fields(parser: argparse.ArgumentParser, kind: Kind[S]) -> dict[str, Any]:
    """Adds an option for each field of a kind; returns the groups of those that exclude others."""
    groups: dict[str, Any] = {}
    for item in dataclasses.fields(kind.spec):
        target: Any = parser
        if name := item.metadata["one_of"]:
            if name not in groups:
                groups[name] = parser.add_mutually_exclusive_group(required=name.endswith("!"))
            target = groups[name]
        _add_field(target, kind.spec, item)
    return groups


def carried_out(
    kind: Kind[S], args: argparse.Namespace, console: Console, text: Callable[[S, Answer], str]
) -> tuple[Answer, str]:
    """What a kind answers to parsed arguments, and its text for people."""
    spec = spec_of(kind, args)
    work = Work(console.progress, console.should_stop, console.note, console.agrees)
    try:
        answer = kind.run(Home.current(), spec, work)
    except NotConfirmedError as error:
        raise NotConfirmedError(f"{error} Add --yes to go ahead without being asked.") from None
    return answer, text(spec, answer)


def spec_of(kind: Kind[S], args: argparse.Namespace) -> S:
    """The spec that parsed arguments describe."""
    values = {item.name: getattr(args, item.name) for item in dataclasses.fields(kind.spec)}
    return kind.spec(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})


def _add_field(target: Any, spec: type[JobSpec], item: "dataclasses.Field[Any]") -> None:
    meta, (type_, _) = item.metadata, field_type(spec, item.name)
    needed = item.default is dataclasses.MISSING
    more: dict[str, Any] = {"help": meta["help"].replace("%", "%%") or None}
    if not needed:
        more["default"] = item.default
    is_run = meta["metavar"] == RUN
    if is_run:
        more["help"] = f"{more['help']}: {NAMED}"
    if meta["positional"]:
        more["nargs"] = None if needed else "?"
        target.add_argument(item.name, type=type_, metavar=meta["metavar"], **more)
        return
    if needed:
        more["required"] = True
    if type_ is bool:
        more["action"] = "store_true"
    elif typing.get_origin(type_) is tuple:
        parts = typing.get_args(type_)
        more["type"], more["metavar"] = RunName if is_run else parts[0], meta["metavar"]
        if Ellipsis in parts:
            # A default would be appended to.
            more |= {"action": "append", "default": [] if not needed else None}
        else:
            more |= {"nargs": len(parts), "metavar": tuple(meta["metavar"].split())}
    else:
        more |= {"type": RunName if is_run else type_, "metavar": meta["metavar"] or None}
        if meta["choices"]:
            more["choices"] = meta["choices"]
    target.add_argument(flag_of(item), dest=item.name, **more)
