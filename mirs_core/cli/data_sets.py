"""``data describe`` and ``data list``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.mars import landforms
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home


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
