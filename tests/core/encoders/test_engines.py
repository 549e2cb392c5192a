"""Engines: the features of PyTorch, exported once, and PyTorch itself where that is impossible."""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import make_fake_encoder, stripes
from fresh_process import printed
from torch import Tensor, nn

from mirs_core.encoders import engine_choice
from mirs_core.encoders.agreement import agree, probe
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.engine_choice import ENGINES, open_engine
from mirs_core.encoders.engines import onnx_runtime
from mirs_core.encoders.loading import load_encoder
from mirs_core.encoders.pytorch_engine import PyTorchEngine, computed, reduced_precision
from mirs_core.errors import EncoderError
from mirs_core.system import devices
from mirs_core.workspace.home import Home


class Tiny(nn.Module):
    """A network of 8 features, with the layers that exporters know."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=4), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )
        self.eval().requires_grad_(False)

    def forward(self, batch: Tensor) -> Tensor:
        return self.layers(batch).flatten(1)


class ForPairs(Tiny):
    """Different for batches of two: what an export cannot know."""

    def forward(self, batch: Tensor) -> Tensor:
        features = super().forward(batch)
        return 2 * features if len(batch) == 2 else features


class Sorting(Tiny):
    """With an operation that no exporter knows."""

    def forward(self, batch: Tensor) -> Tensor:
        return torch.linalg.matrix_exp(super().forward(batch) @ torch.ones(8, 8))


def encoder_of(build: Callable[[], object] = Tiny, fingerprint: str = "a" * 64) -> Encoder:
    levels = (127.0, 127.0, 127.0)
    return Encoder("tiny", 8, fingerprint, build, mean=levels, scale=levels)  # type: ignore[arg-type]


def inputs_of(encoder: Encoder, count: int = 5) -> np.ndarray:
    return np.stack([encoder.inputs(stripes(seed, 90)) for seed in range(count)])


def test_the_engines_and_their_order() -> None:
    assert list(ENGINES) == ["onnxruntime", "torch"]
    assert [spec.on_gpus for spec in ENGINES.values()] == [False, True]


@pytest.mark.parametrize("name", ["tiny", "efficientnet-lite0"])
def test_an_exported_encoder_gives_the_features_of_pytorch(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    encoder = encoder_of() if name == "tiny" else load_encoder(name, home)
    engine = open_engine(encoder, home)
    assert engine.label.startswith("onnxruntime ")
    inputs = inputs_of(encoder)
    features = engine(inputs)
    assert features.shape == (5, encoder.dim) and features.dtype == np.float32
    expected = encoder.encode(torch.from_numpy(inputs)).numpy()
    assert not agree(expected, features).problem
    # A tile has the same features in every batch, so that caches do not depend on their history.
    assert np.array_equal(features, np.concatenate([engine(tile[None]) for tile in inputs]))


def test_an_export_is_made_once_and_needs_no_network(tmp_path: Path) -> None:
    home, first = Home(tmp_path), encoder_of()
    open_engine(first, home)
    record = json.loads(next(home.engines.glob("*.json")).read_text())
    assert record["fingerprint"] == "a" * 64 and record["cosine_min"] >= 0.999999

    def refuse() -> None:
        raise AssertionError("the network was built")

    inputs = inputs_of(first)
    again = open_engine(encoder_of(refuse), home)
    assert np.array_equal(again(inputs), open_engine(first, home)(inputs))
    assert open_engine(encoder_of(Tiny, "b" * 64), home).label.startswith("onnxruntime")
    assert len(list(home.engines.glob("*.onnx"))) == 2


@pytest.mark.parametrize("damage", ["cut", "other", "no model", "bad json", "no object"])
def test_a_damaged_export_is_made_again(tmp_path: Path, damage: str) -> None:
    home, encoder = Home(tmp_path), encoder_of()
    expected = open_engine(encoder, home)(inputs_of(encoder))
    model, record = next(home.engines.glob("*.onnx")), next(home.engines.glob("*.json"))
    if damage == "cut":
        model.write_bytes(model.read_bytes()[:-7])
    elif damage == "other":
        open_engine(encoder_of(lambda: Tiny().double().float(), "c" * 64), home)
        model.write_bytes(model.read_bytes().replace(b"features", b"feature5"))
    elif damage == "no model":
        model.unlink()
    else:
        record.write_text("{" if damage == "bad json" else "[]")
    assert np.array_equal(open_engine(encoder, home)(inputs_of(encoder)), expected)
    assert "sha256" in json.loads(record.read_text())


def test_another_version_exports_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    open_engine(encoder_of(), home)
    monkeypatch.setattr(onnx_runtime, "runtime_version", lambda: "99.0")
    built: list[int] = []

    def build() -> nn.Module:
        built.append(1)
        return Tiny()

    assert open_engine(encoder_of(build), home).label == "onnxruntime 99.0"
    assert built == [1]


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda: make_fake_encoder()[1], "not a PyTorch module"),
        (Sorting, "cannot be exported"),
        (ForPairs, "features differ"),
    ],
)
def test_what_cannot_be_exported_stays_with_pytorch(
    tmp_path: Path, build: Callable[[], object], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    with pytest.warns(UserWarning, match=f"PyTorch encodes with tiny.*{why}"):
        engine = open_engine(encoder_of(build), home)
    assert engine.label.startswith("torch ")
    assert not list(home.engines.glob("*.onnx"))

    def refuse(encoder: Encoder) -> bytes:
        raise AssertionError("tried again")

    with monkeypatch.context() as patch:
        patch.setattr(onnx_runtime, "_export", refuse)
        with pytest.warns(UserWarning, match=why):
            open_engine(encoder_of(build), home)
        # Another exporter may be able to.
        patch.setattr(onnx_runtime, "_exporters", lambda: {"torch": "99.0", "onnx": None})
        with pytest.raises(AssertionError, match="tried again"):
            open_engine(encoder_of(build), home)
    monkeypatch.setenv("MIRS_ENGINE", "onnxruntime")
    with pytest.raises(EncoderError, match=rf"{why}.*Unset MIRS_ENGINE"):
        open_engine(encoder_of(build), home)


def test_without_the_package_pytorch_encodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.warns(UserWarning, match="onnxruntime is not installed"):
        assert open_engine(encoder_of(), Home(tmp_path)).label.startswith("torch ")
    # Nothing is remembered: the package may be installed tomorrow.
    monkeypatch.delitem(sys.modules, "onnxruntime")
    assert open_engine(encoder_of(), Home(tmp_path)).label.startswith("onnxruntime ")


def test_a_home_that_cannot_be_written_still_encodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise EncoderError("the disk is full")

    monkeypatch.setattr(onnx_runtime, "replace_file", full)
    encoder = encoder_of()
    with pytest.warns(UserWarning, match="not kept: the disk is full"):
        engine = open_engine(encoder, Home(tmp_path))
    assert engine.label.startswith("onnxruntime ") and engine(inputs_of(encoder)).shape == (5, 8)


def test_the_engine_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRS_ENGINE", "torch")
    assert open_engine(encoder_of(), Home(tmp_path)).label.startswith("torch ")
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("MIRS_ENGINE", "steam")
    with pytest.raises(EncoderError, match=r"'steam'\. Choose one of onnxruntime, torch"):
        open_engine(encoder_of(), Home(tmp_path))


def test_gpus_stay_with_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "has_gpu", lambda: True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_engine(encoder_of(), Home(tmp_path)).label.startswith("torch ")


def test_features_of_an_encoder_come_from_its_engine(tmp_path: Path) -> None:
    encoder = encoder_of()
    plain = encoder_of().features(inputs_of(encoder))
    encoder.run_on(lambda encoder: open_engine(encoder, Home(tmp_path)))
    assert encoder.engine() is encoder.engine()
    assert encoder.engine().label.startswith("onnxruntime ")
    assert np.allclose(encoder.features(inputs_of(encoder)), plain, atol=1e-5)


def test_reduced_precision_only_where_features_agree() -> None:
    device = torch.device("cpu")

    class Coarse(nn.Module):
        """Differences of large numbers, which half precision loses."""

        def forward(self, batch: Tensor) -> Tensor:
            means = batch.mean((2, 3))
            turned = means @ torch.eye(3) + 1000
            return turned @ torch.eye(3) - 1000

    class Plain(nn.Module):
        def forward(self, batch: Tensor) -> Tensor:
            return nn.functional.adaptive_avg_pool2d(batch, 4).flatten(1)

    assert reduced_precision(Coarse(), device) is None
    assert reduced_precision(Plain(), device) is torch.float16
    inputs = torch.from_numpy(probe())
    exact = computed(Plain(), inputs, device)
    assert np.allclose(computed(Plain(), inputs, device, torch.bfloat16), exact, atol=1e-2)


def test_pytorch_on_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a GPU, which this machine may not have."""
    module = "mirs_core.encoders.pytorch_engine"
    expected = PyTorchEngine(Tiny())
    assert expected.batch == 16 and "cuda" not in expected.label
    monkeypatch.setattr(f"{module}.reduced_precision", lambda *args: torch.float16)
    monkeypatch.setattr(f"{module}.compute_device", lambda: torch.device("cuda"))
    engine = PyTorchEngine(Tiny())
    assert engine.label.endswith(" cuda float16") and engine.batch > 16
    engine.device, engine._precision, engine._is_pinned = torch.device("cpu"), None, False
    assert np.array_equal(engine(probe()), expected(probe()))


def test_agreement_tells_what_differs() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(4, 30)).astype(np.float32)
    assert not agree(a, a + np.float32(1e-6)).problem
    assert not agree(np.zeros_like(a), np.zeros_like(a)).problem
    assert "cosine" in agree(a, a + rng.normal(size=a.shape).astype(np.float32) * 0.01).problem
    assert "not finite" in agree(a, a * np.float32(np.nan)).problem
    assert "shape" in agree(a, a[:, :7]).problem
    spoiled = a.copy()
    spoiled[2, 3] += 0.02 * np.abs(a).max()
    assert agree(a, spoiled).problem


def test_asking_for_a_gpu_loads_no_torch_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed()["gpu"] == "False []"
    monkeypatch.setattr(devices, "_LINUX_DRIVERS", (__file__,))
    monkeypatch.setattr(devices, "_gpus", lambda: 1)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert devices.has_gpu()


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, expected in (("3", 3), ("2,4", 2)):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert devices.compute_threads() == expected
    for value in ("", "0", "many"):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert devices.compute_threads() >= 1
