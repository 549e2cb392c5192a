"""DenseNet121 with ImageNet weights, pooled before its last ReLU as the 2021 code did."""

from mirs_core.encoders.networks import _densenet121 as densenet121
from mirs_core.encoders.spec import EncoderSpec

SPEC = EncoderSpec(
    name="densenet121-imagenet-pre-relu",
    order=3,
    title="DenseNet121 (ImageNet), before the last ReLU",
    help="Only to reproduce the published 2021 code, which left out the last ReLU.",
    citation=densenet121.CITATION,
    licence=densenet121.LICENCE,
    weights=densenet121.WEIGHTS_URL,
    architecture=lambda: densenet121.architecture("pre_relu"),
    load=lambda home: densenet121.load_densenet121(home.cache, "pre_relu"),
    cost=densenet121.COST,
)
