"""``data describe``, ``list``, ``rename``, ``remove`` and ``restore``."""

import argparse
import shlex
from dataclasses import asdict
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb
from mirs_core.mars import landforms
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home


def add_verbs(verbs: Any) -> None:
    """The verbs of ``data`` that are about the list of data sets."""
    verb(verbs, "list", list_all, "the data sets on this computer")
    parser = verb(verbs, "rename", rename, "give a data set another title")
    parser.add_argument("data", metavar="DATA", help="folder, name or title of the data set")
    parser.add_argument("title", metavar="TITLE", help="an empty one restores its own title")
    parser = verb(
        verbs, "remove", remove, "take a data set and its models off the list; images are kept"
    )
    parser.add_argument("data", metavar="DATA", help="folder, name or title of the data set")
    parser = verb(verbs, "restore", restore, "restore a data set that was removed")
    parser.add_argument("data", metavar="DATA", help="folder or title of the data set")


def rename(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Gives a data set another title."""
    from mirs_core.datasets import registry, removal

    home = Home.current()
    root = registry.root_of(home, args.data)
    title = removal.rename(home, root, args.title)
    return {"dir": str(root), "title": title}, f"{root}: {title or 'its own title'}"


def remove(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Takes a data set off the list and its models to the bin."""
    from mirs_core.datasets import registry, removal

    home = Home.current()
    removed = removal.remove(home, registry.root_of(home, args.data))
    lines = [
        f"{removed.title} is off the list; {len(removed.runs)} of its models are in the bin",
        f"its images are in {removed.moved or removed.root}",
        f"restore it with: mirs data restore {shlex.quote(removed.root)}",
    ]
    return {**asdict(removed), "runs": list(removed.runs)}, "\n".join(lines)


def restore(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Restores a data set that was removed."""
    from mirs_core.datasets import removal

    removed = removal.restore(Home.current(), args.data)
    return {**asdict(removed), "runs": list(removed.runs)}, f"{removed.title} is restored."


def describe(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Splits, classes, duplicates and unreadable files of a folder."""
    from mirs_core.datasets.importing import spellings
    from mirs_core.datasets.scanning import scan_cached

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
        "passed_over": dict(sorted(manifest.passed_over.items())),
        "outside": manifest.outside,
        "spellings": [list(group) for group in spellings.variants(manifest.classes)],
    }
    splits = ", ".join(f"{name or 'unsplit'} {n}" for name, n in answer["splits"].items())
    lines = [
        f"{answer['title'] or answer['name']}: {answer['tiles']} tiles ({splits})",
        f"known strips: {answer['strips']}   duplicates: {len(answer['duplicates'])}"
        f"   unreadable: {len(answer['unreadable'])}",
    ]
    if answer["classes"]:
        rows = [
            [
                label,
                landforms.describe(label).name,
                str(n),
                "distractor" * (label in answer["distractors"]),
            ]
            for label, n in answer["classes"].items()
        ]
        lines += ["", table(["class", "landform", "tiles", ""], rows)]
    lines += [f"duplicate: {first} = {second}" for first, second in answer["duplicates"]]
    lines += [f"unreadable: {bad['path']}: {bad['why']}" for bad in answer["unreadable"]]
    lines += [*manifest.remarks, *spellings.notes(manifest.classes, {}, {})]
    return answer, "\n".join(lines)


def list_all(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], str]:
    """The data sets on this computer."""
    from mirs_core.datasets import registry

    answer = [data_set.to_json() for data_set in registry.known_data_sets(Home.current())]
    rows = [
        [
            row["title"],
            *("?" if row[name] is None else f"{row[name]:,}" for name in _COUNTS),
            row["licence"],
            str(len(row["models"])),
            row["dir"] if row["there"] else f"{row['dir']} (missing)",
        ]
        for row in answer
    ]
    text = table(["data set", *_COUNTS, "licence", "models", "folder"], rows)
    return (
        answer,
        text if answer else "There are no data sets yet; import one: mirs data import DIR",
    )


_COUNTS = ("tiles", "labelled", "placed")
