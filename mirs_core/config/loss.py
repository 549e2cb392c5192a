"""Settings of the loss."""

import math
from dataclasses import dataclass

from mirs_core.config.fields import not_in_form, setting
from mirs_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """The loss: a metric loss plus weighted terms, push and balance among them."""

    metric: str = setting(
        "triplet",
        "Metric loss",
        "Triplet compares tiles with one another; OrthoHash draws each class to its own centre,"
        " one of a set of orthogonal codes; NT-Xent pulls two views of a tile together and uses no"
        " labels.",
        choices=("triplet", "orthohash", "nt-xent"),
    )
    mining: str = setting(
        "semi-hard",
        "Triplet mining",
        "Semi-hard uses negatives that are farther away than the positive but within the margin;"
        " violating also uses the hard ones, which are nearer.",
        choices=("semi-hard", "violating"),
    )
    scale: float = setting(
        8.0,
        "Cosine scale",
        "Factor on the cosines before the softmax of OrthoHash.",
        low=0.1,
        high=100.0,
        log=True,
    )
    temperature: float = setting(
        0.1,
        "Temperature",
        "Divisor of the cosines in NT-Xent; low values emphasise the most similar tiles.",
        low=0.01,
        high=10.0,
        log=True,
    )
    projection: int = setting(
        128,
        "Projection width",
        "Output width of the projection head that NT-Xent compares views in.",
        choices=(32, 64, 128, 256, 512),
    )
    margin: float = setting(
        0.2,
        "Margin",
        "Margin of the triplets (Euclidean distance of unit vectors) or of OrthoHash (cosine).",
        low=0.01,
        high=1.5,
    )
    push_weight: float = setting(
        1e-3,
        "Push weight (lambda1)",
        "Drives soft codes towards 0 or 1. Below 0.1 nothing changes that can be measured: at 0.001"
        " its gradient is a ten-thousandth of the triplets'. 0.1 to 1 moves codes; 10 costs mAP.",
        low=0.0,
        high=100.0,
        log=True,
    )
    balance_weight: float = setting(
        1.0,
        "Balance weight (lambda2)",
        "Keeps ones and zeros equally frequent.",
        low=0.0,
        high=100.0,
        log=True,
    )
    balance_form: str = setting(
        "sample",
        "Balance form",
        "Sample: half of the bits of each code are ones. Bit: each bit is one in half of the codes,"
        " which also prevents all codes from becoming equal.",
        choices=("sample", "bit"),
    )
    entropy_weight: float = setting(
        0.0,
        "Entropy weight",
        "Drives the soft codes of the unlabelled archive towards 0 or 1 (entropy in nats).",
        low=0.0,
        high=10.0,
        log=True,
    )
    entropy_form: str = setting(
        "bernoulli",
        "Entropy form",
        "Bernoulli treats bits as independent; softmax treats the bits of a code as alternatives,"
        " as the code of 2021 did.",
        choices=("bernoulli", "softmax"),
    )
    interclass_weight: float = setting(
        0.0,
        "Inter-class weight",
        "Adds triplets whose positive has another class but looks alike, so that codes also encode"
        " what classes share.",
        low=0.0,
        high=10.0,
        log=True,
    )
    groups: int = setting(
        30,
        "Inter-class groups",
        "Number of groups of similar tiles across classes; at most one for every eight training"
        " tiles.",
        low=2,
        high=1000,
    )
    order_weight: float = setting(
        0.0,
        "Order weight",
        "Keeps the order by feature similarity within each class, so that a class can be browsed.",
        low=0.0,
        high=100.0,
        log=True,
    )
    similarity_weight: float = setting(
        0.0,
        "Similarity weight",
        "Keeps the cosine similarity between the features of two tiles in their codes.",
        low=0.0,
        high=100.0,
        log=True,
    )
    further: str = not_in_form(
        setting(
            "",
            "Further terms",
            "Weights of loss terms that have no setting of their own, as in name=0.1,other=2.",
        )
    )

    def further_weights(self) -> dict[str, float]:
        """Weight by name of the loss terms that ``further`` adds.

        Raises:
            ConfigError: it is no list of name=weight, or a weight is negative or not finite.
        """
        weights: dict[str, float] = {}
        for part in filter(None, (part.strip() for part in self.further.split(","))):
            name, _, text = part.partition("=")
            try:
                weights[name] = float(text)
            except ValueError:
                raise ConfigError(
                    f"loss.further has {part!r}; give name=weight, separated by commas."
                ) from None
            if not (math.isfinite(weights[name]) and weights[name] >= 0):
                raise ConfigError(f"loss.further: the weight of {name} must be 0 or more.")
        return weights
