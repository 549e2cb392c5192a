"""The verb group ``bench``: its benchmarks stand beside the library, in a checkout."""

import importlib
import importlib.util
from typing import Any

from mirs_core.cli.verbs import group


def add_bench(verbs: Any) -> None:
    """Adds ``bench`` with every benchmark, where the folder ``benchmarks`` is at hand."""
    if importlib.util.find_spec("benchmarks") is None:
        return
    benches = group(verbs, "bench", "measure this machine and this code")
    importlib.import_module("benchmarks.verbs").add_verbs(benches)
