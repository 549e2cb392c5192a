"""The projection of a run's hash space: computed once and stored with the run."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from mirs_core import __version__
from mirs_core.errors import MirsError, RunError
from mirs_core.files import read_array, read_json, write_array, write_json
from mirs_core.hash_space import projection
from mirs_core.hash_space.projection import Fidelity, Points
from mirs_core.progress import Progress, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SpaceMap:
    """The projection of a run: points (N, 2), parallel to the items of its archive.

    ``seconds`` is the computing time, including imports.
    """

    run: str
    points: Points
    fidelity: Fidelity
    seed: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """What ``project --json`` prints."""
        return {
            "run": self.run,
            "tiles": len(self.points),
            "seed": self.seed,
            "seconds": self.seconds,
            "trustworthiness": self.fidelity.trustworthiness,
            "preservation": self.fidelity.preservation,
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
        value, points = read_json(about), read_array(folder.path / "map.npy")
        items = len(read_json(folder.items)["ids"])
        fits = value["schema"] == _SCHEMA and points.shape == (items, 2)
        if not fits or points.dtype != np.float32 or not np.isfinite(points).all():
            return None
        return SpaceMap(
            run=run_id,
            points=points,
            fidelity=Fidelity(
                float(value["trustworthiness"]), float(value["preservation"]), int(value["asked"])
            ),
            seed=int(value["seed"]),
            seconds=float(value["seconds"]),
        )
    except (MirsError, KeyError, TypeError, ValueError):
        return None


def project(home: Home, run_id: str, seed: int = 0, progress: Progress = silent) -> SpaceMap:
    """Computes the projection of a finished run and stores it with the run.

    Raises:
        RunError: the run is not finished, or its folder cannot be written.
        DataError: too few tiles.
    """
    started = time.perf_counter()
    folder = runs.folder(home, run_id)
    progress("Reading the archive", 0, 3)
    archive = retriever.load(folder).archive()
    progress("Computing the projection", 1, 3)
    points = projection.project(archive, seed)
    progress("Measuring the projection", 2, 3)
    space_map = SpaceMap(
        run=run_id,
        points=points,
        fidelity=projection.fidelity(archive, points),
        seed=seed,
        seconds=round(time.perf_counter() - started, 2),
    )
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
