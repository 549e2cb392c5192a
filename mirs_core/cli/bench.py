"""The verb group ``bench``: its benchmarks stand beside the library, in a checkout."""

import argparse
import importlib
from typing import Any, NoReturn

from mirs_core.cli.checkout import benchmarks_folder, make_importable
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import group
from mirs_core.errors import RunError

_HELP = "measure this machine and this code (in a checkout of the repository)"


def add_bench(verbs: Any) -> None:
    """Adds ``bench`` with every benchmark; outside of a checkout it only says what is missing."""
    folder = benchmarks_folder()
    if folder is None:
        verb = verbs.add_parser("bench", help=_HELP, description=_HELP)
        verb.add_argument("words", nargs=argparse.REMAINDER, metavar="NAME")
        verb.set_defaults(command=_refuse, json=False, quiet=False)
        return
    make_importable(folder)
    importlib.import_module("benchmarks.verbs").add_verbs(group(verbs, "bench", _HELP))


def _refuse(args: argparse.Namespace, console: Console) -> NoReturn:
    raise RunError(
        "The benchmarks are not part of the installed package. Run this in a checkout of the"
        " repository: python -m mirs_core bench NAME"
    )
