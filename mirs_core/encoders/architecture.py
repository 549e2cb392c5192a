"""Networks without their weights, which encoders are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirs_core.encoders.base import Encoder, Inner, Levels, Network

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network without its weights, and the standardisation of its inputs.

    Attributes:
        name: stored with fine-tuned encoders, to build the network again.
        dim: D, the number of features.
        mean: subtracted from the grey levels 0..255.
        scale: divides the result.
        blank: creates the network with random weights: from inputs (B, 3, 224, 224) to features
            (B, D).
        freeze: turns such a network, in place, into its inference form: same output, faster.
        inner: the block whose statistics can be added to the features; None if there is none.
    """

    name: str
    dim: int
    mean: Levels
    scale: Levels
    blank: "Callable[[], torch.nn.Module]"
    freeze: "Callable[[torch.nn.Module], None]"
    inner: Inner | None = None

    def encoder(
        self, name: str, fingerprint: str, fill: "Callable[[torch.nn.Module], None]"
    ) -> Encoder:
        """The encoder with this network; ``fill`` loads the weights into a blank one."""

        def trainable() -> "torch.nn.Module":
            network = self.blank()
            fill(network)
            return network

        def build() -> "Network":
            network = trainable()
            self.freeze(network)
            return network

        encoder = Encoder(
            name,
            self.dim,
            fingerprint,
            build,
            mean=self.mean,
            scale=self.scale,
            trainable=trainable,
            architecture=self.name,
        )
        encoder.inner = self.inner
        return encoder
