"""The baselines: the encoder's features, compared by Euclidean or by centred cosine distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import RunError
from mirs_core.ranking.distances import Metric, metric


@dataclass(frozen=True, slots=True)
class FloatModel:
    """A model without a head. ``mean`` (D,) is the archive's mean, or None for raw features."""

    distance: Metric
    mean: NDArray[np.float32] | None = None

    @classmethod
    def fit(cls, distance: str, archive_features: NDArray[np.float32]) -> "FloatModel":
        """The baseline for ``distance``, "euclidean" or "cosine"; only cosine uses the archive."""
        if distance == "euclidean":
            return cls(metric(distance))
        mean = archive_features.mean(axis=0, dtype=np.float64).astype(np.float32)
        return cls(metric(distance), mean)

    def encode(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features (N, D) as they are compared, float32 (N, D)."""
        if self.mean is None:
            return np.ascontiguousarray(features, dtype=np.float32)
        return np.ascontiguousarray(features - self.mean, dtype=np.float32)

    def state(self) -> dict[str, NDArray[np.float32]]:
        """The arrays that a model file holds: none, or the mean."""
        return {} if self.mean is None else {"mean": self.mean}

    @classmethod
    def from_state(cls, distance: str, state: dict[str, NDArray[np.float32]]) -> "FloatModel":
        """The model with this state.

        Raises:
            RunError: keys, shapes or values do not fit the distance.
        """
        keys = set() if distance == "euclidean" else {"mean"}
        mean = state.get("mean")
        if set(state) != keys or (mean is not None and (mean.ndim != 1 or not len(mean))):
            raise RunError(f"model.safetensors does not fit a {distance} baseline. Train again.")
        if mean is not None and not np.isfinite(mean).all():
            raise RunError("model.safetensors holds values that are not finite. Train again.")
        return cls(metric(distance), mean)
