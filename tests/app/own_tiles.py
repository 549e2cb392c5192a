"""A copy of a demo's tiles that a test may change."""

import json
import shutil
from pathlib import Path

from mirs_core.workspace.home import Home


def use_own_tiles(home: Home, folder: Path) -> None:
    """Copies the tiles of the runs in ``home``, which share one data set, and makes them use it."""
    for path in home.runs.glob("*/config.json"):
        config = json.loads(path.read_text())
        if not folder.exists():
            shutil.copytree(config["data"], folder)
        path.write_text(json.dumps({**config, "data": str(folder)}))
