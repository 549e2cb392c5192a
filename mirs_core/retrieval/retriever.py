"""A finished run in memory: its model, its archive and the metadata of the archived tiles."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.columns.manifest import StoredFile
from mirs_core.columns.reading import StoredArchive
from mirs_core.columns.ties import Ties
from mirs_core.columns.writing import ArchiveWriter
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.items import Items
from mirs_core.datasets.stored_items import read_archive
from mirs_core.errors import RunError
from mirs_core.files import replace_file
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.workspace.runs import RunFolder

if TYPE_CHECKING:
    from mirs_core.hashing.model import HashModel

_SOURCE_ROLES = frozenset({"train"})


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Segments on disk that a run shares instead of writing its own."""

    folder: Path
    archive: StoredArchive


@dataclass(frozen=True, slots=True)
class Retriever:
    """Model, codes and items of one run.

    ``codes`` are packed uint8 (N, bits/8), or float32 (N, D) of a baseline; those of an archive
    with several segments are ``columns.blocks.Blocks``, which can be indexed like an array. Row
    order breaks ties, unless the archive has grown and ``ties`` does. ``segments`` hold all of it
    on disk already, where they are to be shared; ``stored`` are the files that it was read from.
    """

    model: HashFunction | FloatModel
    codes: NDArray[Any]
    items: Items
    distractors: tuple[str, ...] = ()
    ties: Ties | None = None
    segments: Segments | None = None
    stored: StoredArchive | None = None

    @classmethod
    def build(
        cls,
        model: "HashFunction | HashModel | FloatModel",
        features: NDArray[np.float32],
        items: Items,
        distractors: tuple[str, ...],
    ) -> "Retriever":
        """Encodes ``features`` (N, D), parallel to ``items``.

        Training tiles use the transform of the source domain, all others that of the target.
        """
        model = for_inference(model)
        codes = encode(model, features, "target")
        source = items.rows(tuple(_SOURCE_ROLES))
        if len(source):
            codes[source] = encode(model, features[source], "source")
        return cls(model, codes, items, distractors)

    def archive(self, rows: NDArray[np.int64] | None = None) -> HashArchive | FloatArchive:
        """A search index over all rows, or over ``rows`` in the given order."""
        codes = self.codes if rows is None else self.codes[rows]
        ties = self.ties if rows is None else None
        if isinstance(self.model, FloatModel):
            return FloatArchive(codes, self.model.distance, ties)
        return HashArchive(codes, ties)

    def in_order(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """``rows`` in the order that breaks ties between them."""
        if self.ties is None:
            return rows
        return rows[np.argsort(self.ties.take(rows), kind="stable")]

    def save(self, run: RunFolder) -> None:
        """Writes model, codes and items to the run's folder."""
        save_model(run.model, self.model)
        digest = StoredFile.of(run.model).sha256
        with ArchiveWriter(run.archive, model=digest, distractors=self.distractors) as writer:
            if self.segments is not None:
                writer.share(self.segments.folder, self.segments.archive)
            else:
                writer.append(np.asarray(self.codes), self.items.columns())


def for_inference(model: "HashFunction | HashModel | FloatModel") -> HashFunction | FloatModel:
    """A model in the form in which archives and queries are encoded, alike for both."""
    return model if isinstance(model, HashFunction | FloatModel) else model.function()


def encode(
    model: HashFunction | FloatModel, features: NDArray[np.float32], domain: str
) -> NDArray[Any]:
    """The codes of features (N, D): packed bits, or the floats that a baseline compares."""
    if isinstance(model, FloatModel):
        return model.encode(features)
    return model.encode(features, domain)


def save_model(path: Path, model: "HashFunction | HashModel | FloatModel") -> None:
    """Writes the model's tensors as safetensors."""
    from safetensors.numpy import save

    data = save(dict(for_inference(model).state()))
    replace_file(path, lambda handle: handle.write(data))


def load_model(path: Path, config: RunConfig) -> HashFunction | FloatModel:
    """The model in ``path``, checked against the configuration it was trained with.

    Raises:
        RunError: the file is missing or damaged, or does not match the configuration.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        state = load(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{path} is missing. Delete the run and train again.") from None
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path} is damaged ({error}). Delete the run and train again.") from None
    if not config.hashes:
        arrays = {name: array.astype(np.float32) for name, array in state.items()}
        return FloatModel.from_state(config.archive.distance, arrays)
    model = HashFunction.from_state(state, config.slope)
    if model.bits != config.head.bits:
        raise RunError(
            f"{path} has {model.bits} bits but config.json has {config.head.bits}."
            " Delete the run and train again."
        )
    return model


def load(run: RunFolder) -> Retriever:
    """The retriever of a finished run.

    Raises:
        RunError: the run is not finished, or its files are damaged or inconsistent.
        ConfigError: its configuration is from another version.
    """
    run.check_usable("can be searched")
    config = run.config()
    model = load_model(run.model, config)
    archive = read_archive(run)
    codes, width = archive.codes, archive.codes.shape[-1]
    expected = config.head.bits // 8 if config.hashes else width
    dtype = np.uint8 if config.hashes else np.float32
    if codes.dtype != dtype or codes.ndim != 2 or width != expected:
        raise RunError(f"Run {run.id}: codes {codes.dtype} {codes.shape} do not match its items.")
    if isinstance(model, FloatModel) and model.mean is not None and len(model.mean) != width:
        raise RunError(f"Run {run.id}: {run.model.name} does not match its codes. Train again.")
    if archive.model not in (None, StoredFile.of(run.model).sha256):
        raise RunError(f"Run {run.id}: {run.model.name} did not make its codes. Train again.")
    return Retriever(
        model, codes, archive.items, archive.distractors, archive.ties, stored=archive.stored
    )
