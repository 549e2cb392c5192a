"""Settings of the encoder."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Which frozen network turns a tile into features."""

    name: str = setting(
        "efficientnet-lite0", "Encoder", "Frozen network whose pooled features are hashed."
    )
