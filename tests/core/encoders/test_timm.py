"""Encoders of timm: the right weights, or an error that helps; never random ones."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import stripes, write_dataset
from safetensors.torch import load_file, save_file

from mirs_core.encoders.families import timm_models
from mirs_core.encoders.loading import architecture_of, load_encoder
from mirs_core.errors import EncoderError
from mirs_core.workspace.home import Home

MODEL = "resnet10t"


def test_a_missing_timm_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(EncoderError, match=r"pip install -r requirements-timm\.txt"):
        load_encoder("timm:resnet18", Home(tmp_path))


def test_the_extra_names_what_it_needs() -> None:
    text = (Path(__file__).parents[3] / "requirements-timm.txt").read_text()
    assert any(line.startswith("timm>=") for line in text.splitlines())


@pytest.fixture
def timm() -> Any:
    return pytest.importorskip("timm", reason="timm is not installed (requirements-timm.txt)")


@pytest.fixture
def published(timm: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file of random weights that stands for the published ones."""
    torch.manual_seed(5)
    path = tmp_path / "published.safetensors"
    save_file(timm.create_model(MODEL).state_dict(), path)
    publish(timm, monkeypatch, path)
    return path


def publish(timm: Any, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    from timm.models import _registry

    about = _registry._model_pretrained_cfgs[f"{MODEL}.c3_in1k"]
    monkeypatch.setattr(about, "file", str(path))


def test_the_encoder_has_the_published_weights(timm: Any, published: Path, tmp_path: Path) -> None:
    encoder = load_encoder(f"timm:{MODEL}", Home(tmp_path))
    network = timm.create_model(MODEL).eval()
    network.load_state_dict(load_file(published))
    tile = stripes(1, 224)
    scaled = torch.from_numpy(tile).float() / 255
    mean, std = (
        torch.tensor(network.pretrained_cfg[key])[:, None, None] for key in ("mean", "std")
    )
    inputs = ((scaled - mean) / std)[None]
    assert torch.allclose(encoder.transform(tile), inputs[0], atol=1e-5)
    with torch.inference_mode():
        maps = network.forward_features(inputs)
    features = encoder.encode(encoder.transform(tile)[None])
    assert features.shape == (1, encoder.dim) == (1, 512)
    assert torch.allclose(features, maps.mean((2, 3)), atol=1e-4)
    assert encoder.transform(np.zeros((500, 300), np.uint8)).shape == (3, 224, 224)


def test_the_fingerprint_is_that_of_the_weights(
    timm: Any, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = load_encoder(f"timm:{MODEL}", Home(tmp_path))
    torch.manual_seed(99)
    assert load_encoder(f"timm:{MODEL}", Home(tmp_path)).fingerprint == first.fingerprint
    tagged = load_encoder(f"timm:{MODEL}.c3_in1k", Home(tmp_path))
    assert torch.equal(*(e.encode(torch.ones(1, 3, 224, 224)) for e in (first, tagged)))
    state = load_file(published)
    state["conv1.0.weight"][0, 0, 0, 0] += 1e-3
    save_file(state, tmp_path / "other.safetensors")
    publish(timm, monkeypatch, tmp_path / "other.safetensors")
    assert load_encoder(f"timm:{MODEL}", Home(tmp_path)).fingerprint != first.fingerprint


def test_weights_that_lack_something_are_refused(
    timm: Any, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = load_file(published)
    for name in ("layer1.0.conv1.weight", "fc.weight"):
        save_file({k: v for k, v in state.items() if k != name}, tmp_path / "part.safetensors")
        publish(timm, monkeypatch, tmp_path / "part.safetensors")
        with pytest.raises(EncoderError, match="cannot build"):
            load_encoder(f"timm:{MODEL}", Home(tmp_path))
    (tmp_path / "part.safetensors").write_bytes(b"damaged")
    with pytest.raises(EncoderError, match="cannot build"):
        load_encoder(f"timm:{MODEL}", Home(tmp_path))


def test_weights_are_never_executed(
    timm: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, ("raise SystemExit('executed')",))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    publish(timm, monkeypatch, tmp_path / "evil.pth")
    with pytest.raises(EncoderError):
        load_encoder(f"timm:{MODEL}", Home(tmp_path))


def test_an_unknown_network_suggests_close_names(timm: Any, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no network 'resnet10'.*Close names:.*resnet101"):
        load_encoder("timm:resnet10", Home(tmp_path))
    for name in ("", "xyzzy-plugh", "hf-hub:someone/thing", "local-dir:/tmp", "../etc"):
        with pytest.raises(EncoderError, match="timm has no network"):
            load_encoder(f"timm:{name}", Home(tmp_path))
        with pytest.raises(EncoderError, match="timm has no network"):
            architecture_of(f"timm:{name}")


def test_a_network_without_weights_is_refused(timm: Any, tmp_path: Path) -> None:
    bare = next(
        name
        for name in timm.list_models("resnet*")
        if not timm.get_pretrained_cfg(name).has_weights
    )
    with pytest.raises(EncoderError, match="no pretrained weights"):
        load_encoder(f"timm:{bare}", Home(tmp_path))


def test_without_a_network_the_weights_cannot_be_had(timm: Any, tmp_path: Path) -> None:
    """In a fresh process with an empty cache that may not go out, as on a machine without net."""
    code = (
        "from pathlib import Path; from mirs_core import errors\n"
        "from mirs_core.encoders import loading\n"
        "from mirs_core.workspace.home import Home\n"
        "try: loading.load_encoder('timm:resnet10t', Home(Path()))\n"
        "except errors.EncoderError as error: print(error)"
    )
    outside = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "empty")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**outside, "TORCH_HOME": str(tmp_path / "torch")},
        check=True,
    )
    (said,) = done.stdout.strip().splitlines()
    assert "timm:resnet10t cannot be downloaded" in said and "HF_HOME" in said


def test_a_fixed_input_size_becomes_that_of_a_tile(timm: Any) -> None:
    made = architecture_of("timm:vit_tiny_patch16_384")
    assert made.dim == 192 and made.mean == (127.5, 127.5, 127.5)
    with torch.inference_mode():
        assert made.blank().eval()(torch.zeros(2, 3, 224, 224)).shape == (2, 192)


def test_a_network_that_takes_no_tiles_says_so(timm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    network = timm.create_model(MODEL)
    network.global_pool = torch.nn.Identity()
    network.reset_classifier(0, global_pool="")
    monkeypatch.setattr(timm_models, "_create", lambda model, pretrained: network)
    with pytest.raises(EncoderError, match="gives no features for tiles of 224 px"):
        architecture_of(f"timm:{MODEL}")


def test_it_can_be_fine_tuned_and_rebuilt_without_its_weights(
    timm: Any, published: Path, tmp_path: Path
) -> None:
    from mirs_core.encoders.fine_tuning import configure, fine_tune

    data = write_dataset(tmp_path / "data", {"train": {"cra": 4, "rid": 4}})
    config = configure("triplet", encoder=f"timm:{MODEL}", epochs=1, batch_size=4)
    made = fine_tune(Home(tmp_path / "home"), data, config)
    published.unlink()
    encoder = load_encoder(made.encoder, Home(tmp_path / "home"))
    assert encoder.architecture == f"timm:{MODEL}"
    batch = torch.stack([encoder.transform(stripes(i)) for i in range(2)])
    with torch.inference_mode():
        assert torch.allclose(encoder.trainable().eval()(batch), encoder.encode(batch), atol=1e-4)
