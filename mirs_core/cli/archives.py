"""``archive add``, ``remove``, ``export`` and ``import``."""

import argparse
import time
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.datasets import importing
from mirs_core.errors import DataError
from mirs_core.exchange import parquet_archives
from mirs_core.pipeline import growing
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]
_MOST_BYTES = 256_000_000


def add(args: argparse.Namespace, console: Console) -> Answer:
    """Archives what the data set of a run has got since, or tiles of another folder with it."""
    started, home = time.perf_counter(), Home.current()
    run = runs.folder(home, args.run)
    run.check_usable("can grow")
    if args.data is not None:
        root = Path(run.config().archive_root)
        came = importing.import_into(
            home, args.data, root, importing.FolderDescription(), console.stoppable
        )
        for note in came.notes:
            console.note(note)
    grown = growing.add(
        home, args.run, keep=args.keep, again=args.again, progress=console.stoppable
    )
    return _answer(grown, started)


def remove(args: argparse.Namespace, console: Console) -> Answer:
    """Takes tiles out of an archive."""
    started, home = time.perf_counter(), Home.current()
    tiles = args.tile or _listed(args.list)
    grown = growing.remove(home, args.run, tiles, keep=args.keep, progress=console.progress)
    answer, text = _answer(grown, started)
    return answer, (
        f"{text}\nTheir files stay, and archive add leaves them out from now on; to take them back:"
        f" python -m mirs_core archive add --run {grown.run.id} --again"
    )


def export(args: argparse.Namespace, console: Console) -> Answer:
    """Writes an archive as a Parquet table."""
    made = parquet_archives.write_archive(Home.current(), args.run, args.file, console.progress)
    size = made.path.stat().st_size
    answer = {"run": args.run, "tiles": made.tiles, "bytes": size, "file": str(made.path)}
    return answer, f"{made.tiles:,} tiles of {args.run} are in {made.path} ({size / 1e6:.1f} MB)."


def import_(args: argparse.Namespace, console: Console) -> Answer:
    """Takes an archive out of a Parquet table."""
    run, tiles = parquet_archives.read_archive(
        Home.current(),
        args.file.expanduser(),
        args.run,
        data=args.data,
        name=args.name,
        progress=console.progress,
    )
    answer = {"run": run.id, "parent": args.run, "tiles": tiles, "file": str(args.file)}
    root = run.config().archive_root
    return answer, f"{tiles:,} tiles are archived as run {run.id}; it looks for them in {root}."


def _answer(grown: growing.Grown, started: float) -> Answer:
    answer = {
        "run": grown.run.id,
        "from": grown.before,
        "tiles": grown.tiles,
        "added": grown.added,
        "removed": grown.removed,
        "encoded": grown.encoded,
        "binned": grown.binned,
        "held_back": grown.held_back,
        "seconds": round(time.perf_counter() - started, 2),
    }
    lines = [
        f"{grown.tiles:,} tiles as run {grown.run.id}: {grown.added:,} added,"
        f" {grown.removed:,} removed, {grown.encoded:,} encoded ({answer['seconds']} s)"
    ]
    if grown.held_back:
        lines.append(f"{grown.held_back:,} that were removed earlier are left out (--again).")
    if grown.binned:
        lines.append(f"{grown.before} is in the bin (runs restore {grown.before}).")
    return answer, "\n".join(lines)


def _listed(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path} is larger than a list of tiles can be.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is no list of tiles in UTF-8; give one id a line.") from None
    return [line.strip() for line in lines if line.strip()]
