"""Settings of the codes."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesConfig:
    """How the code of a tile is made of the head's outputs."""

    views: int = setting(
        1,
        "Views per code",
        "Archive tiles and query images are encoded in so many turns and mirror images, and each"
        " bit is decided by their mean. More make codes steadier; archiving takes as many times as"
        " long, a query about 3 ms more for each, and searching nothing.",
        choices=(1, 4, 8),
    )
