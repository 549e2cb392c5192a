"""MIRS with domain whitening."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs-dwt",
    title="MIRS + DWT",
    order=100,
    help="MIRS with domain whitening and an entropy term on the archive.",
    changes={
        "whitening.enabled": True,
        "whitening.eps": 0.9,
        "whitening.shrinkage": "common",
        "loss.entropy_weight": 0.1,
    },
    citation="Roy et al., Unsupervised Domain Adaptation using Feature-Whitening, CVPR 2019",
    variant_of="mirs",
    shown_first=True,
    colour=2,
)
