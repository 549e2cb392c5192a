"""``project``: the projection of a run's hash space."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``project``."""
    kind_verbs.complete(parser, project.SPEC, _text)


def _text(spec: project.Project, answer: Answer) -> str:
    return "\n".join(
        [
            f"projection       of {answer['tiles']:,} tiles, in {answer['seconds']:.1f} s",
            f"trustworthiness  {answer['trustworthiness']:.3f}",
            f"preservation     {answer['preservation']:.3f} of the 10 nearest",
        ]
    )
