"""``data import`` and ``data list``."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli import following
from mirs_core.cli.console import Console
from mirs_core.datasets import importing
from mirs_core.datasets import registry as known_data
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home


def import_(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Brings in a folder of somebody's own images."""
    following.check(args)
    home = Home.current()
    said = importing.FolderDescription(
        table=args.table,
        from_folders=args.labels_from_folders,
        name=args.name,
        title=args.title,
        instrument=args.instrument,
        metres_per_pixel=args.metres_per_pixel,
        licence=args.licence,
        citation=args.citation,
        credit=args.credit,
        source=args.source,
        synthetic=args.synthetic,
    )
    if args.to is not None:
        found = importing.import_into(home, args.folder, args.to, said, console.stoppable)
    elif args.copy:
        found = importing.import_copy(home, args.folder, said, console.stoppable)
    else:
        found = importing.import_in_place(home, args.folder, said, console.stoppable)
    answer = found.to_json()
    answer["runs"] = following.follow(args, Path(answer["dir"]), console)
    return answer, _text(answer)


def _text(answer: dict[str, Any]) -> str:
    lines = [
        f"{answer['data']}: {answer['tiles']:,} tiles in {answer['dir']}"
        f" ({answer['labelled']:,} with a label, {answer['placed']:,} with a place)",
    ]
    if answer["copied"]:
        lines.append(f"copied {answer['added']:,}, there already {answer['skipped']:,}")
    lines += answer["changed"]
    if answer["duplicates"]:
        lines.append(f"{answer['duplicates']:,} files are copies of others")
    if answer["unmatched"]:
        few = ", ".join(answer["unmatched"])
        lines.append(f"rows of the table that name no file: {answer['unmatched_rows']:,} ({few})")
    lines += [f"left out: {bad['path']}: {bad['why']}" for bad in answer["unreadable"]]
    return "\n".join([*lines, *answer["notes"]])


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """The data sets that are known on this machine."""
    answer = [one.to_json() for one in known_data.known_data_sets(Home.current())]
    rows = [
        [
            one["title"],
            *("?" if one[name] is None else f"{one[name]:,}" for name in _COUNTS),
            one["licence"],
            str(len(one["models"])),
            one["dir"] if one["there"] else f"{one['dir']} (gone)",
        ]
        for one in answer
    ]
    text = table(["data set", *_COUNTS, "licence", "models", "folder"], rows)
    return answer, text if answer else "No data sets yet; bring one in with: data import DIR"


_COUNTS = ("tiles", "labelled", "placed")
