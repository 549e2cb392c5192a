"""Settings of the archive."""

from dataclasses import dataclass

from mirs_core.config.fields import setting, split_by_strip


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveConfig:
    """How the archive is split off and searched."""

    distance: str = setting(
        "hamming",
        "Distance",
        "Hamming distance compares hash codes; Euclidean and cosine compare the encoder's"
        " features directly.",
        choices=("hamming", "euclidean", "cosine"),
    )
    by_strip: bool = split_by_strip()
    data: str = setting(
        "",
        "Archive data set",
        "Data set to search, with its own queries; empty for the training data set.",
    )
