"""``train-encoder`` and ``encoders list``."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.encoders import fine_tuning as finetuning
from mirs_core.encoders.fine_tuned_store import list_encoders
from mirs_core.encoders.loading import DEFAULT
from mirs_core.errors import ConfigError
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The words of ``train-encoder``."""
    source = verb.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="DIR", help="a data set")
    source.add_argument("--resume", metavar="ID", help="go on with one that broke off")
    verb.add_argument(
        "--objective",
        choices=tuple(finetuning.OBJECTIVES),
        help="what to learn (default classifier)",
    )
    verb.add_argument(
        "--from", dest="encoder", metavar="ENCODER", help=f"start from (default {DEFAULT})"
    )
    verb.add_argument("--seed", type=int, metavar="N", help="default 0")
    verb.add_argument("--epochs", type=int, metavar="N")
    verb.add_argument("--batch-size", type=int, metavar="N")
    verb.add_argument("--learning-rate", type=float, metavar="X")
    verb.add_argument("--name", metavar="TEXT", help="what people call the encoder")
    verb.add_argument(
        "--processes", type=int, default=1, metavar="N", help="started by torchrun, one a GPU"
    )
    verb.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", dest="changes",
        help="any other setting",
    )  # fmt: skip


_WORDS = ("encoder", "seed", "epochs", "batch_size", "learning_rate")


def train_encoder(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Trains an encoder further on a data set, or goes on with one that broke off."""
    home = Home.current()
    if args.processes != 1:
        finetuning.check_processes(args.processes)
    given = {word: getattr(args, word) for word in _WORDS}
    if args.resume:
        extra = [word for word, value in given.items() if value is not None]
        if extra or args.objective or args.name or args.changes:
            raise ConfigError("--resume goes on with the settings it began with; give no others.")
        made = _resume(home, args.resume, args.processes, console)
    else:
        changes = {**finetuning.parse_changes(args.changes), **_without_none(given)}
        objective = args.objective or changes.get("objective", "classifier")
        changes.pop("objective", None)
        config = finetuning.configure(objective, **changes)
        if args.processes != 1:
            prepared = finetuning.prepare(home, args.data, config, name=args.name)
            made = _resume(home, prepared, args.processes, console)
        else:
            made = finetuning.fine_tune(
                home,
                args.data,
                config,
                name=args.name,
                progress=console.progress,
                should_stop=console.should_stop,
            )
    answer = made.to_json()
    return answer, _text(answer)


def _resume(home: Home, encoder: str, processes: int, console: Console) -> finetuning.FineTuned:
    if processes != 1:
        return finetuning.resume_on(home, encoder, processes)
    return finetuning.resume(
        home,
        encoder,
        progress=console.progress,
        should_stop=lambda: console.should_stop() or finetuning.starter_is_gone(),
    )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _text(answer: dict[str, Any]) -> str:
    figures = ", ".join(f"{name} {value:.3f}" for name, value in answer["validation"].items())
    return "\n".join(
        [
            f"encoder    {answer['encoder']}   ({answer['objective']}, from {answer['from']})",
            f"validation {figures or 'none: the last epoch is kept'}",
            f"time       {answer['seconds']:.1f} s, {answer['epochs']} epochs,"
            f" the best was {answer['best_epoch']}",
            f"use it     python -m mirs_core train --data DIR --encoder {answer['encoder']}",
        ]
    )


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """All fine-tuned encoders, newest first."""
    found = list_encoders(Home.current())
    answer = [
        {
            "encoder": one.id,
            "name": one.name,
            "objective": one.objective,
            "from": one.base,
            "data": one.data,
            "seed": one.seed,
            "state": one.state,
            "validation": one.validation,
        }
        for one in found
    ]
    rows = [
        [one.id, one.objective, one.base, one.data, one.state, _figure(one.validation)]
        for one in found
    ]
    text = table(["encoder", "objective", "from", "data", "state", "validation"], rows)
    return answer, text if found else "No encoders yet; see: python -m mirs_core train-encoder -h"


def _figure(validation: dict[str, float]) -> str:
    name, value = next(iter(validation.items()), ("", None))
    return f"{name} {number(value)}".strip()
