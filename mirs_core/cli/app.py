"""``app``: serves the app."""

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

from mirs_core.cli.checkout import app_folder, make_importable
from mirs_core.cli.console import Console
from mirs_core.errors import RunError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options, which are those of ``streamlit run``."""
    parser.add_argument("options", nargs="*", metavar="OPTION", help="of streamlit run")
    parser.set_defaults(command=_command, json=False, quiet=False)


def set_apart(words: Sequence[str]) -> list[str]:
    """``words`` in a form in which the parser leaves the options of ``app`` to Streamlit."""
    if words[:1] == ["app"] and not {"-h", "--help", "--"} & set(words):
        return ["app", "--", *words[1:]]
    return list(words)


def serve(options: Sequence[str]) -> None:
    """Serves the app until the process is stopped; ``options`` are those of ``streamlit run``.

    Raises:
        RunError: the files of the app are not installed.
    """
    folder = app_folder()
    if folder is None:
        raise RunError("This installation has no app. Install the wheel again, or use a checkout.")
    make_importable(folder)
    importlib.import_module("pages.shared.serve").main(list(options))


def _command(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    serve(args.options)
    return {}, ""
