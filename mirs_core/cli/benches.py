"""The verbs of ``bench``."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mirs_core import runs
from mirs_core.cli.console import Console
from mirs_core.errors import RunError
from mirs_core.tables import markdown, number


def query(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Latency of one query."""
    from mirs_core.bench import query as bench

    home = runs.home_folder()
    run_id = args.run or runs.served_run(home)
    if run_id is None:
        raise RunError("There is no served run to measure; build the demo first, or give --run ID.")
    answer = bench.run(home, run_id, repeat=max(1, args.repeat))
    return answer, _text(answer)


def train(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Seconds of an epoch and of a whole training."""
    from mirs_core.bench import train as bench

    answer = bench.run(args.preset, epochs=max(1, args.epochs))
    return answer, _text(answer)


def lambdas(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Effect of the push and of the balance weight."""
    from mirs_core.bench import lambdas as bench

    data = args.data.expanduser().resolve()
    answer = bench.run(runs.home_folder(), data, args.seed, progress=console.progress)
    if args.figure:
        from mirs_core.bench import lambda_figure

        lambda_figure.draw(answer, args.figure)
    head = ["weight", "|h - 0.5| by push", "sd of ones by balance"]
    rows = [
        [
            f"{push['weight']:g}",
            f"{push['mean_distance_from_half']:.3f}",
            f"{balance['sd_of_ones']:.2f}",
        ]
        for push, balance in zip(answer["push"], answer["balance"], strict=True)
    ]
    return answer, markdown(head, rows)


def browsing(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Whether the tiles of one class can still be told apart."""
    from mirs_core.bench import browsing as bench

    data = args.data.expanduser().resolve()
    answer = bench.run(
        runs.home_folder(), data, args.preset, seeds=max(1, args.seeds), progress=console.progress
    )
    return answer, _text(answer)


def synthetic(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Speed of the generator, and how often real tiles recognise it."""
    from mirs_core.bench import synthetic as bench

    real = args.real
    if real is None and os.environ.get("MIRS_TEST_DATA"):
        real = Path(os.environ["MIRS_TEST_DATA"]) / "ctx"
    home = runs.home_folder()
    answer = bench.run(home, real=real, per_class=args.per_class, progress=console.progress)
    return answer, _text(answer)


def jobs(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """From the click on Start to what can be seen; search beside a job."""
    from mirs_core.bench import jobs as bench

    data = args.data.expanduser().resolve()
    answer = bench.run(runs.home_folder(), data, max(1, args.repeat), progress=console.progress)
    return answer, _text(answer)


def app(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """From a click in a real browser to the new results."""
    from mirs_core.bench import app as bench

    answer = bench.run(
        runs.home_folder(), args.clicks, args.sessions, args.seconds, progress=console.progress
    )
    return answer, _text(answer)


def space(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """The maps of the hash space in a real browser."""
    from mirs_core.bench import space as bench

    answer = bench.run(
        runs.home_folder(), args.tiles, max(1, args.repeat), args.many, progress=console.progress
    )
    return answer, _text(answer)


def kills(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """What is lost when processes are killed, a disk fills up or a clock jumps."""
    from mirs_core.bench import kills as bench

    data = args.data.expanduser().resolve() if args.data else None
    counts = max(0, args.jobs), max(0, args.apps)
    answer = bench.run(data, *counts, args.seed, progress=console.progress)
    return answer, bench.text(answer)


def landforms(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Votes on validation tiles over k, weighting and the rules of being sure."""
    from mirs_core.bench import landforms as bench

    answer = bench.run(runs.home_folder(), args.run, progress=console.progress)
    tables = [
        markdown(list(rows[0]), [[number(v) if isinstance(v, float | None) else str(v)
                                  for v in row.values()] for row in rows])
        for rows in (answer["votes"], answer["rules"])
    ]  # fmt: skip
    return answer, "\n\n".join([f"{answer['tiles']} validation tiles", *tables])


def strip(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """A large raster cut, killed, cut on, and archived."""
    from mirs_core.bench import strip as bench

    home = runs.home_folder()
    if args.size < 1000:
        raise RunError(f"--size is {args.size}; give at least 1000.")
    run_id = None if args.no_index else args.run or runs.served_run(home)
    answer = bench.run(home, run_id, args.size, progress=console.progress)
    return answer, _text(answer)


def _text(answer: dict[str, Any]) -> str:
    return "\n".join(f"{name:<36} {value}" for name, value in _flat(answer))


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Figures of figures on one line each: ``vote.test.micro``; the innermost stay together."""
    for name, one in value.items():
        if not isinstance(one, dict):
            yield above + name, str(one)
        elif any(isinstance(inner, dict) for inner in one.values()) or not above:
            yield from _flat(one, f"{above}{name}.")
        else:
            yield above + name, ", ".join(f"{key} {inner}" for key, inner in one.items())
