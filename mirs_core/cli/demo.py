"""``demo``."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import demo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``demo``."""
    kind_verbs.complete(parser, demo.SPEC, _text)


def _text(spec: demo.Demo, answer: Answer) -> str:
    return "The demo is ready. Open it with: mirs app"
