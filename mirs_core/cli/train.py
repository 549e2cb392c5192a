"""``train``."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.cli.settings import list_settings
from mirs_core.config.settings import settings
from mirs_core.encoders.loading import encoder_help
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import train
from mirs_core.system.tables import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``train``."""
    kind_verbs.complete(parser, train.SPEC, _text)
    list_settings(parser, ((f"{group}.{item.name}", item) for group, item in settings()))
    parser.epilog = f"encoders: {encoder_help()}\n\n{parser.epilog}".replace("%%", "%").replace(
        "%", "%%"
    )


def _text(spec: train.Train, answer: Answer) -> str:
    precision, seconds = answer["map_at_64"], answer["seconds"]
    lines = [
        f"run        {answer['run']}",
        f"encoder    {answer['encoder']}",
        f"mAP@64     {number(precision['min_r_k'])}"
        f"   (with the divisor of 2021: {number(precision['hits'])})",
        f"time       features {seconds['features']:.1f} s, training {seconds['training']:.1f} s"
        f" ({answer['epochs']} epochs), total {seconds['total']:.1f} s",
    ]
    if precision["min_r_k"] is None:
        lines[2] = "mAP@64     not measured: no labelled test tiles"
    if copies := answer.get("copies_left_out"):
        lines.append(
            f"left out   {copies:,} training tiles: the archive or the test split has the same"
            " tiles"
        )
    return "\n".join(lines)
