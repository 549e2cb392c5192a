"""Cells: one recipe at one seed, measured once and kept as a file."""

import hashlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mirs_core import __version__, encoding, pipeline, presets, runs
from mirs_core import config as configs
from mirs_core.encoders import list_encoders
from mirs_core.encoders.fine_tuned import record_of
from mirs_core.errors import DataError, MirsError, RunError
from mirs_core.files import read_json, write_json
from mirs_core.finetuning import configure, fine_tune
from mirs_core.progress import Progress, silent
from mirs_core.reproduction.plan import FINE_TUNED, Recipe
from mirs_core.search import Searcher

_QUERIES, _WARM_UPS = 20, 3


@dataclass(frozen=True, slots=True)
class Bench:
    """Where cells are measured: a data set, and the folder that keeps what was found.

    ``encoder`` is that of every recipe that names none; ``digest`` names the state of the data set.
    """

    home: Path
    data: Path
    digest: str
    cells: Path
    encoder: str
    progress: Progress = silent
    _weights: dict[str, str] = field(default_factory=dict)

    def config(self, recipe: Recipe, seed: int) -> configs.RunConfig:
        """The configuration of a recipe at a seed; trains its encoder where that is missing."""
        name = recipe.encoder or self.encoder
        if name in FINE_TUNED:
            name = self._finished_encoder(name, seed) or self._fine_tune(name, seed)
        return presets.from_preset(
            recipe.preset, data=str(self.data), seed=seed, encoder=name, changes=recipe.changes
        )

    def measure(self, recipe: Recipe, seed: int) -> dict[str, Any]:
        """What a recipe does at a seed: from its file, or trained, measured and thrown away.

        Raises:
            MirsError: the recipe can't be carried out on this data set or machine.
        """
        return self._kept(self.config(recipe, seed), self._trained)

    def known(self, recipe: Recipe, seed: int) -> bool:
        """Whether a cell is measured already, so that nothing has to be trained for it."""
        name = recipe.encoder
        if name in FINE_TUNED and self._finished_encoder(name, seed) is None:
            return False
        try:
            return self._path(self.config(recipe, seed)).is_file()
        except MirsError:
            return False

    def _kept(
        self,
        config: configs.RunConfig,
        make: Callable[[configs.RunConfig], dict[str, Any]],
    ) -> dict[str, Any]:
        path = self._path(config)
        if path.is_file():
            value = read_json(path)
            if isinstance(value, dict) and "map_at_64" in value:
                return value
            raise RunError(f"{path} is damaged. Delete it; it will be measured again.")
        value = make(config)
        write_json(path, value)
        return value

    def _path(self, config: configs.RunConfig) -> Path:
        """One file for each configuration, state of the data set, weights and version."""
        name = config.encoder.name
        if name not in self._weights:
            self._weights[name] = encoding.encoder_for(self.home, config).fingerprint
        # Settings at their defaults say nothing, so a cell outlives a setting that is new.
        own, default = (_flat(made) for made in (config, configs.RunConfig()))
        changed = {setting: value for setting, value in own.items() if value != default[setting]}
        facts = [changed, self.digest, self._weights[name], __version__]
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        return self.cells / f"{config.preset}-s{config.seed}-{key}.json"

    def _trained(self, config: configs.RunConfig) -> dict[str, Any]:
        outcome = pipeline.prepare_and_train(self.home, config, progress=self.progress)
        run = runs.folder(self.home, outcome.run)
        try:
            if not run.metrics.is_file():
                raise DataError(
                    f"{self.data} has no labelled test tiles: there is nothing to reproduce."
                )
            found = read_json(run.metrics)
            if not found["per_query"]:
                raise DataError(f"No test tile of {self.data} has a relevant archive tile.")
            return {
                "config": config.to_json(),
                "map_at_64": found["map_at_64"],
                "per_query": found["per_query"],
                "archive_id": found["archive_id"],
                "archive_bytes": found["archive_bytes"],
                "n_archive": found["n_archive"],
                "epochs": outcome.epochs,
                "seconds": outcome.seconds,
                "epoch_seconds": _epoch_seconds(run),
                "query_seconds": _query_seconds(self.home, run.id),
            }
        finally:
            runs.delete(self.home, run.id)

    def _fine_tune(self, objective: str, seed: int) -> str:
        wanted = configure(objective, encoder=self.encoder, seed=seed)
        return fine_tune(self.home, self.data, wanted, progress=self.progress).encoder

    def _finished_encoder(self, objective: str, seed: int) -> str | None:
        """The id of the encoder fine-tuned on this data set at a seed, if there is one."""
        wanted = configure(objective, encoder=self.encoder, seed=seed).to_json()
        for one in list_encoders(self.home):
            if one.state != "done" or one.objective != objective or one.seed != seed:
                continue
            record = record_of(self.home, one.id)
            if record["settings"] == wanted and record["manifest"] == self.digest:
                return one.id
        return None


def _flat(config: configs.RunConfig) -> dict[str, Any]:
    """Every setting that decides what a run finds, by its name."""
    value = {"seed": config.seed}
    for group, item in configs.settings():
        value[f"{group}.{item.name}"] = getattr(getattr(config, group), item.name)
    return value


def _epoch_seconds(run: runs.RunFolder) -> float | None:
    if not run.progress.is_file():
        return None
    lines = [json.loads(line) for line in run.progress.read_text(encoding="utf-8").splitlines()]
    return statistics.median(line["seconds"] for line in lines) if lines else None


def _query_seconds(home: Path, run_id: str) -> float:
    """Median seconds from image bytes to 64 ranked ids, of tiles that nobody has encoded before."""
    searcher, taken = Searcher.open(home, run_id), []
    ids = searcher.items.ids
    for turn in range(_WARM_UPS + _QUERIES):
        data = searcher.image_path(ids[turn % len(ids)]).read_bytes() + b"\0"
        started = time.perf_counter()
        searcher.search(searcher.query_by_image(data, "tile"), 64)
        taken.append(time.perf_counter() - started)
    return float(np.median(taken[_WARM_UPS:]))
