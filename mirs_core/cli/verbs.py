"""Verbs and groups of verbs of the command line.

The arguments of a verb are added when the verb is parsed, so that nothing is imported for the help
of the others.
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose arguments may come later, and whose errors are one line."""

    complete: Callable[["Parser"], None] | None = None
    """Adds the arguments as soon as something is parsed."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As in argparse, after the arguments were added."""
        complete, self.complete = self.complete, None
        if complete is not None:
            complete(self)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Writes what is wrong on one line and exits with status 2."""
        self.exit(2, f"mirs: {message}; see {self.prog} --help\n")


def later(verbs: Any, name: str, help: str, complete: Callable[[Parser], None]) -> None:
    """Adds a word to ``verbs`` whose arguments ``complete`` adds once they are needed."""
    parser: Parser = verbs.add_parser(name, help=help, description=help)
    parser.complete = complete


class RunName(str):
    """A run as it is named on the command line; commands get its id instead."""

    __slots__ = ()


RUN = "RUN"
"""The metavar of every argument that names a run."""
NAMED = "its id, its name if no other run has it, or 'default' for the default model"
"""How a run may be named, for the help of such arguments."""


def add_run(parser: Any, flag: str = "--run", help: str = "the run", **more: Any) -> None:
    """Adds an argument that names a run; ``more`` is passed on to argparse."""
    if flag.startswith("-") and "nargs" not in more:
        more.setdefault("required", True)
    parser.add_argument(flag, metavar=RUN, type=RunName, help=f"{help}: {NAMED}", **more)


def with_run_ids(args: argparse.Namespace) -> argparse.Namespace:
    """The arguments with the ids of the runs that they name.

    Raises:
        RunError: there is no such run, or several have the name.
    """
    from mirs_core.workspace import runs
    from mirs_core.workspace.home import Home

    def resolved(value: Any) -> Any:
        if isinstance(value, RunName) and value:
            return runs.find(Home.current(), value)
        return [resolved(part) for part in value] if isinstance(value, list) else value

    return argparse.Namespace(**{name: resolved(value) for name, value in vars(args).items()})


def carried_out_by(parser: argparse.ArgumentParser, command: Any) -> None:
    """Makes ``parser`` a verb: what every verb takes, and the command that carries it out."""

    def with_ids(args: argparse.Namespace, console: Any) -> Any:
        return command(with_run_ids(args), console)

    parser.add_argument("--json", action="store_true", help="print one JSON object, for scripts")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(command=with_ids)


def verb(verbs: Any, name: str, command: Any, help: str, **more: Any) -> argparse.ArgumentParser:
    """Adds a verb that ``command`` carries out; returns its parser for further arguments."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help, **more)
    carried_out_by(parser, command)
    return parser


def verbs_of(parser: argparse.ArgumentParser) -> Any:
    """Makes ``parser`` a group; returns what its verbs are added to."""
    return parser.add_subparsers(title="verbs", metavar="VERB", required=True)


def group(verbs: Any, name: str, help: str) -> Any:
    """Adds a group of verbs; returns what its verbs are added to."""
    return verbs_of(verbs.add_parser(name, help=help, description=help))
