"""Settings of the training."""

from dataclasses import dataclass

from mirs_core.config.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """The optimiser and how long it runs."""

    epochs: int = setting(100, "Epochs", "Passes over the training half.", low=1, high=2000)
    batch_size: int = setting(256, "Batch size", "Tiles per step.", unit="tiles", low=2, high=8192)
    learning_rate: float = setting(
        1e-3, "Learning rate", "Step size of Adam.", low=1e-6, high=1.0, log=True
    )
    averaging: float = setting(
        0.95,
        "Weight averaging",
        "Decay of the moving average of the weights that is evaluated and kept; 0 turns averaging"
        " off.",
        low=0.0,
        high=0.9999,
    )
    views: int = setting(
        8,
        "Views",
        "Number of rotated and mirrored versions of each training tile; each is encoded once.",
        choices=(1, 2, 4, 8),
    )
    weight_decay: float = setting(
        1e-4, "Weight decay", "L2 penalty within Adam.", low=0.0, high=1.0, log=True
    )
    tiles: str = setting(
        "half",
        "Tiles",
        "Tiles that an unsupervised head learns from: the training half, or the archive as well,"
        " whose views must then be encoded too. Labels are used in neither case.",
        choices=("half", "half+archive"),
    )
    selection: str = setting(
        "map",
        "Selection of the epoch",
        "Map: the epoch of the highest validation mAP@64; last: the last one; loss: that of the"
        " lowest validation metric loss. Without labels, only last and loss are possible.",
        choices=("map", "last", "loss"),
    )
    beta1: float = setting(
        0.9, "Adam beta 1", "Decay rate of the mean gradient.", low=0.0, high=0.9999
    )
    beta2: float = setting(
        0.999, "Adam beta 2", "Decay rate of the mean squared gradient.", low=0.0, high=0.99999
    )
