"""``runs export`` and ``runs import``."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def export(args: argparse.Namespace, console: Console) -> Answer:
    """Writes a finished run to one file."""
    from mirs_core.exchange import exported_runs

    path = exported_runs.save_run(Home.current(), args.id, args.file)
    size = path.stat().st_size
    answer = {"run": args.id, "file": str(path), "bytes": size}
    return answer, f"{args.id} is in {path} ({size / 1e6:.1f} MB); its tiles are not included."


def import_(args: argparse.Namespace, console: Console) -> Answer:
    """Imports a run that was exported, here or elsewhere."""
    from mirs_core.exchange import exported_runs

    home = Home.current()
    run_id = exported_runs.load_run(home, args.file.expanduser(), args.id)
    root = runs.folder(home, run_id).config().archive_root
    text = f"{run_id} is imported. Its tiles are expected in {root}."
    return {"run": run_id, "data": root}, text
