"""``train-encoder``."""

import argparse

from mirs_core.cli import kind_verbs
from mirs_core.cli.settings import list_settings
from mirs_core.encoders.fine_tuning import settings
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import train_encoder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``train-encoder``."""
    kind_verbs.complete(parser, train_encoder.SPEC, _text)
    list_settings(parser, ((item.name, item) for item in settings()))


def _text(spec: train_encoder.TrainEncoder, answer: Answer) -> str:
    figures = ", ".join(f"{name} {value:.3f}" for name, value in answer["validation"].items())
    return "\n".join(
        [
            f"encoder    {answer['encoder']}   ({answer['objective']}, from {answer['from']})",
            f"validation {figures or 'none: the last epoch is kept'}",
            f"time       {answer['seconds']:.1f} s, {answer['epochs']} epochs,"
            f" best epoch {answer['best_epoch']}",
            f"use it     mirs train --data DIR --encoder {answer['encoder']}",
        ]
    )
