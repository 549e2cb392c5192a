"""The data sets known on this machine: those of the runs, and folders in ``$MIRS_HOME/data``."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mirs_core.data.card import read_card
from mirs_core.errors import MirsError
from mirs_core.runs import RunSummary


@dataclass(frozen=True, slots=True)
class KnownData:
    """A data set whose tiles are here. Synthetic ones are called so wherever they are shown."""

    root: Path
    title: str
    synthetic: bool


def known_data(home: Path, runs: Iterable[RunSummary]) -> list[KnownData]:
    """The data sets that can be chosen without a path: those of usable runs first, each once.

    Folders that are gone are left out, and folders whose card cannot be read.
    """
    found: dict[Path, KnownData] = {}
    for run in runs:
        if run.usable and run.data_root.is_dir():
            root = run.data_root.resolve()
            found.setdefault(root, KnownData(root, run.data_title, run.synthetic))
    folder = home / "data"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        root = path.resolve()
        if root.is_dir() and not path.name.startswith(".") and root not in found:
            with contextlib.suppress(MirsError):
                card = read_card(root)
                found[root] = KnownData(root, card.title, card.synthetic)
    return list(found.values())
