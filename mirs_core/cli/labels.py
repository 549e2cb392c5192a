"""``data label`` and ``data labels``: labels are corrected, listed, undone and exported."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb
from mirs_core.errors import DataError
from mirs_core.files import replace_file
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]
_MOST = 30


def add_verbs(verbs: Any) -> None:
    """The verbs of ``data`` that are about labels."""
    label = verb(verbs, "label", correct, "correct labels of a data set, or undo a correction")
    label.add_argument("data", metavar="DATA", help="folder, name or title of the data set")
    label.add_argument("tile", nargs="*", metavar="TILE", help="id of a tile in it")
    what = label.add_mutually_exclusive_group(required=True)
    what.add_argument("--as", dest="label", metavar="CLASS", help="the label that the tiles get")
    what.add_argument("--none", action="store_true", help="take the label of the tiles away")
    what.add_argument("--table", type=Path, metavar="FILE", help="labels from a table, by path")
    what.add_argument("--merge", action="store_true", help="merge labels that differ only in case,"
                      " blanks, underscores or hyphens")  # fmt: skip
    what.add_argument("--undo", nargs="+", metavar="ID", help="undo corrections")
    label.add_argument("--by", metavar="NAME", help="who corrects; by default your login name")
    label.add_argument("--note", metavar="TEXT", default="", help="why")
    labels = verb(verbs, "labels", list_corrections, "the corrected labels of a data set")
    labels.add_argument("data", metavar="DATA", help="folder, name or title of the data set")
    labels.add_argument("--all", action="store_true", help="also those that were undone")
    labels.add_argument("--out", type=Path, metavar="FILE", help="write them as a CSV table")
    labels.add_argument(
        "--into-table", action="store_true", help="also write them to tiles.csv beside the images"
    )


def correct(args: argparse.Namespace, console: Console) -> Answer:
    """Corrects labels, or undoes corrections."""
    from mirs_core.datasets import label_corrections, registry
    from mirs_core.datasets.scanning import scan_cached

    home = Home.current()
    root, by = registry.root_of(home, args.data), args.by or label_corrections.this_person()
    if args.undo:
        done = label_corrections.undo(home, root, args.undo, by=by)
    else:
        manifest = scan_cached(home, root, console.progress)
        labels = _labels(args, manifest)
        done = label_corrections.correct(home, root, manifest.tiles, labels, by=by, note=args.note)
    confirmed = sum(correction.confirms for correction in done)
    answer = {
        "dir": str(root),
        "batch": done[0].batch if done and not args.undo else None,
        "corrected": 0 if args.undo else len(done) - confirmed,
        "confirmed": 0 if args.undo else confirmed,
        "undone": len(done) if args.undo else 0,
        "corrections": [_json(correction) for correction in done],
    }
    if args.undo:
        return answer, f"{len(done):,} corrections undone"
    if not done:
        return answer, "No labels differ in spelling only; nothing was changed."
    return answer, (
        f"{answer['corrected']:,} labels corrected, {confirmed:,} confirmed; undo with:"
        f" mirs data label {args.data} --undo {answer['batch']}"
    )


def _labels(args: argparse.Namespace, manifest: Any) -> dict[str, str | None]:
    """The label that each tile is to have."""
    from mirs_core.datasets.importing import merged_spellings, table_labels

    if args.table:
        return table_labels(args.table, manifest)
    if args.merge:
        return merged_spellings(manifest)
    if not args.tile:
        raise DataError("Name at least one tile, by its path in the data set.")
    return dict.fromkeys(args.tile, None if args.none else args.label)


def list_corrections(args: argparse.Namespace, console: Console) -> Answer:
    """The corrected labels of a data set, and the archives that were made before."""
    from mirs_core.datasets import label_corrections, registry
    from mirs_core.datasets.importing import write_corrections
    from mirs_core.exchange.label_table import label_table

    home = Home.current()
    root = registry.root_of(home, args.data)
    log = label_corrections.read_log(home, root)
    in_force = list(label_corrections.current(home, root).values())
    listed = log if args.all else in_force
    answer: dict[str, Any] = {
        "dir": str(root),
        "corrections": [_json(correction) for correction in listed],
        "models": _outdated(home, root),
    }
    rows = [
        [c.id, c.tile, c.before or "-", c.label or "-", c.by, c.at, "undone" * c.undone]
        for c in listed[-_MOST:]
    ]
    head = ["id", "tile", "before", "label", "by", "at (UTC)", ""]
    lines = [table(head, rows) if rows else f"No label of {root} was corrected."]
    if len(listed) > _MOST:
        lines.append(f"The last {_MOST} of {len(listed):,}; all of them: --out FILE, or --json")
    lines += [
        f"{model['run']}: {model['differing']:,} labels were corrected since it was archived;"
        f" take them over with: mirs archive add --run {model['run']}"
        for model in answer["models"]
    ]
    if args.out:
        data = label_table(listed)
        replace_file(args.out, lambda handle: handle.write(data))
        answer["out"] = str(args.out)
        lines.append(f"Written to {args.out}")
    if args.into_table:
        answer["written"], lines_of_table = write_corrections(home, root)
        lines += lines_of_table
    return answer, "\n".join(lines)


def _outdated(home: Home, root: Path) -> list[dict[str, Any]]:
    """The archives of a data set that hold labels which were corrected since."""
    from mirs_core.datasets.label_corrections import differing
    from mirs_core.datasets.stored_items import read_items
    from mirs_core.workspace import runs

    usable = [run for run in runs.list_runs(home) if run.usable and run.data_root == root]
    counts = {
        run.id: len(differing(home, root, read_items(runs.folder(home, run.id)))) for run in usable
    }
    return [{"run": run, "differing": count} for run, count in counts.items() if count]


def _json(correction: Any) -> dict[str, Any]:
    names = ("id", "tile", "before", "label", "by", "at", "note", "batch", "undone")
    return {name: getattr(correction, name) for name in names}
