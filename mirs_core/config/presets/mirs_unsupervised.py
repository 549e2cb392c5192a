"""MIRS without labels: contrastive training on views of a tile."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="mirs-unsupervised",
    title="MIRS, unsupervised",
    order=40,
    help="NT-Xent between two views of each tile, with push and balance; reads no labels.",
    changes={
        "loss.metric": "nt-xent",
        "loss.temperature": 1.0,
        "loss.push_weight": 0.05,
        "loss.balance_form": "bit",
        "training.batch_size": 128,
        "training.selection": "last",
        "training.tiles": "half+archive",
    },
    citation="Chen et al., A Simple Framework for Contrastive Learning, ICML 2020",
)
