"""Cells: one recipe at one seed, measured once and kept as a file."""

import hashlib
import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import __version__
from mirs_core.config import presets
from mirs_core.config import settings as configs
from mirs_core.encoders import run_encoder
from mirs_core.encoders.fine_tuned_store import list_encoders, record_of
from mirs_core.encoders.fine_tuning import configure, fine_tune
from mirs_core.errors import MirsError, RunError
from mirs_core.experiments import comparison
from mirs_core.experiments.reproduction.plan import FINE_TUNED, Recipe
from mirs_core.files import read_json, write_json
from mirs_core.pipeline import training
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.latency import query_seconds
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_QUERIES = 20
_NO_MATTER = ("preset", "data")
"""What a configuration says beside its settings: the name, and a folder whose digest counts."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where cells are measured: a data set, and the folder that stores the results.

    ``encoder`` is used by every recipe that does not name one; ``digest`` identifies the state of
    the tiles; ``distractors`` are the classes that are never queried.
    """

    home: Home
    data: Path
    digest: str
    distractors: tuple[str, ...]
    cells: Path
    encoder: str
    progress: Progress = silent
    _weights: dict[tuple[str, str], str] = field(default_factory=dict)

    def measure(self, recipe: Recipe, seed: int) -> dict[str, Any]:
        """What a recipe does at a seed: from its file, or trained, measured and thrown away.

        Trains the recipe's encoder where that is missing.

        Raises:
            MirsError: the recipe can't be carried out on this data set or machine.
        """
        encoder = self._encoder(recipe, seed) or self._fine_tune(recipe.encoder, seed)
        config = self._config(recipe, seed, encoder)
        path = self._path(config)
        if not path.is_file():
            write_json(path, self._trained(config))
        value = read_json(path)
        if isinstance(value, dict) and "map_at_64" in value:
            return value
        raise RunError(f"{path} is damaged. Delete it; it will be measured again.")

    def known(self, recipe: Recipe, seed: int) -> bool:
        """Whether a cell is already measured, so that nothing has to be trained for it."""
        encoder = self._encoder(recipe, seed)
        if encoder is None:
            return False
        try:
            return self._path(self._config(recipe, seed, encoder)).is_file()
        except MirsError:
            return False

    def _encoder(self, recipe: Recipe, seed: int) -> str | None:
        """The name of a recipe's encoder; None if it has to be fine-tuned first."""
        if recipe.encoder in FINE_TUNED:
            return self._finished_encoder(recipe.encoder, seed)
        return recipe.encoder or self.encoder

    def _config(self, recipe: Recipe, seed: int, encoder: str) -> configs.RunConfig:
        return presets.from_preset(
            recipe.preset, data=str(self.data), seed=seed, encoder=encoder, changes=recipe.changes
        )

    def _path(self, config: configs.RunConfig) -> Path:
        """One file for each configuration, state of the data set, weights and version."""
        name = config.encoder.name, config.features.layers
        if name not in self._weights:
            self._weights[name] = run_encoder.encoder_for(self.home, config).fingerprint
        # Every value counts, so that a changed default is another cell; a configuration leaves out
        # added settings that are not used, so that one stays valid when a setting is added.
        values = {key: value for key, value in config.to_json().items() if key not in _NO_MATTER}
        state = [self.digest, sorted(self.distractors)]
        facts = [values, state, self._weights[name], __version__]
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        return self.cells / f"{config.preset}-s{config.seed}-{key}.json"

    def _trained(self, config: configs.RunConfig) -> dict[str, Any]:
        run = training.prepare(self.home, config, progress=self.progress)
        try:
            outcome = training.train(self.home, run, self.progress)
            metrics = comparison.metrics_of(run, config)
            return {
                "config": config.to_json(),
                "map_at_64": metrics["map_at_64"],
                "per_query": metrics["per_query"],
                "archive_id": metrics["archive_id"],
                "archive_bytes": metrics["archive_bytes"],
                "n_archive": metrics["n_archive"],
                "epochs": outcome.epochs,
                "seconds": outcome.seconds,
                "epoch_seconds": _epoch_seconds(run),
                "query_seconds": float(np.median(self._query_seconds(run))),
            }
        finally:
            runs.delete(self.home, run.id)

    def _query_seconds(self, run: runs.RunFolder) -> NDArray[np.float64]:
        return query_seconds(Searcher.open(self.home, run.id), _QUERIES)[:, 1]

    def _fine_tune(self, objective: str, seed: int) -> str:
        settings = configure(objective, encoder=self.encoder, seed=seed)
        return fine_tune(self.home, self.data, settings, progress=self.progress).encoder

    def _finished_encoder(self, objective: str, seed: int) -> str | None:
        """The id of the encoder fine-tuned on this data set at a seed, if there is one."""
        settings = configure(objective, encoder=self.encoder, seed=seed).to_json()
        for encoder in list_encoders(self.home):
            if encoder.state != "done" or encoder.objective != objective or encoder.seed != seed:
                continue
            record = record_of(self.home, encoder.id)
            if record["settings"] == settings and record["manifest"] == self.digest:
                return encoder.id
        return None


def _epoch_seconds(run: runs.RunFolder) -> float | None:
    if not run.progress.is_file():
        return None
    lines = [json.loads(line) for line in run.progress.read_text(encoding="utf-8").splitlines()]
    return statistics.median(line["seconds"] for line in lines) if lines else None
