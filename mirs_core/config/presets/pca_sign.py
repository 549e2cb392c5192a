"""PCA-sign: hash codes without training."""

from mirs_core.config.preset import Preset

SPEC = Preset(
    name="pca-sign",
    title="PCA-sign",
    order=30,
    help="Signs of randomly rotated principal axes: hash codes without any training.",
    changes={"head.kind": "pca-sign"},
)
