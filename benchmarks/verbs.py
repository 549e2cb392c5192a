"""The verbs of ``bench``, available in a checkout of the repository."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import describe_verb, encode_verb, labels_verb, shift_verb
from benchmarks.scale import verb as scale
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import RUN, RunName, verb
from mirs_core.config.presets import PRESETS
from mirs_core.errors import RunError
from mirs_core.system.tables import markdown, number
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def query(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Latency of one query."""
    from benchmarks import query as bench

    home = Home.current()
    run_id = args.run or runs.served_run(home)
    if run_id is None:
        raise RunError(
            "There is no default model to measure; build the demo (mirs demo), or give --run ID."
        )
    answer = bench.run(home, run_id, repeat=max(1, args.repeat))
    return answer, _text(answer)


def train(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Seconds per epoch and of a whole training."""
    from benchmarks import train as bench

    answer = bench.run(args.preset, epochs=max(1, args.epochs))
    return answer, _text(answer)


def lambdas(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Effect of the push and of the balance weight."""
    from benchmarks import lambdas as bench

    data = args.data.expanduser().resolve()
    answer = bench.run(Home.current(), data, args.seed, progress=console.progress)
    if args.figure:
        from benchmarks import lambda_figure

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
    """Distinct codes and order within each class."""
    from benchmarks import browsing as bench

    data = args.data.expanduser().resolve()
    answer = bench.run(
        Home.current(), data, args.preset, seeds=max(1, args.seeds), progress=console.progress
    )
    return answer, _text(answer)


def synthetic(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Speed of the generator, and how often its tiles classify real ones correctly."""
    from benchmarks import synthetic as bench

    real = args.real
    if real is None and os.environ.get("MIRS_TEST_DATA"):
        real = Path(os.environ["MIRS_TEST_DATA"]) / "ctx"
    home = Home.current()
    answer = bench.run(home, real=real, per_class=args.per_class, progress=console.progress)
    return answer, _text(answer)


def jobs(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """From the click on Start to the first epoch; a query beside a job."""
    from benchmarks import jobs as bench

    data = args.data.expanduser().resolve()
    answer = bench.run(Home.current(), data, max(1, args.repeat), progress=console.progress)
    return answer, _text(answer)


def app(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """From a click in a real browser to the new results."""
    from benchmarks import app as bench

    answer = bench.run(
        Home.current(), args.clicks, args.sessions, args.seconds, progress=console.progress
    )
    return answer, _text(answer)


def pages(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Time of each page in a real browser, and memory of the server."""
    from benchmarks import pages as bench

    answer = bench.run(
        Home.current(), max(1, args.clicks), tuple(args.skip), progress=console.progress
    )
    return answer, _text(answer)


def space(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """The projections of the hash space in a real browser."""
    from benchmarks import space as bench

    repeat = max(1, args.repeat)
    if args.archive:
        answer = bench.run_archive(Home.current(), args.archive, repeat, console.progress)
    else:
        answer = bench.run(Home.current(), args.tiles, repeat, args.many, progress=console.progress)
    return answer, _text(answer)


def kills(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """What is lost when processes are killed, a disk fills up or a clock jumps."""
    from benchmarks import kills as bench

    data = args.data.expanduser().resolve() if args.data else None
    counts = max(0, args.jobs), max(0, args.apps)
    answer = bench.run(data, *counts, args.seed, progress=console.progress)
    return answer, bench.text(answer)


def mutations(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """What damaged and hostile files do to import, cutting and search."""
    from benchmarks import mutations as bench

    answer = bench.run(
        max(1, args.n),
        args.formats,
        args.seed,
        real=args.real.expanduser() if args.real else None,
        faults=args.faults,
        progress=console.progress,
    )
    return answer, bench.text(answer)


def landforms(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Accuracy of votes on validation tiles by k, weighting and rules for sure votes."""
    from benchmarks import landforms as bench

    answer = bench.run(Home.current(), args.run, progress=console.progress)
    tables = [
        markdown(list(rows[0]), [[number(v) if isinstance(v, float | None) else str(v)
                                  for v in row.values()] for row in rows])
        for rows in (answer["votes"], answer["rules"])
    ]  # fmt: skip
    return answer, "\n\n".join([f"{answer['tiles']} validation tiles", *tables])


def strip(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """A large raster cut into tiles, killed, resumed and archived."""
    from benchmarks import strip as bench

    home = Home.current()
    if args.size < 1000:
        raise RunError(f"--size is {args.size}; give at least 1000.")
    run_id = None if args.no_index else args.run or runs.served_run(home)
    answer = bench.run(home, run_id, args.size, args.virtual, progress=console.progress)
    return answer, _text(answer)


def _text(answer: dict[str, Any]) -> str:
    return "\n".join(f"{name:<36} {value}" for name, value in _flat(answer))


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as ``vote.test.micro``, one per line; the innermost objects stay together."""
    for name, entry in value.items():
        if not isinstance(entry, dict):
            yield above + name, str(entry)
        elif any(isinstance(inner, dict) for inner in entry.values()) or not above:
            yield from _flat(entry, f"{above}{name}.")
        else:
            yield above + name, ", ".join(f"{key} {inner}" for key, inner in entry.items())


def add_verbs(group: Any) -> None:
    """Adds every benchmark to the verb group ``bench``."""
    query_verb = verb(group, "query", query, "from JPEG bytes to ranked ids")
    query_verb.add_argument(
        "--run", metavar=RUN, type=RunName, help="a finished run (default: the default model)"
    )
    query_verb.add_argument("--repeat", type=int, default=50, metavar="N")
    encode_verb.add(group)
    shift_verb.add(group)
    describe_verb.add(group)
    labels_verb.add(group)
    train_verb = verb(group, "train", train, "training time of a head, at the size of DoMars16k")
    train_verb.add_argument("--preset", default="mirs", metavar="NAME", help=", ".join(PRESETS))
    train_verb.add_argument("--epochs", type=int, default=100, metavar="N")
    lambdas_verb = verb(group, "lambdas", lambdas, "the effect of lambda1 and lambda2 on codes")
    lambdas_verb.add_argument("--data", type=Path, metavar="DIR", required=True)
    lambdas_verb.add_argument("--seed", type=int, default=0, metavar="N")
    lambdas_verb.add_argument("--figure", type=Path, metavar="FILE.svg", help="also draw a figure")
    browsing_verb = verb(group, "browsing", browsing, "distinct codes and order within a class")
    browsing_verb.add_argument("--data", type=Path, metavar="DIR", required=True)
    browsing_verb.add_argument("--preset", default="mirs-best", metavar="NAME")
    browsing_verb.add_argument("--seeds", type=int, default=5, metavar="N")
    landforms_verb = verb(
        group, "landforms", landforms, "how many tiles should vote on a landform estimate"
    )
    landforms_verb.add_argument(
        "--run",
        metavar=RUN,
        type=RunName,
        required=True,
        action="append",
        help="repeat for several seeds",
    )
    _add_verbs_of_the_app(group)


def _add_space(group: Any) -> None:
    space_verb = verb(group, "space", space, "the projections of the hash space in a real browser")
    space_verb.add_argument("--tiles", type=int, default=16_150)
    space_verb.add_argument("--repeat", type=int, default=10)
    space_verb.add_argument(
        "--many", type=int, default=1_000_000, help="points in the projection without tiles"
    )
    space_verb.add_argument(
        "--archive", type=int, metavar="N", help="a synthetic archive of N tiles instead"
    )


def _add_verbs_of_the_app(group: Any) -> None:
    app_verb = verb(group, "app", app, "from a click in a real browser to the new results")
    app_verb.add_argument("--clicks", type=int, default=30, metavar="N")
    app_verb.add_argument(
        "--sessions", type=int, default=5, metavar="N", help="number of simultaneous browsers"
    )
    app_verb.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="duration of these sessions"
    )
    pages_verb = verb(group, "pages", pages, "time of each page, and memory of the server")
    pages_verb.add_argument("--clicks", type=int, default=30, metavar="N")
    pages_verb.add_argument("--skip", nargs="+", default=(), metavar="PAGE", help="not these")
    jobs_verb = verb(group, "jobs", jobs, "from the click on Start to the first epoch")
    jobs_verb.add_argument("--data", type=Path, metavar="DIR", required=True)
    jobs_verb.add_argument("--repeat", type=int, default=5, metavar="N")
    synthetic_verb = verb(group, "synthetic", synthetic, "speed and realism of the synthetic tiles")
    synthetic_verb.add_argument(
        "--real", type=Path, metavar="DIR", help="real CTX tiles with 15 classes"
    )
    synthetic_verb.add_argument("--per-class", type=int, default=80, metavar="N")
    _add_space(group)
    kills_verb = verb(group, "kills", kills, "kill jobs and apps, and count the losses")
    kills_verb.add_argument("--data", type=Path, metavar="DIR", help="a small data set to train on")
    kills_verb.add_argument(
        "--jobs", type=int, default=50, metavar="N", help="how many times to kill a job"
    )
    kills_verb.add_argument(
        "--apps", type=int, default=20, metavar="N", help="how many times to kill an app"
    )
    kills_verb.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the moments")
    mutations_verb = verb(group, "mutations", mutations, "open damaged files, and count the faults")
    mutations_verb.add_argument(
        "--n", type=int, default=300, metavar="N", help="how many files of each format"
    )
    mutations_verb.add_argument(
        "--formats", nargs="+", default=(), metavar="FORMAT", help="only these"
    )
    mutations_verb.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the edits"
    )
    mutations_verb.add_argument(
        "--real", type=Path, metavar="DIR", help="also mutate the tiles and rasters in this folder"
    )
    mutations_verb.add_argument(
        "--faults", type=Path, metavar="DIR", help="keep files at fault here, with what happened"
    )
    scale.add_verb(group)
    strip_verb = verb(group, "strip", strip, "cut, kill, resume and archive a large raster")
    strip_verb.add_argument(
        "--run", metavar=RUN, type=RunName, help="a finished run (default: the default model)"
    )
    strip_verb.add_argument("--size", type=int, default=20_000, metavar="N", help="pixels per side")
    strip_verb.add_argument("--no-index", action="store_true", help="do not archive the tiles")
    strip_verb.add_argument("--virtual", action="store_true", help="archive virtual tiles, too")
