"""A finished run as one file, to take to another machine.

The file is a zip that holds ``manifest.json`` and the run's own files, each with its SHA-256 and
none of them pickled. Tiles are not in it: the run remembers where its data set stood. Whatever
comes in is taken as hostile, and a run gets its name only after it was opened once.
"""

from mirs_core.exchange.run_files.layout import SUFFIX
from mirs_core.exchange.run_files.packing import export_run, write_export
from mirs_core.exchange.run_files.unpacking import import_run

__all__ = ["SUFFIX", "export_run", "import_run", "write_export"]
