"""``index``."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import index


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``index``."""
    kind_verbs.complete(parser, index.SPEC, _text)


def _text(spec: index.Index, answer: Answer) -> str:
    ids = ", ".join(answer["runs"])
    text = f"{answer['tiles']} tiles of {answer['data']} archived as run {ids}"
    return "\n".join([text, *answer["notes"]])
