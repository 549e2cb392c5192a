"""``bench mutations``: damaged and hostile files through import, cutting and search.

Mutants of sound files of every format are opened as the program opens them. Every act must end
with a complete result or with an error for people, without a traceback, a crash, 10 s without
progress or 2 GB of memory, and without anything half-written.
"""

import itertools
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.mutations import sandbox, worker
from benchmarks.mutations.documents import document_seeds
from benchmarks.mutations.edits import mutated
from benchmarks.mutations.images import SIDE, Pixels, image_seeds
from benchmarks.mutations.real import real_seeds
from benchmarks.mutations.seed import Seed
from benchmarks.mutations.structures import EDITS
from benchmarks.mutations.watch import Watch
from mirs_core.errors import RunError
from mirs_core.progress import Progress, silent
from mirs_core.system.tables import markdown

FAULTS = ("fault", "crash", "hang", "memory")
"""Results that count as faults."""

_TILES = 4
_COUNTED = ("done", "refused", "long", *FAULTS)


def run(
    count: int = 300,
    formats: Sequence[str] = (),
    seed: int = 0,
    real: Path | None = None,
    faults: Path | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Opens ``count`` mutants of each format in a process under watch.

    Args:
        formats: all if empty.
        seed: of the edits; a mutant depends on this, its format and its number alone.
        real: a folder of real tiles and rasters, which become seeds too; it is only read.
        faults: where mutants at fault are put, each with what happened.

    Raises:
        RunError: an unknown format, or the worker does not start.
    """
    with tempfile.TemporaryDirectory(prefix="mirs-mutations-") as folder:
        base = Path(folder)
        progress("Preparing", 0, 1)
        _prepare(base)
        seeds = _by_format(base, real)
        chosen = _chosen(formats, seeds)
        watch = Watch(base)
        rows = []
        try:
            for format in chosen:
                rows.append(_Row(format))
                for number in range(count):
                    progress(f"Opening mutants of {format}", number, count)
                    case = base / "case"
                    source, outcomes = _open(watch, seeds[format], case, number, seed)
                    if rows[-1].count(source, outcomes) and faults is not None:
                        _keep(case, faults / f"{format}-{seed}-{number}", outcomes)
                    shutil.rmtree(case, ignore_errors=True)
        finally:
            watch.close()
    table = [row.to_json() for row in rows]
    return {
        "bench": "mutations", "seed": seed, "mutants": count * len(rows),
        "faults": sum(row[name] for row in table for name in FAULTS), "rows": table,
    }  # fmt: skip


def text(answer: dict[str, Any]) -> str:
    """The table of an answer, and the faults."""
    columns = ["format", "mutants", *_COUNTED, "seconds_p50", "seconds_max", "peak_mb"]
    lines = [markdown(columns, [[str(row[name]) for name in columns] for row in answer["rows"]])]
    lines += [f"{row['format']}: {fault}" for row in answer["rows"] for fault in row["found"]]
    return "\n".join(lines)


class _Row:
    """The counts of a format; acts are counted, not mutants."""

    def __init__(self, format: str) -> None:
        self._format, self._mutants = format, 0
        self._results: dict[str, int] = defaultdict(int)
        self._seconds: list[float] = []
        self._peak = 0.0
        self._faults: list[str] = []

    def count(self, source: Seed, outcomes: dict[str, dict[str, Any]]) -> bool:
        """Adds the outcomes of a mutant; returns whether one is a fault."""
        self._mutants += 1
        before = len(self._faults)
        for act, outcome in outcomes.items():
            self._results[outcome["result"]] += 1
            self._seconds.append(outcome.get("seconds", 0.0))
            self._peak = max(self._peak, outcome.get("peak_mb", 0.0))
            if outcome["result"] in FAULTS:
                last = outcome["said"].strip().splitlines()[-1:]
                self._faults.append(
                    f"{outcome['result']} in {act}, mutant {self._mutants - 1} of"
                    f" {source.folder.name}/{source.file}: {''.join(last)[:200]}"
                )
        return len(self._faults) > before

    def to_json(self) -> dict[str, Any]:
        """The row; seconds are of one act."""
        return {
            "format": self._format, "mutants": self._mutants,
            **{name: self._results[name] for name in _COUNTED},
            "seconds_p50": round(statistics.median(self._seconds), 3) if self._seconds else None,
            "seconds_max": round(max(self._seconds), 2) if self._seconds else None,
            "peak_mb": round(self._peak),
            "found": self._faults,
        }  # fmt: skip


def _prepare(base: Path) -> None:
    words = [sys.executable, "-m", worker.__name__, str(base), "prepare"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RunError(f"The sandbox cannot be prepared: {' '.join(ended.stderr[-500:].split())}")


def _by_format(base: Path, real: Path | None) -> dict[str, list[Seed]]:
    tiles = [sandbox.relief(number, SIDE) for number in range(_TILES)]
    more: Iterable[Seed] = ()
    if real is not None:
        tiles = _real_tiles(real) or tiles
        more = real_seeds(base / "seeds" / "real", real)
    seeds: dict[str, list[Seed]] = defaultdict(list)
    folder = base / "seeds"
    for source in itertools.chain(
        image_seeds(folder, tiles), document_seeds(folder / "documents", base), more
    ):
        seeds[source.format].append(source)
    return dict(seeds)


def _real_tiles(real: Path) -> list[Pixels]:
    """The first tiles of the folder, grey and cut to the size of seeds."""
    tiles = []
    for path in sorted(real.rglob("*.jpg"))[::97][:_TILES]:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"))[:SIDE, :SIDE]
        if pixels.shape == (SIDE, SIDE):
            tiles.append(pixels)
    return tiles


def _chosen(formats: Sequence[str], seeds: dict[str, list[Seed]]) -> list[str]:
    unknown = sorted(set(formats) - set(seeds))
    if unknown:
        raise RunError(f"There is no format {unknown[0]!r}; choose of: {', '.join(seeds)}.")
    return [format for format in seeds if not formats or format in formats]


def _open(
    watch: Watch, seeds: list[Seed], case: Path, number: int, seed: int
) -> tuple[Seed, dict[str, dict[str, Any]]]:
    """Writes a mutant into the folder ``case`` and opens it there."""
    source = seeds[number % len(seeds)]
    rng = random.Random(f"{seed} {source.format} {number}")
    input = case / "mutant"
    shutil.copytree(source.folder, input)
    file = input / source.file
    file.write_bytes(mutated(file.read_bytes(), rng, EDITS[source.edits]))
    opened = input / source.opened if source.opened else input
    order = {
        "kind": source.kind, "file": str(opened), "case": str(case / "acts"), "number": number
    }  # fmt: skip
    (case / "acts").mkdir()
    return source, watch.open(order)


def _keep(case: Path, target: Path, outcomes: dict[str, dict[str, Any]]) -> None:
    sandbox.copied(case / "mutant", target)
    happened = [
        f"{act}: {outcome['result']}\n{outcome['said']}"
        for act, outcome in outcomes.items()
        if outcome["result"] in FAULTS
    ]
    (target / "what-happened.txt").write_text("\n\n".join(happened), encoding="utf-8")
