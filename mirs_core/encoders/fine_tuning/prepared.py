"""A checked fine-tuning: data set, chosen tiles and base encoder become a new encoder."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets import scanning
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.encoders import fine_tuned_store
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.fine_tuned_store import labels_seen
from mirs_core.encoders.fine_tuning.result import FineTuned
from mirs_core.encoders.fine_tuning.selection import Selection, select
from mirs_core.encoders.fine_tuning.settings import FineTuneConfig
from mirs_core.encoders.loading import load_encoder
from mirs_core.errors import DataError, MirsError, StoppedError
from mirs_core.files import read_json, replace_file, slug, write_json
from mirs_core.progress import Progress
from mirs_core.system.provenance import environment
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunFolder

if TYPE_CHECKING:
    from mirs_core.encoders.fine_tuning.distributed import World
    from mirs_core.encoders.fine_tuning.loop import Trained
    from mirs_core.encoders.fine_tuning.objectives import Material


@dataclass(frozen=True, slots=True)
class PreparedFineTuning:
    """A checked fine-tuning that can start.

    ``inherited`` are the content hashes of tiles whose labels the base encoder was trained on.
    """

    config: FineTuneConfig
    manifest: Manifest
    items: Items
    selection: Selection
    base: Encoder
    inherited: frozenset[str]

    @classmethod
    def prepare(
        cls, home: Home, data: Path, config: FineTuneConfig, progress: Progress
    ) -> "PreparedFineTuning":
        """Scans the data set, chooses tiles and loads the base encoder; nothing is written.

        Raises:
            MirsError: the fine-tuning is impossible.
        """
        manifest = scanning.scan_cached(home, data, progress)
        items = scanning.order_tiles(manifest, config.seed, config.by_strip)
        selection = select(items, config.reads_labels, manifest.card.distractors)
        base = load_encoder(config.encoder, home)
        inherited = labels_seen(home, config.encoder)
        if count := len(inherited & items.contents_of(["archive", "test"])):
            raise DataError(
                f"{config.encoder} has seen labels of {count} tiles of this archive"
                " or test split; choose the seed it was trained with, or another encoder."
            )
        return cls(config, manifest, items, selection, base, inherited)

    def id(self, token: str) -> str:
        """The id of the new encoder; ``token`` makes it unique."""
        name = slug(self.manifest.card.name)
        return f"enc-{self.config.objective}-{name}-s{self.config.seed}-{token}"

    def write_request(self, run: RunFolder, name: str | None) -> None:
        """Writes ``request.json``: the settings and their origin. ``name`` is for people."""
        write_json(run.path / "request.json", self._request(run.id, name or run.id))

    def _request(self, encoder_id: str, name: str) -> dict[str, Any]:
        data_set = scanning.describe(self.manifest)
        return {
            "schema": fine_tuned_store.SCHEMA,
            "id": encoder_id,
            "name": name,
            "objective": self.config.objective,
            "base": self.config.encoder,
            "base_fingerprint": self.base.fingerprint,
            "architecture": self.base.architecture,
            "data": str(self.manifest.root),
            **data_set,
            "seed": self.config.seed,
            "by_strip": self.config.by_strip,
            "settings": self.config.to_json(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            **environment(),
        }

    def carry_out(
        self,
        home: Home,
        run: RunFolder,
        world: "World",
        progress: Progress,
        should_stop: Callable[[], bool],
    ) -> FineTuned:
        """Trains the encoder and stores it in ``run``; keeps the status file up to date.

        Raises:
            StoppedError: ``should_stop`` returned true.
            MirsError: the training failed.
        """
        from mirs_core.encoders.fine_tuning import loop, objectives

        started = time.perf_counter()
        checkpoint = run.path / "checkpoint.safetensors"
        with _status_of(run, world, checkpoint):
            objective = objectives.KINDS[self.config.objective](
                self.config, self._material(progress)
            )
            trained = loop.train(
                self.config,
                self.base,
                objective,
                world,
                checkpoint,
                lambda history: _write_progress(run, history),
                progress,
                should_stop,
            )
            record = self._record(trained, time.perf_counter() - started)
            if world.writes:
                self._keep(run, trained, record)
            world.wait()
        return FineTuned(
            encoder=run.id,
            objective=self.config.objective,
            base=self.config.encoder,
            data=self.manifest.card.name,
            seed=self.config.seed,
            epochs=record["epochs"],
            best_epoch=record["best_epoch"],
            validation=record["validation"],
            seconds=record["seconds"],
        )

    def _material(self, progress: Progress) -> "Material":
        from mirs_core.encoders.fine_tuning.objectives import Material
        from mirs_core.encoders.fine_tuning.tile_store import TileStore

        def store(rows: NDArray[np.int64]) -> TileStore:
            paths = [self.items.paths[row] for row in rows]
            contents = [self.items.contents[row] for row in rows]
            return TileStore(self.manifest.root, paths, contents, progress)

        selection = self.selection
        return Material(
            store(selection.train),
            store(selection.val),
            selection.numbers[selection.train],
            selection.numbers[selection.val],
            selection.classes,
        )

    def _record(self, trained: "Trained", seconds: float) -> dict[str, Any]:
        best = trained.history[trained.best_epoch - 1]
        return {
            "epochs": len(trained.history),
            "best_epoch": trained.best_epoch,
            "validation": dict(best["validation"]),
            "seconds": round(max(seconds, sum(line["seconds"] for line in trained.history)), 3),
            "labels_of": sorted({*self.selection.labels_of, *self.inherited}),
            "tiles": sorted({self.items.contents[row] for row in self.selection.train}),
        }

    def _keep(self, run: RunFolder, trained: "Trained", record: dict[str, Any]) -> None:
        """Writes weights and record; the record last, because it marks a complete encoder."""
        from safetensors.torch import save

        from mirs_core.encoders.weights import fingerprint, sha256_of

        weights = run.path / "weights.safetensors"
        data = save(trained.weights)
        replace_file(weights, lambda handle: handle.write(data))
        identity = {
            "sha256": sha256_of(weights),
            "fingerprint": fingerprint(weights, "fine-tuned", self.base.architecture),
        }
        request = read_json(run.path / "request.json")
        write_json(run.path / "encoder.json", {**request, **record, **identity})


def _write_progress(run: RunFolder, history: list[dict[str, Any]]) -> None:
    import json

    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in history)
    replace_file(run.progress, lambda handle: handle.write(text.encode()))


@contextlib.contextmanager
def _status_of(run: RunFolder, world: "World", checkpoint: Path) -> Iterator[None]:
    """Keeps the status file up to date during the block; only the first process writes."""

    def report(state: str, error: str | None = None) -> None:
        if world.writes:
            run.set_status(state, error)

    report("running")
    try:
        yield
    except StoppedError:
        report("stopped", "Stopped.")
        raise StoppedError(
            f"The fine-tuning was stopped and can be resumed; its id is {run.id}"
        ) from None
    except KeyboardInterrupt:
        report("stopped", "Interrupted.")
        raise
    except MirsError as error:
        report("failed", str(error))
        if world.writes and not checkpoint.is_file():
            shutil.rmtree(run.path, ignore_errors=True)
        raise
    except BaseException as error:
        report("failed", f"{type(error).__name__}: {error}")
        raise
    report("done")
    if world.writes:
        checkpoint.unlink(missing_ok=True)
