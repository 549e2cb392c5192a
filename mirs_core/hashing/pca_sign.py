"""PCA-sign: hash codes without training, for comparison."""

import numpy as np
import torch
from numpy.typing import NDArray

from mirs_core.errors import DataError
from mirs_core.hashing.model import HashHead, HashModel, shared
from mirs_core.hashing.whitening import scaling


def fit_pca_sign(x: NDArray[np.float32], bits: int, seed: int) -> HashModel:
    """A model whose bits are signs of randomly rotated principal axes of ``x`` (N, D).

    Half as many axes as bits (MIRS method, beyond 2021: 64 axes for 128 bits), fewer where there
    are fewer tiles. The head is one linear layer; nothing is trained and no labels are used.

    Raises:
        DataError: fewer than two tiles.
    """
    if len(x) < 2:
        raise DataError("PCA-sign needs at least two tiles to compute principal axes. Add tiles.")
    transform = scaling(x, "scaled")
    points = transform(torch.from_numpy(x)).double().numpy()
    axes = np.linalg.svd(points, full_matrices=False)[2][: min(bits // 2, len(x) - 1)]
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((bits, bits)))[0]
    weights = rotation[:, : len(axes)] @ axes
    with torch.random.fork_rng(devices=[]):
        head = HashHead(x.shape[1], bits, hidden=())
    head.load_state_dict(
        {
            "layers.0.weight": torch.from_numpy(weights).float(),
            "layers.0.bias": torch.zeros(bits),
        }
    )
    return shared(head, transform)
