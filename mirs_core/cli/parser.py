"""The parser of the command line: its verbs, each in a module that is imported when it is used."""

import functools
import importlib
import pkgutil
from pathlib import Path
from typing import Any

from mirs_core import __version__
from mirs_core.cli.verbs import Parser, later

_VERBS = (
    ("app", "app", "serve the app; takes the options of streamlit run, as --server.port=8600"),
    ("demo", "demo", "build the demo: synthetic Mars and three models"),
    ("data", "data", "describe, import, download and list data sets; cut strips into tiles"),
    ("train", "train", "train a model on a data set, archive the data set, evaluate the model"),
    ("preview", "preview", "train for a few epochs and look at the codes"),
    ("project", "project", "project a run's hash space to two dimensions (UMAP)"),
    ("compare", "compare", "train presets over several seeds and compare them"),
    ("reproduce", "reproduce", "measure the published tables on a data set"),
    ("sweep", "sweep", "train over a range of lambda1 x lambda2"),
    ("sweeps", "sweeps", "list, show and delete sweeps"),
    ("domains", "domains", "measure the effect of whitening between two data sets"),
    ("train-encoder", "train_encoder", "fine-tune an encoder, end to end, on a data set"),
    ("encoders", "encoders", "list fine-tuned encoders"),
    ("index", "index", "archive a folder with trained models"),
    ("evaluate", "evaluate", "mAP@64 of a run, with its confidence interval"),
    ("search", "search", "the tiles of an archive that are nearest to an image"),
    ("archive", "archive", "add tiles to an archive, remove them, export and import it as a table"),
    ("landforms", "landforms", "estimate the landforms of unlabelled tiles"),
    ("similarity-map", "similarity_map", "map where the tiles nearest to an image are"),
    ("runs", "runs", "list, compare, name, export and delete runs; choose the default model"),
    ("session", "session", "show what a session file holds, and what of it is missing here"),
    ("jobs", "jobs", "list, stop and resume background jobs"),
    ("bench", "bench", "measure this machine and this code (in a checkout of the repository)"),
)
"""Word, module and help of every verb and group."""
_GROUPS = ("data", "archive")
"""Groups whose modules add the kinds of jobs in them."""
_KINDS = [str(Path(__file__).resolve().parents[1] / "jobs" / "kinds")]


def build_parser() -> Parser:
    """The parser of all verbs; the chosen command is ``args.command``."""
    parser = Parser(
        prog="mirs",
        description="Find similar landforms on Mars: encode, hash, archive, search, evaluate.",
        epilog="MIRS_HOME names the home folder, with all runs and caches (default .mirs/).",
    )
    parser.add_argument("--version", action="version", version=f"MIRS Explorer {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for word, module, help in _VERBS:
        later(verbs, word, help, functools.partial(_complete, module))
    _add_further_kinds(verbs)
    return parser


def _add_further_kinds(verbs: Any) -> None:
    """Adds the kinds of jobs without a module of their own in this package.

    Their answers are printed unchanged. Only the files of such kinds are imported.
    """
    words = {word for word, _, _ in _VERBS}
    for entry in pkgutil.iter_modules(_KINDS):
        word = entry.name.replace("_", "-")
        if word in words or word.startswith(("-", *_GROUPS)):
            continue
        kind = importlib.import_module(f"mirs_core.jobs.kinds.{entry.name}").SPEC
        later(verbs, kind.words[-1], kind.help, functools.partial(_complete_kind, kind))


def _complete_kind(kind: Any, parser: Parser) -> None:
    from mirs_core.cli import kind_verbs

    def text(spec: Any, answer: dict[str, Any]) -> str:
        return "\n".join(f"{name:<16} {value}" for name, value in answer.items())

    kind_verbs.complete(parser, kind, text)


def _complete(module: str, parser: Parser) -> None:
    importlib.import_module(f"mirs_core.cli.{module}").add_arguments(parser)
