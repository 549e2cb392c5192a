"""``reproduce``: measures every cell of every table and rewrites the report as it grows."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirs_core.config.encoder import EncoderConfig
from mirs_core.datasets import scanning
from mirs_core.datasets.manifest import Manifest
from mirs_core.errors import ConfigError, DataError, MirsError, RunError
from mirs_core.experiments.reproduction import figures
from mirs_core.experiments.reproduction.cells import Bench
from mirs_core.experiments.reproduction.plan import FINE_TUNED, TABLES, Recipe, Table
from mirs_core.experiments.reproduction.report import SCHEMA, markdown, table_json
from mirs_core.files import read_json, replace_file, write_json
from mirs_core.progress import Progress, silent
from mirs_core.workspace.home import Home

_CHOSEN_ON = ("DoMars16k tiles with labels by eye", "HiRISE landmarks")
_PUBLISHED_DATA, _PUBLISHED_ENCODER = "domars16k", "densenet121-imagenet"


def reproduce(
    home: Home,
    data: Path,
    out: Path,
    *,
    seeds: int = 5,
    encoder: str = "",
    tables: Sequence[str] = (),
    progress: Progress = silent,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Measures the published tables on a data set; returns the report that is written to ``out``.

    ``out`` gets ``report.json``, ``report.md``, one figure per table, and ``cells/`` with one file
    for each recipe and seed: these are never computed again, so an interrupted reproduction
    resumes where it stopped. Runs are measured and deleted; fine-tuned encoders stay in ``home``.

    Args:
        seeds: number of seeds, counted from 0.
        encoder: for rows that do not name one; empty for the default.
        tables: keys of the tables to measure; empty for all. The report always shows all tables,
            with what has been measured.
        should_stop: called before each cell.

    Raises:
        MirsError: there is no such table, or the data set has nothing to measure.
    """
    chosen = _chosen(tables)
    if seeds < 1:
        raise ConfigError(f"The number of seeds is {seeds}; it must be at least 1.")
    manifest = scanning.scan_cached(home, data, progress)
    name = encoder or EncoderConfig().name
    check_measurable(manifest)
    try:
        (out / "cells").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"{out} cannot be written: {error.strerror}. Choose another folder."
        ) from None
    distractors = tuple(manifest.card.distractors)
    bench = Bench(home, manifest.root, manifest.digest, distractors, out / "cells", name, progress)
    work = _Work(bench, manifest, out, range(seeds))
    work.carry_out(chosen, progress, should_stop)
    return work.write()


def _chosen_where(title: str, encoder: str) -> str:
    """Where the recipes of the presets come from, and what that means for these results."""
    if title in _CHOSEN_ON and encoder == EncoderConfig().name:
        return (
            "Recipes were chosen on this data set, by cross-validation within training half and"
            " validation. The test split took no part; tiles that are in the archive at one seed"
            " did, with their labels, at others."
        )
    return (
        f"Nothing was chosen on these tiles with this encoder: recipes come from"
        f" {' and '.join(_CHOSEN_ON)}, with {EncoderConfig().name}."
    )


def check_measurable(manifest: Manifest) -> None:
    """Refuses a data set without a query.

    Raises:
        DataError: no labelled test tile, or only of classes that are never queried.
    """
    queried = {tile.label for tile in manifest.tiles if tile.split == "test"} - {None}
    if not queried - set(manifest.card.distractors):
        raise DataError(
            f"{manifest.root} has no test/<class>/ with tiles to query: nothing can be measured."
        )


def _chosen(tables: Sequence[str]) -> list[Table]:
    keys = [table.key for table in TABLES]
    if unknown := set(tables) - set(keys):
        raise ConfigError(
            f"There is no table {', '.join(sorted(unknown))}; choose some of {', '.join(keys)}."
        )
    return [table for table in TABLES if not tables or table.key in tables]


def _recipes(tables: Sequence[Table]) -> list[Recipe]:
    return list(dict.fromkeys(row.recipe for table in tables for row in table.rows))


def _name(recipe: Recipe) -> str:
    return " ".join([recipe.preset, *recipe.changes, recipe.encoder]).strip()


class _Work:
    """One reproduction: the cells that are measured so far, and the failures."""

    def __init__(self, bench: Bench, manifest: Manifest, out: Path, seeds: range) -> None:
        self.bench, self.manifest, self.out, self.seeds = bench, manifest, out, seeds
        self.cells: dict[Recipe, dict[int, dict[str, Any]]] = defaultdict(dict)
        self.failed = self._earlier_failures()

        for recipe, seed in itertools.product(_recipes(TABLES), seeds):
            if bench.known(recipe, seed):
                self._measure(recipe, seed)

    def carry_out(
        self, tables: Sequence[Table], progress: Progress, should_stop: Callable[[], bool]
    ) -> None:
        """Measures what is missing of ``tables``, seed by seed, and writes as it goes."""
        recipes = _recipes(tables)
        for recipe in recipes:
            self.failed.pop(recipe, None)
        # Fine-tuned encoders come last, so that the other rows appear soon.
        recipes.sort(key=lambda recipe: recipe.encoder in FINE_TUNED)
        plan = [(recipe, seed) for recipe in recipes for seed in self.seeds]
        for done, (recipe, seed) in enumerate(plan):
            if should_stop():
                return
            progress(f"{_name(recipe)}, seed {seed}", done, len(plan))
            if recipe in self.failed or seed in self.cells[recipe]:
                continue
            self._measure(recipe, seed)
            if seed == self.seeds[-1]:
                self.write()
        progress("Reproduced", len(plan), len(plan))

    def _measure(self, recipe: Recipe, seed: int) -> None:
        try:
            self.cells[recipe][seed] = self.bench.measure(recipe, seed)
        except MirsError as error:
            self.failed[recipe] = str(error)

    def _earlier_failures(self) -> dict[Recipe, str]:
        """Why recipes failed before; each is tried again in its turn."""
        path = self.out / "failed.json"
        reasons = read_json(path) if path.is_file() else {}
        recipes = {_name(recipe): recipe for recipe in _recipes(TABLES)}
        return {recipes[name]: str(why) for name, why in dict(reasons).items() if name in recipes}

    def write(self) -> dict[str, Any]:
        """Writes the report so far, as JSON, Markdown and figures below ``out``."""
        report = self._report()
        failed = {_name(recipe): why for recipe, why in self.failed.items()}
        write_json(self.out / "failed.json", failed)
        write_json(self.out / "report.json", report)
        text = markdown(report).encode()
        replace_file(self.out / "report.md", lambda handle: handle.write(text))
        for table in report["tables"]:
            figures.draw(table, report["title"], self.out / f"{table['key']}.svg")
        return report

    def _report(self) -> dict[str, Any]:
        card = self.manifest.card
        return {
            "schema": SCHEMA,
            "data": card.name,
            "title": card.title,
            "synthetic": card.synthetic,
            "manifest": self.manifest.digest,
            "seeds": len(self.seeds),
            "encoder": self.bench.encoder,
            "command": self._command(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "notes": self._notes(),
            "tables": [table_json(table, self.cells, self.seeds, self.failed) for table in TABLES],
        }

    def _command(self) -> str:
        words = ["mirs reproduce --data", self.manifest.root.name, "--out DIR"]
        words.append(f"--seeds {len(self.seeds)}")
        if self.bench.encoder != EncoderConfig().name:
            words.append(f"--encoder {self.bench.encoder}")
        return " ".join(words)

    def _notes(self) -> list[str]:
        name, encoder = self.manifest.card.name, self.bench.encoder
        notes = [
            _chosen_where(self.manifest.card.title, encoder),
            "Source and target of the whitening are halves of the same data set here, as in 2021.",
        ]
        if _PUBLISHED_DATA not in name.lower().replace("-", ""):
            comparability = (
                "No row is comparable with its published number: the tiles are those of"
                f" {self.manifest.card.title}, not of DoMars16k."
            )
        elif encoder != _PUBLISHED_ENCODER:
            comparability = (
                "Rows that name DenseNet121 or mirs-2021 are comparable with their published number"
                f" (column divisor hits); the others are not: their encoder is {encoder}."
            )
        else:
            comparability = "Compare the column divisor hits with the published one."
        return [comparability, *notes]
