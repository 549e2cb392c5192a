"""Where the encoder looks: gradients against differences, maps against features, a moved blob."""

from pathlib import Path

import numpy as np
import pytest
import torch
from searchers import items_of, searcher_of
from torch import Tensor, nn

from mirs_core.encoders.base import Encoder
from mirs_core.encoders.loading import load_encoder
from mirs_core.errors import EncoderError
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.hashing.model import HashHead, HashModel, shared
from mirs_core.hashing.whitening import Transform
from mirs_core.ranking.codes import unpack
from mirs_core.retrieval import attention
from mirs_core.workspace.home import Home


class Blobs(nn.Module):
    """Sees brightness at 28 x 28 places, with a ReLU behind its last layer that is no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 8, stride=8)
        nn.init.constant_(self.body.weight, 1 / 192)
        nn.init.zeros_(self.body.bias)
        with torch.no_grad():
            self.body.weight[1] *= -1

    def forward(self, batch: Tensor) -> Tensor:
        return self.body(batch).relu().mean((2, 3))


def encoder_of(build: object, dim: int = 4) -> Encoder:
    zeros, ones = (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)
    return Encoder("blobs", dim, "f" * 64, build, mean=zeros, scale=ones)  # type: ignore[arg-type]


def head_with_transform() -> HashFunction:
    torch.manual_seed(0)
    blocks = torch.randn(1, 4, 4)
    return shared(HashHead(4, 16, (8,)), Transform(torch.randn(4), blocks)).function()


@pytest.mark.parametrize(
    "model",
    [
        head_with_transform(),
        FloatModel("euclidean"),
        FloatModel("cosine", np.array([0.1, 0.2, 0.0, -0.3], np.float32)),
    ],
    ids=["hash", "euclidean", "cosine"],
)
def test_the_gradient_is_that_of_small_steps(model: HashFunction | FloatModel) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=4).astype(np.float32)
    code = (
        np.array([178, 9], np.uint8)
        if isinstance(model, HashFunction)
        else rng.normal(size=4).astype(np.float32)
    )
    found = attention._gradient(model, features, code)
    step = 1e-3
    for place in range(4):
        moved = [features.copy() for _ in range(2)]
        moved[0][place] -= step
        moved[1][place] += step
        low, high = (
            float(attention.agreement(model, torch.from_numpy(x)[None], code).detach())
            for x in moved
        )
        assert found[place] == pytest.approx((high - low) / (2 * step), rel=0.05, abs=1e-2)


def test_agreement_counts_logits_with_the_signs_of_the_code() -> None:
    model = head_with_transform()
    x, code = torch.randn(1, 4), np.array([178, 9], np.uint8)
    network = HashModel.of(model)
    logits = network.head(network.transforms["target"](x))[0].tolist()
    bits = unpack(code[None], 16)[0].tolist()
    expected = sum(v if bit else -v for v, bit in zip(logits, bits, strict=True))
    assert float(attention.agreement(model, x, code).detach()) == pytest.approx(expected, rel=1e-5)


def test_evidence_is_what_speaks_for_it_and_no_more() -> None:
    maps = np.array([[[1, 0], [0, 2]], [[0, 3], [0, 1]]], np.float32)
    assert attention.weighted(maps, np.array([1, -1], np.float32)).tolist() == [[1, 0], [0, 1]]
    assert attention.weighted(maps, np.array([2, 1], np.float32)).tolist() == [
        pytest.approx([0.4, 0.6]),
        pytest.approx([0, 1]),
    ]
    assert not attention.weighted(maps, np.zeros(2, np.float32)).any()


@pytest.mark.parametrize(("top", "left"), [(16, 16), (160, 40), (200, 200)])
def test_a_bright_blob_is_found_where_it_is(top: int, left: int) -> None:
    image = np.zeros((224, 224, 3), np.uint8)
    image[top : top + 16, left : left + 16] = 255
    features = np.eye(4, dtype=np.float32)[[0, 1]]
    searcher = searcher_of(features, items_of(["a", "b"]))
    searcher._encoder = encoder_of(Blobs)
    heat = attention.attention(searcher, image, searcher.query_by_id("0.png"))
    assert heat.shape == (28, 28) and heat.max() == 1
    y, x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert (top <= y * 8 < top + 16) and (left <= x * 8 < left + 16)


def test_maps_pool_to_the_features_of_the_real_encoder(tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", Home(tmp_path))
    batch = torch.randn(2, 3, 224, 224)
    maps = encoder.maps(batch)
    assert maps.shape[:2] == (2, encoder.dim)
    assert torch.allclose(maps.mean((2, 3)), encoder.encode(batch), atol=1e-4)


def test_an_encoder_without_such_maps_says_so() -> None:
    flat = encoder_of(lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 224 * 224, 4)))
    with pytest.raises(EncoderError, match="no feature maps"):
        flat.maps(torch.zeros(1, 3, 224, 224))
    function = encoder_of(lambda: lambda batch: batch.mean((2, 3)), dim=3)
    with pytest.raises(EncoderError, match="no feature maps"):
        function.maps(torch.zeros(1, 3, 224, 224))


def test_the_overlay_colours_what_is_warm_and_leaves_the_rest() -> None:
    image = np.full((60, 100, 3), 100, np.uint8)
    heat = np.zeros((4, 4), np.float32)
    assert (attention.overlay(image, heat) == 100).all()
    heat[0, 0] = 1
    shown = attention.overlay(image, heat)
    assert shown.shape == (60, 60, 3) and shown.dtype == np.uint8
    assert (shown[3, 3] != 100).any() and (shown[-5, -5] == 100).all()
