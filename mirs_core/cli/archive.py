"""``archive add``, ``check``, ``remove``, ``compact``, ``export`` and ``import``."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli import kind_verbs
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import add_run, verb, verbs_of
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import (
    archive_add,
    archive_check,
    archive_compact,
    archive_import,
    archive_remove,
)
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The group ``archive``."""
    verbs = verbs_of(parser)
    kind_verbs.add(verbs, archive_add.SPEC, lambda spec, answer: _text(answer))
    kind_verbs.add(verbs, archive_check.SPEC, _checked)
    kind_verbs.add(verbs, archive_remove.SPEC, _removed)
    kind_verbs.add(verbs, archive_compact.SPEC, lambda spec, answer: _text(answer))
    written = verb(verbs, "export", export, "write tiles and codes as one Parquet table")
    written.add_argument("file", type=Path, metavar="FILE.parquet")
    add_run(written)
    kind_verbs.add(verbs, archive_import.SPEC, _imported)


def export(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Writes an archive as a Parquet table."""
    from mirs_core.exchange import parquet_archives

    written = parquet_archives.write_archive(Home.current(), args.run, args.file, console.progress)
    size = written.path.stat().st_size
    answer = {
        "run": args.run,
        "tiles": written.tiles,
        "bytes": size,
        "file": str(written.path),
    }
    text = f"{written.tiles:,} tiles of {args.run} are in {written.path} ({size / 1e6:.1f} MB)."
    return answer, text


def _imported(spec: archive_import.ArchiveImport, answer: Answer) -> str:
    run_id, tiles = answer["run"], answer["tiles"]
    root = runs.folder(Home.current(), run_id).config().archive_root
    return f"{tiles:,} tiles are archived as run {run_id}; their images are expected in {root}."


def _checked(spec: archive_check.ArchiveCheck, answer: Answer) -> str:
    lines = [*answer["notes"]]
    if answer["changed"]:
        lines.append(f"To encode what has changed: mirs archive add --run {spec.run}")
    return "\n".join(lines)


def _removed(spec: archive_remove.ArchiveRemove, answer: Answer) -> str:
    return (
        f"{_text(answer)}\nTheir files stay. From now on archive add leaves them out; to restore"
        f" them: mirs archive add --run {answer['run']} --again"
    )


def _text(answer: Answer) -> str:
    lines = [
        f"{answer['tiles']:,} tiles as run {answer['run']}: {answer['added']:,} added,"
        f" {answer['removed']:,} removed, {answer['encoded']:,} encoded ({answer['seconds']} s)"
    ]
    if answer["held_back"]:
        lines.append(
            f"{answer['held_back']:,} tiles that were removed before are left out (--again)."
        )
    if answer["binned"]:
        before = answer["from"]
        lines.append(f"{before} is in the bin; restore it with: mirs runs restore {before}")
    return "\n".join(lines)
