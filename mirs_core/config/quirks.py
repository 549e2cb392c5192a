"""Settings that reproduce errors of the code of 2021."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class QuirksConfig:
    """Where the code of 2021 departs from its documentation; for parity tests only."""

    faint_push: bool = setting(
        False, "Faint push", "Divide the push loss by the number of bits once more."
    )
    slope_is_margin: bool = setting(
        False, "Slope equals margin", "Use loss.margin as the negative slope of the LeakyReLU."
    )
    raw_groups: bool = setting(
        False,
        "Groups of raw features",
        "Cluster features for inter-class triplets without standardising them by class.",
    )
    two_classes: bool = setting(
        False,
        "Two classes suffice",
        "Let the negative of an inter-class triplet share the positive's class.",
    )
    leaky_statistics: bool = setting(
        False,
        "Leaky statistics",
        "Let validation tiles change the moving average of the whitening.",
    )
    late_statistics: bool = setting(
        False,
        "Late statistics",
        "Combine the best epoch's head with the last epoch's whitening.",
    )
