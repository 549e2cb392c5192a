"""What a new process prints about the modules that it has imported; one process for all tests."""

import functools
import os
import subprocess
import sys
from pathlib import Path

_STEPS = """
import sys
from pathlib import Path

def heavy():
    return sorted({"torch", "timm", "torchvision"} & set(sys.modules))

from mirs_core.system.devices import has_gpu
print("gpu", has_gpu(), heavy())
from mirs_core.encoders.loading import encoder_help, load_encoder
encoder_help()
print("help", heavy())
from mirs_core.workspace.home import Home
print("load", load_encoder("efficientnet-lite0", Home(Path())).fingerprint, heavy())
"""


@functools.cache
def printed() -> dict[str, str]:
    """What each step in turn printed, without a GPU: "gpu", "help" and "load"."""
    done = subprocess.run(
        [sys.executable, "-c", _STEPS],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())
