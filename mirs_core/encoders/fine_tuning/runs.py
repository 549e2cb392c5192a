"""The recipe of a fine-tuning: a data set, an encoder and an objective become a new encoder.

Labels are read of the training half and of validation only; of archive and test nothing but the
content hashes, so that copies of their tiles are left out of the training.
"""

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator
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
from mirs_core.encoders.fine_tuning.settings import FineTuneConfig, from_json
from mirs_core.encoders.loading import load_encoder
from mirs_core.errors import DataError, MirsError, RunError, StoppedError
from mirs_core.files import read_json, replace_file, slug, write_json
from mirs_core.progress import Progress, silent
from mirs_core.system.provenance import environment
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunFolder

if TYPE_CHECKING:
    from mirs_core.encoders.fine_tuning.distributed import World
    from mirs_core.encoders.fine_tuning.loop import Trained
    from mirs_core.encoders.fine_tuning.objectives import Material


@dataclass(frozen=True, slots=True)
class FineTuned:
    """What ``train-encoder`` reports. ``validation`` holds the figures of the kept epoch."""

    encoder: str
    objective: str
    base: str
    data: str
    seed: int
    epochs: int
    best_epoch: int
    validation: dict[str, float]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The object that ``train-encoder --json`` prints."""
        return {
            "encoder": self.encoder,
            "objective": self.objective,
            "from": self.base,
            "data": self.data,
            "seed": self.seed,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "validation": {name: round(value, 6) for name, value in self.validation.items()},
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """What may be learnt from: rows of the items, and class numbers where labels may be read.

    ``numbers`` (n,) is -1 where no label may be read; ``labels_of`` are the contents of the tiles
    whose labels are read.
    """

    train: NDArray[np.int64]
    val: NDArray[np.int64]
    numbers: NDArray[np.int64]
    classes: int
    labels_of: tuple[str, ...]


def select(items: Items, reads_labels: bool, distractors: Collection[str] = ()) -> Selection:
    """Chooses the tiles of a fine-tuning.

    Tiles whose content also stands in the archive or among the test queries are left out, and so
    are validation tiles that stand in the training half. With labels, tiles without one are left
    out, and validation tiles of distractors or of classes that are not trained.

    Raises:
        DataError: too little to learn from.
    """
    held = items.contents_of(["archive", "test"])
    train = [row for row in items.rows(["train"]) if items.contents[row] not in held]
    held |= {items.contents[row] for row in train}
    val = [row for row in items.rows(["val"]) if items.contents[row] not in held]
    numbers = np.full(len(items), -1, dtype=np.int64)
    if not reads_labels:
        if len(train) < 2:
            raise DataError("The training half has fewer than two tiles; add tiles to train/.")
        return Selection(_rows(train), _rows(val), numbers, 0, ())
    train = [row for row in train if items.labels[row] is not None]
    names = sorted({label for label in (items.labels[row] for row in train) if label is not None})
    if len(names) < 2:
        raise DataError(
            f"This objective learns from labels and needs at least two classes; the training half"
            f" has {len(names)}. Choose the objective simclr, which needs no labels, or add classes"
            " to train/."
        )
    queried = set(names) - set(distractors)
    val = [row for row in val if items.labels[row] in queried]
    place: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    for row in (*train, *val):
        numbers[row] = place[items.labels[row]]
    contents = sorted({items.contents[row] for row in (*train, *val)})
    return Selection(_rows(train), _rows(val), numbers, len(names), tuple(contents))


def _rows(rows: list[Any]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64)


def fine_tune(
    home: Home,
    data: Path,
    config: FineTuneConfig,
    *,
    name: str | None = None,
    progress: Progress = silent,
    should_stop: Callable[[], bool] = lambda: False,
) -> FineTuned:
    """Trains an encoder further on the training half of a data set, into ``home``/encoders.

    Started by torchrun, all processes share the work and the first one writes. A failure before
    the first epoch is done leaves nothing behind; later ones leave what ``resume`` goes on from.

    Raises:
        MirsError: whatever makes it impossible; RunError also where ``should_stop`` ended it.
    """
    from mirs_core.encoders.fine_tuning.distributed import joined

    with joined() as world:
        shown = progress if world.writes else silent
        work = _Work.prepare(home, data.expanduser().resolve(), config, shown)
        new = work.id(world.token())
        run = RunFolder(home.encoders / new)
        if world.writes:
            write_json(run.path / "request.json", work.request(new, name or new))
        return work.carry_out(home, run, world, shown, should_stop)


def prepare(home: Home, data: Path, config: FineTuneConfig, *, name: str | None = None) -> str:
    """The id of a fine-tuning that is checked and waits for ``resume`` to begin it.

    Raises:
        MirsError: whatever makes it impossible; nothing is written then.
    """
    work = _Work.prepare(home, data.expanduser().resolve(), config, silent)
    new = work.id(secrets.token_hex(3))
    run = RunFolder(home.encoders / new)
    write_json(run.path / "request.json", work.request(new, name or new))
    run.set_status("queued")
    return new


def resume(
    home: Home,
    encoder_id: str,
    *,
    progress: Progress = silent,
    should_stop: Callable[[], bool] = lambda: False,
) -> FineTuned:
    """Begins a fine-tuning that was prepared, or goes on with one that broke off.

    It goes on from its last whole epoch.

    Raises:
        MirsError: it is done or running, or the data set or the first encoder has changed.
    """
    from mirs_core.encoders.fine_tuning.distributed import joined

    with joined() as world:
        shown = progress if world.writes else silent
        run = RunFolder(fine_tuned_store.folder_of(home, encoder_id))
        if (run.path / "encoder.json").is_file():
            raise RunError(f"The encoder {encoder_id} is done already; start a new one.")
        if (run.path / "status.json").is_file() and run.status()["state"] == "running":
            raise RunError(f"The encoder {encoder_id} is being trained; stop that first.")
        world.wait()
        asked = read_json(run.path / "request.json")
        damaged = RunError(
            f"{run.path / 'request.json'} is damaged. Delete the folder; start anew."
        )
        if not isinstance(asked, dict) or asked.get("schema") != fine_tuned_store.SCHEMA:
            raise damaged
        if not isinstance(asked.get("data"), str):
            raise damaged
        work = _Work.prepare(home, Path(asked["data"]), from_json(asked.get("settings")), shown)
        if work.manifest.digest != asked.get("manifest"):
            raise DataError(
                f"{asked['data']} changed since {encoder_id} was begun; start a new one."
            )
        if work.base.fingerprint != asked.get("base_fingerprint"):
            raise RunError(
                f"{encoder_id} began with other weights of {work.base.name}; start a new one."
            )
        return work.carry_out(home, run, world, shown, should_stop)


@dataclass(frozen=True, slots=True)
class _Work:
    """A fine-tuning that has been checked and can start."""

    config: FineTuneConfig
    manifest: Manifest
    items: Items
    selection: Selection
    base: Encoder
    inherited: frozenset[str]

    @classmethod
    def prepare(cls, home: Home, data: Path, config: FineTuneConfig, progress: Progress) -> "_Work":
        manifest = scanning.scan_cached(home, data, progress)
        items = scanning.order_tiles(manifest, config.seed, config.by_strip)
        selection = select(items, config.reads_labels, manifest.card.distractors)
        base = load_encoder(config.encoder, home)
        inherited = labels_seen(home, config.encoder)
        if known := len(inherited & items.contents_of(["archive", "test"])):
            raise DataError(
                f"{config.encoder} has seen labels of {known} tiles of this archive"
                " or test split; choose the seed it was trained with, or another encoder."
            )
        return cls(config, manifest, items, selection, base, inherited)

    def id(self, token: str) -> str:
        """The id of an encoder of this work."""
        name = slug(self.manifest.card.name)
        return f"enc-{self.config.objective}-{name}-s{self.config.seed}-{token}"

    def request(self, encoder_id: str, name: str) -> dict[str, Any]:
        """What ``request.json`` holds, and ``encoder.json`` again."""
        described = scanning.describe(self.manifest)
        return {
            "schema": fine_tuned_store.SCHEMA,
            "id": encoder_id,
            "name": name,
            "objective": self.config.objective,
            "base": self.config.encoder,
            "base_fingerprint": self.base.fingerprint,
            "architecture": self.base.architecture,
            "data": str(self.manifest.root),
            **described,
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
        from mirs_core.encoders.fine_tuning import loop, objectives

        started = time.perf_counter()
        checkpoint = run.path / "checkpoint.safetensors"
        with _told(run, world, checkpoint):
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
        from mirs_core.encoders.fine_tuning.tiles import TileStore

        def store(rows: NDArray[np.int64]) -> TileStore:
            paths = [self.items.paths[row] for row in rows]
            contents = [self.items.contents[row] for row in rows]
            return TileStore(self.manifest.root, paths, contents, progress)

        chosen = self.selection
        return Material(
            store(chosen.train),
            store(chosen.val),
            chosen.numbers[chosen.train],
            chosen.numbers[chosen.val],
            chosen.classes,
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
        """Writes weights and record; the record last, so that what has one is whole."""
        from safetensors.torch import save

        from mirs_core.encoders.base import fingerprint, sha256_of

        weights = run.path / "weights.safetensors"
        data = save(trained.weights)
        replace_file(weights, lambda handle: handle.write(data))
        marks = {
            "sha256": sha256_of(weights),
            "fingerprint": fingerprint(weights, "fine-tuned", self.base.architecture),
        }
        asked = read_json(run.path / "request.json")
        write_json(run.path / "encoder.json", {**asked, **record, **marks})


def _write_progress(run: RunFolder, history: list[dict[str, Any]]) -> None:
    import json

    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in history)
    replace_file(run.progress, lambda handle: handle.write(text.encode()))


@contextlib.contextmanager
def _told(run: RunFolder, world: "World", checkpoint: Path) -> Iterator[None]:
    """Keeps the status file true to what happens inside; only the first process writes."""

    def tell(state: str, error: str | None = None) -> None:
        if world.writes:
            run.set_status(state, error)

    tell("running")
    try:
        yield
    except StoppedError:
        tell("stopped", "Stopped.")
        raise StoppedError(
            f"The fine-tuning was stopped and can be resumed; its id is {run.id}"
        ) from None
    except KeyboardInterrupt:
        tell("stopped", "Interrupted.")
        raise
    except MirsError as error:
        tell("failed", str(error))
        if world.writes and not checkpoint.is_file():
            shutil.rmtree(run.path, ignore_errors=True)
        raise
    except BaseException as error:
        tell("failed", f"{type(error).__name__}: {error}")
        raise
    tell("done")
    if world.writes:
        checkpoint.unlink(missing_ok=True)
