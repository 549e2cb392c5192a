"""Settings of the features."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesConfig:
    """What is taken from the encoder's network, in one pass."""

    layers: str = setting(
        "last",
        "Layers",
        "Last: the averages of the last maps. Inner: also mean and standard deviation of the maps"
        " of an inner block, which tell more of texture; each part counts equally. It costs no"
        " time; without labels it is worse.",
        choices=("last", "inner"),
    )
