"""A trained model as a function from features to codes: NumPy alone, so that searching is quick.

``hashing.model`` is the same model in PyTorch, for training and for gradients.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import RunError
from mirs_core.ranking.codes import binarise, pack

DOMAINS = ("source", "target")

Array = NDArray[np.float32]

_BATCH, _FEW = 4096, 4
_LARGEST = 80.0  # its exponential still fits into float32


@dataclass(frozen=True, slots=True)
class Transform:
    """``(x - mean)`` times one square matrix per group of channels.

    Attributes:
        mean: (D,).
        blocks: (G, g, g); the last one is padded with zeros if fewer than g channels remain.
    """

    mean: Array
    blocks: Array

    def __call__(self, x: Array) -> Array:
        """Transformed features (N, D) of features (N, D)."""
        groups, size = self.blocks.shape[:2]
        width = len(self.mean)
        centred: Array = x - self.mean
        if size == 1:
            return centred * self.blocks[:, 0, 0]
        if padding := groups * size - width:
            centred = np.pad(centred, ((0, 0), (0, padding)))
        split = centred.reshape(len(x), groups, size).swapaxes(0, 1)  # (G, N, g)
        mixed = (split @ self.blocks.swapaxes(1, 2)).swapaxes(0, 1)
        return np.ascontiguousarray(mixed.reshape(len(x), -1)[:, :width])


@dataclass(frozen=True, slots=True)
class HashFunction:
    """The transforms of two domains and the layers of the head that they share.

    Attributes:
        layers: weights (out, in) and bias (out,) of each linear layer.
        slope: negative slope of the LeakyReLU between them.
        transforms: by domain, as in ``DOMAINS``.
    """

    layers: tuple[tuple[Array, Array], ...]
    slope: float
    transforms: Mapping[str, Transform]

    @property
    def bits(self) -> int:
        """Length of a hash code."""
        return len(self.layers[-1][1])

    def soft(self, features: Array, domain: str) -> Array:
        """Soft codes (N, K) in (0, 1) of features (N, D) of a domain.

        Features (N, V * D) are those of V views of each tile, whose logits are averaged.
        """
        soft = np.empty((len(features), self.bits), np.float32)
        for start in range(0, len(features), _BATCH):
            logits = self._mean_logits(features[start : start + _BATCH], domain)
            # In float32, so that a logit of almost zero gives 0.5, and thereby a one.
            soft[start : start + _BATCH] = 1 / (1 + np.exp(-logits.clip(-_LARGEST, _LARGEST)))
        return soft

    def encode(self, features: Array, domain: str) -> NDArray[np.uint8]:
        """Packed codes (N, K/8) of features (N, D), or of V views (N, V * D), of a domain."""
        return pack(binarise(self.soft(features, domain)))

    def state(self) -> dict[str, Array]:
        """Every array of the model by name, as a model file holds them."""
        state = {}
        for place, layer in enumerate(self.layers):
            for name, value in zip(("weight", "bias"), layer, strict=True):
                state[f"head.layers.{place}.{name}"] = value
        for domain in DOMAINS:
            state[f"{domain}.mean"] = self.transforms[domain].mean
            state[f"{domain}.blocks"] = self.transforms[domain].blocks
        return state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]], slope: float) -> "HashFunction":
        """The function with this state; the slope of its head is not part of it.

        Raises:
            RunError: names, shapes or values do not fit a model.
        """
        if unknown := [n for n, value in state.items() if value.dtype != np.float32]:
            raise _damaged(f"values of {', '.join(unknown)} that are not float32")
        arrays = {name: value.astype(np.float32, copy=False) for name, value in state.items()}
        try:
            layers = _layers(arrays)
            width = layers[0][0].shape[1]
            transforms = {domain: _transform(arrays, domain, width) for domain in DOMAINS}
        except (KeyError, IndexError, ValueError) as error:
            raise _damaged(" ".join(str(error).split()).rstrip(".")) from None
        function = cls(layers, slope, transforms)
        if unknown := sorted(set(state) - set(function.state())):
            raise _damaged(f"unknown tensors {unknown}")
        if not all(np.isfinite(value).all() for value in arrays.values()):
            raise _damaged("values that are not finite")
        return function

    def _mean_logits(self, features: Array, domain: str) -> Array:
        width = len(self.transforms[domain].mean)
        if features.shape[1] == width:
            return self._logits(features, domain)
        if not width or features.shape[1] % width:
            raise RunError(
                f"The model reads {width} features of a tile, and was given {features.shape[1]}."
            )
        logits = self._logits(features.reshape(-1, width), domain)
        mean: Array = logits.reshape(len(features), -1, self.bits).mean(axis=1)
        return mean

    def _logits(self, features: Array, domain: str) -> Array:
        x = self.transforms[domain](features)
        *hidden, (weight, bias) = self.layers
        for inner, shift in hidden:
            x = _product(x, inner) + shift
            x = np.where(x > 0, x, np.float32(self.slope) * x)
        return _product(x, weight) + bias


def _product(x: Array, weight: Array) -> Array:
    """``x`` (N, in) times the transpose of ``weight`` (out, in)."""
    if len(x) > _FEW:
        return x @ weight.T
    # For a query the threads of BLAS are not worth waiting for: beside busy processes that took
    # 31 ms, where this takes 0.1 ms.
    return np.einsum("ni,oi->no", x, weight)


def _layers(state: Mapping[str, Array]) -> tuple[tuple[Array, Array], ...]:
    layers: list[tuple[Array, Array]] = []
    width = state["head.layers.0.weight"].shape[1]
    while (name := f"head.layers.{len(layers)}.weight") in state:
        weight, bias = state[name], state[f"head.layers.{len(layers)}.bias"]
        if weight.ndim != 2 or weight.shape[1] != width:
            raise ValueError(f"{name} has the shape {weight.shape} instead of (.., {width})")
        width = len(weight)
        if bias.shape != (width,):
            raise ValueError(
                f"head.layers.{len(layers)}.bias has the shape {bias.shape} instead of ({width},)"
            )
        layers.append((weight, bias))
    if width % 8:
        raise ValueError(f"{width} bits do not fill whole bytes")
    return tuple(layers)


def _transform(state: Mapping[str, Array], domain: str, width: int) -> Transform:
    mean, blocks = state[f"{domain}.mean"], state[f"{domain}.blocks"]
    groups, rows, columns = blocks.shape
    if mean.shape != (width,) or rows != columns or not 0 <= groups * rows - width < rows:
        raise ValueError(f"the {domain} transform does not fit {width} features")
    return Transform(mean, blocks)


def _damaged(why: str) -> RunError:
    return RunError(f"model.safetensors is damaged: {why}. Delete the run and train again.")
