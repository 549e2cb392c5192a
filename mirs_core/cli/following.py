"""What may follow as soon as data was brought in: archive it, or train models on it."""

import argparse
from pathlib import Path

from mirs_core.cli.console import Console
from mirs_core.pipeline import indexing, preparing
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def add_words(verb: argparse.ArgumentParser) -> None:
    """The words that ask for it."""
    verb.add_argument(
        "--archive",
        action="append",
        default=[],
        metavar="RUN",
        help="then archive it with this trained model; more than once for several",
    )
    verb.add_argument(
        "--prepare", action="store_true", help="then train models on it, and serve MIRS"
    )


def check(args: argparse.Namespace) -> None:
    """Refuses what cannot follow, before anything is brought in.

    Raises:
        RunError: a model that is asked for does not exist or is not finished.
    """
    for run_id in args.archive:
        runs.folder(Home.current(), run_id).check_usable("can archive tiles")


def follow(args: argparse.Namespace, root: Path, console: Console) -> list[str]:
    """Does what was asked for with the data set in ``root``; the ids of the runs it made.

    Raises:
        MirsError: a step failed; the data set itself stays.
    """
    home = Home.current()
    made = [
        indexing.index(home, run_id, root, progress=console.stoppable).id for run_id in args.archive
    ]
    if args.prepare:
        made += preparing.prepare(home, root, console.progress, console.should_stop)
    return made
