"""PyTorch: every encoder, and GPUs."""

from mirs_core.encoders.pytorch_engine import PyTorchEngine
from mirs_core.encoders.spec import EngineSpec

SPEC = EngineSpec(
    name="torch",
    order=2,
    title="PyTorch",
    help="Runs every encoder, and is the default on GPUs.",
    licence="BSD-3-Clause",
    on_gpus=True,
    open=lambda encoder, folder: PyTorchEngine(encoder.load()),
)
