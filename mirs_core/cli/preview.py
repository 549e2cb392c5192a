"""``preview``: a short training to watch."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import preview
from mirs_core.system.tables import number, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``preview``."""
    kind_verbs.complete(parser, preview.SPEC, _text)


def _text(spec: preview.Preview, answer: Answer) -> str:
    last, codes = answer["lines"][-1], answer["look"]
    total = sum(last["gradients"].values()) or 1.0
    rows = [
        [name, f"{answer['weights'][name]:g}", f"{value:.4f}",
         f"{last['gradients'][name] / total:.0%}"]
        for name, value in last["terms"].items()
    ]  # fmt: skip
    return "\n".join(
        [
            table(["term", "weight", "value", "share of the gradient"], rows),
            "",
            f"validation mAP@64  {number(last['map_at_64'])}",
            f"|h - 0.5|          {codes['from_half']:.3f} (0.5: every value is 0 or 1)",
            f"sd of ones         {codes['ones_sd']:.2f} bits",
            f"distinct codes     {codes['distinct']:.0%}",
        ]
    )
