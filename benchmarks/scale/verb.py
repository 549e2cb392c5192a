"""The verb ``bench scale``."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import RUN, RunName, verb
from mirs_core.errors import RunError
from mirs_core.workspace.home import Home


def scale(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Archives of synthetic codes from 10^4 to 10^8 tiles."""
    from benchmarks.scale import bench, making

    home = Home.current()
    if args.compare:
        from benchmarks.scale import comparing

        comparison = comparing.compare(home, args.run or making.default_run(home, console.progress))
        return comparison, comparing.text(comparison)
    if not args.n:
        raise RunError("Give the number of tiles: --n 1000000.")
    if any(n < 1000 for n in args.n):
        raise RunError(f"--n is {min(args.n)}; give at least 1000.")
    if args.evaluate < 0:
        raise RunError(f"--evaluate is {args.evaluate}; give a number of queries.")
    if args.make is None:
        if args.thumbnails:
            raise RunError("--thumbnails goes with --make DIR; measurements need no pictures.")
        answer = bench.run(
            home, args.n, args.run, args.archives, args.evaluate, progress=console.progress
        )
        if args.figure:
            from benchmarks.scale import figure

            figure.draw(answer, args.figure)
        return answer, bench.text(answer)
    if args.archives or args.figure or args.evaluate:
        raise RunError("--make only makes archives; measure them with --archives in another call.")
    run_ids = [
        making.make(
            home, args.run, args.make, n, thumbnails=args.thumbnails, progress=console.progress
        ).id
        for n in args.n
    ]
    answer = {"bench": "scale", "home": str(args.make.expanduser().resolve()), "runs": run_ids}
    return answer, f"made {', '.join(run_ids)} in {answer['home']}"


def add_verb(group: Any) -> None:
    """Adds ``scale`` to the verb group ``bench``."""
    scale_verb = verb(group, "scale", scale, "archives of 10^4 to 10^8 synthetic tiles")
    scale_verb.add_argument(
        "--n",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help="tiles; repeat for several sizes",
    )
    scale_verb.add_argument(
        "--run",
        metavar=RUN,
        type=RunName,
        help="whose model and clusters (default: the default model)",
    )
    scale_verb.add_argument(
        "--archives",
        type=Path,
        metavar="DIR",
        help="a home folder whose archives are measured, or kept if they have to be made",
    )
    scale_verb.add_argument(
        "--evaluate",
        type=int,
        default=0,
        metavar="QUERIES",
        help="also evaluate so many test tiles against each archive",
    )
    scale_verb.add_argument(
        "--compare", action="store_true", help="only compare synthetic codes with those of the run"
    )
    scale_verb.add_argument("--figure", type=Path, metavar="FILE.svg", help="also draw a figure")
    scale_verb.add_argument(
        "--make", type=Path, metavar="DIR", help="only make a home folder with such archives"
    )
    scale_verb.add_argument(
        "--thumbnails", action="store_true", help="with --make: a picture of each tile, 4 kB each"
    )
