"""``data download`` and ``data prepare``."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.datasets import download as fetching
from mirs_core.datasets.card import read_card
from mirs_core.datasets.walk import find_images, is_labelled
from mirs_core.errors import DataError
from mirs_core.pipeline import preparing
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def download(args: argparse.Namespace, console: Console) -> Answer:
    """Fetches a published data set, unless it is there."""
    started = time.perf_counter()
    source, folder = fetching.published_data_set(args.name), args.folder.expanduser().resolve()
    tiles = fetching.tiles_in(source, folder)
    answer: dict[str, Any] = {"data": source.name, "dir": str(folder)}
    if tiles is not None:
        text = f"{source.title} is there already: {tiles:,} tiles in {folder}"
        return {**answer, "tiles": tiles, "bytes": 0, "resumed_at": 0, "seconds": 0.0}, text
    found = _fetch(source, folder, args.yes, console)
    seconds = round(time.perf_counter() - started, 2)
    answer |= {"tiles": found.tiles, "bytes": found.bytes, "resumed_at": found.resumed_at}
    text = f"{source.title}: {found.tiles:,} tiles in {folder} ({seconds} s)"
    return {**answer, "seconds": seconds}, text


def prepare(args: argparse.Namespace, console: Console) -> Answer:
    """Fetches a data set where there is none, and trains what is missing of its models."""
    started = time.perf_counter()
    if args.folder is None:
        folder = _own_folder(args.name)
    else:
        source, folder = fetching.published_data_set(args.name), args.folder.expanduser().resolve()
        if not is_labelled(folder) and fetching.tiles_in(source, folder) is None:
            _fetch(source, folder, args.yes, console)
    home = Home.current()
    ids = preparing.prepare(home, folder, console.progress, console.should_stop)
    answer = {
        "data": read_card(folder).name,
        "dir": str(folder),
        "tiles": len(find_images(folder).paths),
        "runs": ids,
        "served": runs.served_run(home),
        "seconds": round(time.perf_counter() - started, 2),
    }
    return answer, f"Ready: {', '.join(ids)}. Look at them: make app"


def _own_folder(name: str) -> Path:
    folder = Path(name).expanduser().resolve()
    if not folder.is_dir():
        known = ", ".join(fetching.DATA_SETS)
        raise DataError(
            f"There is no folder {name}. Name a folder of your own, or a published set and where"
            f" it goes ({known})."
        )
    return folder


def _fetch(
    source: fetching.PublishedDataSet, folder: Path, agreed: bool, console: Console
) -> fetching.Fetched:
    file = fetching.remote_file(source)
    console.note(f"{source.title} into {folder}")
    console.note(f"licence   {source.licence}")
    console.note(f"cite      {source.citation}")
    console.note(f"download  {file.name}, {file.size / 1e6:,.1f} MB")
    if not (agreed or _agrees(console)):
        raise DataError("Nothing was downloaded; add --yes to download without being asked.")
    return fetching.fetch(source, file, folder, console.stoppable)


def _agrees(console: Console) -> bool:
    """Asks on the terminal; without one nobody can agree."""
    if not sys.stdin.isatty():
        return False
    console.note("Download it? [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
