"""The tensors that a training reads in every epoch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mirs_core.errors import DataError
from mirs_core.hashing.model import HashModel
from mirs_core.hashing.objective import Objective
from mirs_core.hashing.plan import TrainingData
from mirs_core.hashing.whitening import MovingStatistics


@dataclass(frozen=True, slots=True)
class TrainingTensors:
    """What every epoch reads: views (V, n, D), labels (n,), target tiles (m, D), groups (n,)."""

    x: Tensor
    labels: NDArray[np.int64]
    target: Tensor | None
    groups: Tensor | None

    @classmethod
    def of(
        cls,
        model: HashModel,
        objective: Objective,
        data: TrainingData,
        moving: MovingStatistics | None,
    ) -> "TrainingTensors":
        """The tensors of ``data``, transformed once unless batches are whitened by themselves.

        Raises:
            DataError: a term needs a second view or tiles of the target domain, and has none.
        """
        if "pairs" in objective.needs and len(data.views) < 2:
            raise DataError(
                "The contrastive loss compares two views of each tile, and there is only one."
                " Set training.views to 2 or more."
            )
        x, target = torch.from_numpy(data.views), None
        if "target" in objective.needs or moving is not None:
            if data.target is None or not len(data.target):
                raise DataError(
                    "The loss reads tiles of the archive, and the archive is empty."
                    " Set loss.entropy_weight to 0 or add tiles."
                )
            target = torch.from_numpy(data.target)
        if moving is None:
            # The transforms are fixed, so all views are transformed once, before the first epoch.
            x = model.transforms["source"](x)
            target = None if target is None else model.transforms["target"](target)
        groups = None if data.groups is None else torch.from_numpy(data.groups)
        return cls(x, data.labels, target, groups)
