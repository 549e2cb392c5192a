"""Exported runs: a finished run as one zip file that can be loaded on another machine.

The file holds ``manifest.json`` and the files of the run, each with its SHA-256; nothing is
pickled. It does not hold the tiles: the run remembers the folder of its data set. Every file is
treated as hostile, and a run gets its id only after it could be opened.
"""

from mirs_core.exchange.exported_runs.layout import SUFFIX
from mirs_core.exchange.exported_runs.loading import load_run
from mirs_core.exchange.exported_runs.saving import save_run, write_run

__all__ = ["SUFFIX", "load_run", "save_run", "write_run"]
