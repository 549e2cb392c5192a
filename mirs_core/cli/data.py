"""``data describe`` and ``data synthetic``."""

import argparse
import time
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.datasets.scanning import scan_cached
from mirs_core.errors import DataError
from mirs_core.mars.landforms import describe as landform
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home


def describe(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Splits, classes, duplicates and unreadable files of a folder."""
    manifest = scan_cached(Home.current(), args.folder, console.progress)
    answer: dict[str, Any] = {
        "name": manifest.card.name,
        "title": manifest.card.title,
        "tiles": len(manifest.tiles),
        "labelled": manifest.labelled,
        "splits": manifest.splits,
        "classes": manifest.classes,
        "distractors": list(manifest.card.distractors),
        "duplicates": [list(pair) for pair in manifest.duplicates],
        "unreadable": [{"path": bad.path, "why": bad.why} for bad in manifest.unreadable],
        "strips": manifest.strips,
    }
    splits = ", ".join(f"{name or 'unsplit'} {n}" for name, n in answer["splits"].items())
    lines = [
        f"{answer['title'] or answer['name']}: {answer['tiles']} tiles ({splits})",
        f"strips known: {answer['strips']}   duplicates: {len(answer['duplicates'])}"
        f"   unreadable: {len(answer['unreadable'])}",
    ]
    if answer["classes"]:
        rows = [
            [label, landform(label).name, str(n), "distractor" * (label in answer["distractors"])]
            for label, n in answer["classes"].items()
        ]
        lines += ["", table(["class", "landform", "tiles", ""], rows)]
    lines += [f"duplicate: {first} = {second}" for first, second in answer["duplicates"]]
    lines += [f"unreadable: {bad['path']}: {bad['why']}" for bad in answer["unreadable"]]
    return answer, "\n".join(lines)


def synthetic(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Writes the synthetic data set."""
    from mirs_core.datasets.synthetic import generate

    if args.per_class < 1:
        raise DataError(f"--per-class is {args.per_class}; give at least 1.")
    if args.folder.exists() and (not args.folder.is_dir() or any(args.folder.iterdir())):
        raise DataError(f"{args.folder} is there already and not empty; name a new folder.")
    started = time.perf_counter()
    generate(args.folder, per_class=args.per_class, seed=args.seed, progress=console.stoppable)
    seconds = round(time.perf_counter() - started, 2)
    answer = {"folder": str(args.folder), "tiles": 15 * args.per_class, "seed": args.seed}
    text = f"{answer['tiles']} synthetic tiles in {args.folder} ({seconds} s)"
    return {**answer, "seconds": seconds}, text
