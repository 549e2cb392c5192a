"""ONNX Runtime: the default on CPUs, three times as fast as PyTorch and quicker to load.

An encoder is exported once, compared with PyTorch, and kept as two files in the home:
``<fingerprint>.onnx``, and ``<fingerprint>.json`` with the checksum, the versions and the agreement
with PyTorch, or why the encoder cannot be exported. The second is written last. Another version of
ONNX Runtime exports and compares again.
"""

import contextlib
import json
import tempfile
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.encoders.agreement import agree, probe
from mirs_core.encoders.base import SIDE, Encoder
from mirs_core.encoders.engine import EngineError, Features
from mirs_core.encoders.spec import EngineSpec
from mirs_core.errors import MirsError
from mirs_core.files import replace_file, sha256, write_json
from mirs_core.system.processes import locked

SCHEMA = 1
"""Version of the exported files; raised when the export changes."""

_OPSET = 17
_INPUT, _OUTPUT = "tiles", "features"


class OnnxEngine:
    """An exported network in ONNX Runtime, on the CPU.

    A call runs in the calling thread alone: on two cores, two threads with two tiles each encode
    408 tiles/s where two threads that share every tile encode 348, and no thread spins.
    """

    batch = 2
    is_concurrent = True

    def __init__(self, exported: bytes) -> None:
        """``exported`` is the content of an .onnx file. Raises EngineError if it cannot be run."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.label = f"onnxruntime {runtime_version()}"
        try:
            self._session = onnxruntime.InferenceSession(
                exported, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no class
            raise EngineError(f"ONNX Runtime cannot load it ({_first_line(error)})") from None

    def __call__(self, inputs: NDArray[np.float32]) -> Features:
        """Features (B, D) of inputs (B, 3, 224, 224)."""
        features: Features = self._session.run([_OUTPUT], {_INPUT: inputs})[0]
        return features


@dataclass(frozen=True, slots=True)
class _Export:
    """The two files of an exported encoder."""

    model: Path
    record: Path

    @classmethod
    def of(cls, encoder: Encoder, folder: Path) -> "_Export":
        name = encoder.fingerprint[:32]
        return cls(folder / f"{name}.onnx", folder / f"{name}.json")

    def read(self, versions: dict[str, Any]) -> bytes | None:
        """The exported network; None if there is none of these versions, or it is damaged.

        Raises:
            EngineError: the encoder could not be exported with these versions.
        """
        try:
            record = json.loads(self.record.read_text(encoding="utf-8"))
            if any(record.get(key) != value for key, value in versions.items()):
                return None
            if record.get("problem"):
                if record.get("exporters") != _exporters():
                    return None
                raise EngineError(record["problem"])
            exported = self.model.read_bytes()
        except (OSError, ValueError, AttributeError):
            return None
        return exported if sha256(exported) == record.get("sha256") else None

    def write(self, record: dict[str, Any], exported: bytes | None) -> None:
        """Keeps an export, or only why there is none. A home that is full or read-only is left."""
        try:
            if exported is not None:
                replace_file(self.model, lambda handle: handle.write(exported))
            write_json(self.record, record)
        except MirsError as error:
            warnings.warn(f"The exported encoder is not kept: {error}", stacklevel=2)


def runtime_version() -> str:
    """The version of ONNX Runtime. Raises EngineError if it is not installed."""
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError(f"the package onnxruntime is not installed ({error})") from None
    return str(onnxruntime.__version__)


def _exporters() -> dict[str, str | None]:
    """Versions of the packages on which it depends whether an encoder can be exported."""
    versions: dict[str, str | None] = {}
    for package in ("torch", "onnx"):
        versions[package] = None
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


def open_onnx(encoder: Encoder, folder: Path) -> OnnxEngine:
    """An encoder in ONNX Runtime, exported into ``folder`` if it is not there yet.

    Raises:
        EngineError: it cannot be exported, or its features are not those of PyTorch.
        EncoderError: the encoder's weights are damaged.
    """
    versions = {"schema": SCHEMA, "onnxruntime": runtime_version()}
    files = _Export.of(encoder, folder)
    exported = files.read(versions)
    if exported is not None:
        return OnnxEngine(exported)
    with locked(files.record.with_suffix(".lock")):
        # Another process may have exported it meanwhile.
        exported = files.read(versions)
        return _exported(encoder, files, versions) if exported is None else OnnxEngine(exported)


def _exported(encoder: Encoder, files: _Export, versions: dict[str, Any]) -> OnnxEngine:
    encoder.load()
    record = {**versions, "encoder": encoder.name, "fingerprint": encoder.fingerprint}
    try:
        exported = _export(encoder)
        engine = OnnxEngine(exported)
        agreement = _compare(encoder, engine)
    except EngineError as error:
        files.write({**record, "problem": str(error), "exporters": _exporters()}, None)
        raise
    record |= {
        "sha256": sha256(exported),
        "exporters": _exporters(),
        **agreement,
    }
    files.write(record, exported)
    return engine


def _export(encoder: Encoder) -> bytes:
    """The encoder's network as an .onnx file. Raises EngineError where that is impossible."""
    import torch

    network = encoder.load()
    if not isinstance(network, torch.nn.Module):
        raise EngineError("its network is not a PyTorch module")
    if any(value.device.type != "cpu" for value in network.state_dict().values()):
        raise EngineError("its network is on a GPU")
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exported.onnx"
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                network,
                (torch.from_numpy(probe()[:2]),),
                path,
                dynamo=False,
                opset_version=_OPSET,
                input_names=[_INPUT],
                output_names=[_OUTPUT],
                dynamic_axes={_INPUT: {0: "n"}, _OUTPUT: {0: "n"}},
            )
        except Exception as error:  # exporters fail in many ways
            raise EngineError(f"it cannot be exported ({_first_line(error)})") from None
        return path.read_bytes()


def _compare(encoder: Encoder, engine: OnnxEngine) -> dict[str, float]:
    """The agreement with PyTorch, alone and in a batch. Raises EngineError if it is not enough."""
    import torch

    inputs = probe()
    expected = encoder.encode(torch.from_numpy(inputs)).numpy()
    assert inputs.shape[1:] == (3, SIDE, SIDE)
    try:
        alone = np.concatenate([engine(tile[None]) for tile in inputs])
        batch = engine(inputs)
    except Exception as error:  # a graph that was exported for one shape only
        raise EngineError(f"ONNX Runtime cannot run it ({_first_line(error)})") from None
    agreements = [agree(expected, alone), agree(expected, batch)]
    if problems := [agreement.problem for agreement in agreements if agreement.problem]:
        raise EngineError(problems[0])
    return {
        "cosine_min": min(agreement.cosine_min for agreement in agreements),
        "difference_max": max(agreement.difference_max for agreement in agreements),
    }


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


SPEC = EngineSpec(
    name="onnxruntime",
    order=1,
    title="ONNX Runtime",
    help="The default on CPUs; each encoder is exported once and compared with PyTorch.",
    licence="MIT",
    on_gpus=False,
    open=open_onnx,
)
