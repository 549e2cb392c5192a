"""Settings of domain whitening."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteningConfig:
    """Domain whitening (DWT): one transform for training tiles, one for the archive's domain."""

    enabled: bool = setting(
        False, "Domain whitening", "Whiten the features of each domain before hashing."
    )
    group_size: int = setting(
        32,
        "Group size",
        "Number of channels that are whitened together.",
        unit="channels",
        low=1,
        high=4096,
    )
    eps: float = setting(
        1e-3,
        "Shrinkage",
        "Fraction of the identity in each covariance: 0 uses the sample covariance, 1 only scales.",
        low=1e-6,
        high=1.0,
        log=True,
    )
    shrinkage: str = setting(
        "trace",
        "Shrinkage form",
        "Scale of the identity that is mixed in. Trace: the mean variance of each group; common:"
        " that of all channels, which keeps weak groups weak; absolute: 1, which swamps features of"
        " small variance (2021).",
        choices=("trace", "common", "absolute"),
    )
    estimator: str = setting(
        "exact",
        "Statistics",
        "Exact uses all tiles of a domain at once; moving whitens each batch by its own statistics"
        " and keeps a moving average.",
        choices=("exact", "moving"),
    )
    momentum: float = setting(
        0.1,
        "Momentum",
        "Weight of the newest batch in the moving average.",
        low=0.001,
        high=1.0,
    )
    target: str = setting(
        "",
        "Target data set",
        "Data set whose tiles give the statistics of the target domain; empty for the archive.",
    )
