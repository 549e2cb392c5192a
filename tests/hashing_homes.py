"""A home folder with a small hashing run, from which archives of synthetic tiles are made."""

from pathlib import Path

from fakes import write_dataset

from mirs_core.config import presets
from mirs_core.pipeline import training
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_LAYOUT = {"train": {"cra": 24, "rid": 16}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 4}}


def hashing_home(folder: Path, *, synthetic: bool = True) -> Home:
    """A home folder whose default model hashes into 32 bits; needs the fixture ``network``."""
    home = Home(folder)
    card = {"name": "tiny", "synthetic": synthetic}
    data = write_dataset(folder / "tiles", _LAYOUT, card=card)
    config = presets.from_preset("pca-sign", data=str(data), changes=("head.bits=32",))
    run_id = training.prepare_and_train(home, config).run
    runs.serve(home, run_id)
    return home
