"""The documented settings of 2021."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs-2021",
    title="MIRS of 2021",
    order=60,
    help="The settings documented in 2021, with the implementation errors of 2021 corrected.",
    changes={
        "encoder.name": "densenet121-imagenet",
        "head.inputs": "raw",
        "head.dropout": 0.0,
        "training.learning_rate": 1e-4,
        "training.averaging": 0.0,
        "training.views": 1,
        "training.weight_decay": 0.0,
        "training.beta2": 0.99,
    },
)
