"""The projection of a run's hash space: computed once and stored with the run."""

import time
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from mirs_core import __version__
from mirs_core.datasets.stored_items import read_items
from mirs_core.errors import MirsError, RunError
from mirs_core.files import map_array, read_json, write_array, write_json
from mirs_core.hash_space import landmarks, projection, sampled_fidelity
from mirs_core.hash_space.projection import Fidelity, Points
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

N = TypeVar("N", int, float)

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SpaceMap:
    """The projection of a run: points (N, 2), parallel to the items of its archive.

    Attributes:
        seconds: the computing time, including imports.
        landmarks: the tiles that UMAP placed, see ``hash_space.landmarks``; None for all.
    """

    run: str
    points: Points
    fidelity: Fidelity
    seed: int
    seconds: float
    landmarks: int | None = None

    def to_json(self) -> dict[str, Any]:
        """What ``project --json`` prints."""
        return {
            "run": self.run,
            "tiles": len(self.points),
            "landmarks": self.landmarks,
            "seed": self.seed,
            "seconds": self.seconds,
            "trustworthiness": self.fidelity.trustworthiness,
            "preservation": self.fidelity.preservation,
            "near": self.fidelity.near,
            "asked": self.fidelity.sample_size,
        }


def read(home: Home, run_id: str) -> SpaceMap | None:
    """The stored projection of a run; None if there is none or it is unusable.

    Raises:
        RunError: there is no such run.
    """
    folder = runs.folder(home, run_id)
    about = folder.path / "map.json"
    if not about.is_file():
        return None
    try:
        value, points = read_json(about), map_array(folder.path / "map.npy")
        items = len(read_items(folder))
        fits = value["schema"] == _SCHEMA and points.shape == (items, 2)
        if not fits or points.dtype != np.float32 or not np.isfinite(points).all():
            return None
        return SpaceMap(
            run=run_id,
            points=points,
            fidelity=Fidelity(
                float(value["trustworthiness"]),
                float(value["preservation"]),
                int(value["asked"]),
                _optional(float, value.get("near")),
            ),
            seed=int(value["seed"]),
            seconds=float(value["seconds"]),
            landmarks=_optional(int, value.get("landmarks")),
        )
    except (MirsError, KeyError, TypeError, ValueError):
        return None


def _optional(kind: type[N], value: Any) -> N | None:
    return None if value is None else kind(value)


def project(home: Home, run_id: str, seed: int = 0, progress: Progress = silent) -> SpaceMap:
    """Computes the projection of a finished run and stores it with the run.

    Above ``landmarks.LIMIT`` tiles it is that of landmarks, measured on a smaller sample.

    Raises:
        RunError: the run is not finished, or its folder cannot be written.
        DataError: too few tiles.
        StoppedError: from ``progress``; nothing is written.
    """
    started = time.perf_counter()
    folder = runs.folder(home, run_id)
    progress("Reading the archive", 0, 3)
    archive = retriever.load(folder).archive()
    if len(archive) > landmarks.LIMIT:
        points, chosen = landmarks.project(archive, seed, progress)
        fidelity = sampled_fidelity.fidelity(archive, points, progress=progress)
    else:
        progress("Computing the projection", 1, 3)
        points, chosen = projection.project(archive, seed), None
        progress("Measuring the projection", 2, 3)
        fidelity = projection.fidelity(archive, points)
    seconds = round(time.perf_counter() - started, 2)
    space_map = SpaceMap(run_id, points, fidelity, seed, seconds, chosen)
    try:
        write_array(folder.path / "map.npy", points)
        # Written last: a projection without this file does not count.
        about = {"schema": _SCHEMA, "mirs": __version__, **space_map.to_json()}
        write_json(folder.path / "map.json", about)
    except OSError as error:
        raise RunError(
            f"The projection cannot be written ({error.strerror}); free some space."
        ) from None
    progress("Measuring the projection", 3, 3)
    return space_map
