"""``project``: the projection of a run's hash space."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``project``."""
    kind_verbs.complete(parser, project.SPEC, _text)


def _text(spec: project.Project, answer: Answer) -> str:
    placed = f" among {answer['landmarks']:,} landmarks" if answer["landmarks"] else ""
    lines = [
        f"projection       of {answer['tiles']:,} tiles{placed}, in {answer['seconds']:.1f} s",
        f"trustworthiness  {answer['trustworthiness']:.3f}",
        f"preservation     {answer['preservation']:.3f} of the 10 nearest",
    ]
    if answer["near"] is not None:
        lines.append(f"near             {answer['near']:.3f} among the nearest hundredth")
    if answer["asked"] < answer["tiles"]:
        lines.append(f"measured on      {answer['asked']:,} of {answer['tiles']:,} tiles, sampled")
    return "\n".join(lines)
