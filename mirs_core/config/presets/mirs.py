"""MIRS: hash codes from triplets."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs",
    title="MIRS",
    order=80,
    help="Hash codes trained with semi-hard triplets, push and balance.",
    shown_first=True,
    colour=1,
)
