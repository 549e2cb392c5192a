"""Settings of the hash head."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadConfig:
    """The hash head, which maps features to bits through layers of 512 and 256 units."""

    bits: int = setting(128, "Hash bits", "Length of a hash code.", choices=(32, 64, 128, 256))
    kind: str = setting(
        "network",
        "Kind",
        "A trained network, or PCA-sign: the signs of rotated principal axes, without training.",
        choices=("network", "pca-sign"),
    )
    inputs: str = setting(
        "scaled",
        "Input scaling",
        "How features are scaled without domain whitening: raw; centred on the training tiles;"
        " scaled, also divided by one common spread; standardised, also divided by the spread of"
        " each channel.",
        choices=("raw", "centred", "scaled", "standardised"),
    )
    dropout: float = setting(
        0.5,
        "Dropout",
        "Fraction of the input features set to zero at random in each step.",
        low=0.0,
        high=0.9,
    )
