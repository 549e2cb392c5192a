"""The verb group ``bench``: its benchmarks stand beside the library, in a checkout."""

import argparse
import importlib
from typing import NoReturn

from mirs_core.cli.checkout import benchmarks_folder, make_importable
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verbs_of
from mirs_core.errors import RunError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Every benchmark; outside of a checkout it only says what is missing."""
    folder = benchmarks_folder()
    if folder is None:
        parser.add_argument("words", nargs=argparse.REMAINDER, metavar="NAME")
        parser.set_defaults(command=_refuse, json=False, quiet=False)
        return
    make_importable(folder)
    importlib.import_module("benchmarks.verbs").add_verbs(verbs_of(parser))


def _refuse(args: argparse.Namespace, console: Console) -> NoReturn:
    raise RunError(
        "The benchmarks are not part of the installed package. Run this in a checkout of the"
        " repository: python -m mirs_core bench NAME"
    )
