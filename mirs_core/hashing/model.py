"""The hash head and the model of a run in PyTorch: a transform, then the head, then bits."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mirs_core.hashing.hash_function import DOMAINS, HashFunction
from mirs_core.hashing.whitening import Transform, identity
from mirs_core.ranking.codes import binarise, pack

_BATCH = 4096


class HashHead(nn.Module):
    """Features (B, D) to logits (B, K): D-512-256-K with LeakyReLU in between (MIRS method).

    Args:
        features: D.
        bits: K.
        hidden: widths of the layers in between.
        slope: negative slope of the LeakyReLU.
        dropout: fraction of the inputs set to zero in training.
    """

    def __init__(
        self,
        features: int,
        bits: int = 128,
        hidden: Sequence[int] = (512, 256),
        slope: float = 0.2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        widths = [features, *hidden, bits]
        self.features, self.bits = features, bits
        layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.constant_(layer.bias, 0.01)
        self.layers = nn.ModuleList(layers)
        self.activation = nn.LeakyReLU(slope)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, K)."""
        x = self.dropout(x)
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)


class HashModel:
    """A head shared by two domains, each with its own transform.

    Training tiles are the source domain; archive, validation, test and own images are the target.
    Without domain whitening both transforms are the same.
    """

    def __init__(self, head: HashHead, source: Transform, target: Transform) -> None:
        self.head = head
        self.transforms = {"source": source, "target": target}

    @property
    def bits(self) -> int:
        """Length of a hash code."""
        return self.head.bits

    @torch.no_grad()
    def soft(self, features: NDArray[np.float32], domain: str) -> NDArray[np.float32]:
        """Soft codes (N, K) in (0, 1) of features (N, D) of a domain."""
        self.head.eval()
        parts = [
            self.head(self.transforms[domain](torch.from_numpy(features[i : i + _BATCH]))).sigmoid()
            for i in range(0, len(features), _BATCH)
        ]
        return torch.cat(parts).numpy() if parts else np.zeros((0, self.bits), np.float32)

    def encode(self, features: NDArray[np.float32], domain: str) -> NDArray[np.uint8]:
        """Packed codes (N, K/8) of features (N, D) of a domain."""
        return pack(binarise(self.soft(features, domain)))

    def state(self) -> dict[str, Tensor]:
        """Every tensor of the model by name, as a model file holds them."""
        tensors = {f"head.{name}": value for name, value in self.head.state_dict().items()}
        for domain in DOMAINS:
            tensors[f"{domain}.mean"] = self.transforms[domain].mean
            tensors[f"{domain}.blocks"] = self.transforms[domain].blocks
        return {name: value.detach().clone().contiguous() for name, value in tensors.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], slope: float = 0.2) -> "HashModel":
        """The model with this state; the slope of its head is not part of it.

        Raises:
            RunError: names, shapes or values do not fit a model.
        """
        arrays = {name: value.detach().numpy() for name, value in state.items()}
        function = HashFunction.from_state(arrays, slope)
        widths = [function.layers[0][0].shape[1], *(len(bias) for _, bias in function.layers)]
        # On the meta device no initial weights are drawn from the global random state.
        with torch.device("meta"):
            head = HashHead(widths[0], widths[-1], widths[1:-1], slope)
        head.load_state_dict(_part(state, "head."), assign=True)
        transforms = [Transform(state[f"{d}.mean"], state[f"{d}.blocks"]) for d in DOMAINS]
        return cls(head, *transforms)

    @classmethod
    def of(cls, function: HashFunction) -> "HashModel":
        """The model of a hash function, for gradients and for training."""
        state = {name: torch.tensor(value) for name, value in function.state().items()}
        return cls.from_state(state, function.slope)

    def function(self) -> HashFunction:
        """The model as it is now, for inference; later changes of the model do not reach it."""
        state = {name: value.numpy() for name, value in self.state().items()}
        return HashFunction.from_state(state, self.head.activation.negative_slope)


def shared(head: HashHead, transform: Transform | None = None) -> HashModel:
    """A model whose domains share one transform; None leaves features unchanged."""
    transform = transform or identity(head.features)
    return HashModel(head, transform, transform)


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Any]:
    return {n.removeprefix(prefix): v.clone() for n, v in state.items() if n.startswith(prefix)}
