"""DenseNet121 with ImageNet weights, pooled after its last ReLU: the encoder of MIRS 2021."""

from mirs_core.encoders.networks import _densenet121 as densenet121
from mirs_core.encoders.spec import EncoderSpec

SPEC = EncoderSpec(
    name="densenet121-imagenet",
    order=2,
    title="DenseNet121 (ImageNet)",
    help="1024 features; the encoder of the 2021 paper. Its weights are downloaded once (32 MB).",
    citation=densenet121.CITATION,
    licence=densenet121.LICENCE,
    weights=densenet121.WEIGHTS_URL,
    architecture=densenet121.architecture,
    load=lambda home: densenet121.load_densenet121(home.cache),
    cost=densenet121.COST,
)
