"""How a verb and a group of verbs are added to the command line."""

import argparse
from typing import Any


def verb(verbs: Any, name: str, command: Any, help: str, **more: Any) -> argparse.ArgumentParser:
    """A verb of ``verbs`` that ``command`` carries out, with what every verb takes."""
    made: argparse.ArgumentParser = verbs.add_parser(name, help=help, description=help, **more)
    made.add_argument("--json", action="store_true", help="print one JSON object, for scripts")
    made.add_argument("--quiet", action="store_true", help="no progress on standard error")
    made.set_defaults(command=command)
    return made


def group(verbs: Any, name: str, help: str) -> Any:
    """A word whose second word is a verb; returns what verbs are added to."""
    made = verbs.add_parser(name, help=help, description=help)
    return made.add_subparsers(title="verbs", metavar="VERB", required=True)
