"""What the code of 2021 did, for parity tests."""

from mirs_core.config.preset import Preset
from mirs_core.config.presets.mirs_2021 import SPEC as _DOCUMENTED

SPEC = Preset(
    name="mirs-2021-as-coded",
    title="MIRS of 2021, as coded",
    order=70,
    help="What the code of 2021 actually did (quirks.*), whitening included; for parity tests.",
    changes={
        **_DOCUMENTED.changes,
        "encoder.name": "densenet121-imagenet-pre-relu",
        "whitening.enabled": True,
        "whitening.shrinkage": "absolute",
        "whitening.estimator": "moving",
        "loss.entropy_weight": 1.0,
        "loss.entropy_form": "softmax",
        "loss.interclass_weight": 1.0,
        "training.selection": "loss",
        "quirks.faint_push": True,
        "quirks.slope_is_margin": True,
        "quirks.raw_groups": True,
        "quirks.two_classes": True,
        "quirks.leaky_statistics": True,
        "quirks.late_statistics": True,
    },
)
