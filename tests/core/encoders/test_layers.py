"""Statistics of an inner block: the numbers, the fingerprint, and every engine alike."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mirs_core.config.presets import from_preset
from mirs_core.encoders import run_encoder
from mirs_core.encoders.base import Encoder, Inner, freeze
from mirs_core.encoders.engines.onnx_runtime import open_onnx
from mirs_core.encoders.layers import with_inner_block
from mirs_core.encoders.loading import load_encoder
from mirs_core.encoders.modules import WithInnerBlock
from mirs_core.errors import EncoderError
from mirs_core.workspace.home import Home

_INNER = Inner("body", 4)


class Small(nn.Module):
    """Four inner maps of 28 x 28, six last ones; its dropout tells the mode that it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 8, stride=8)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Conv2d(4, 6, 3, stride=2)

    def forward(self, batch: Tensor) -> Tensor:
        return self.last(self.dropout(self.body(batch)).relu()).mean((2, 3))


def small_encoder(inner: Inner | None = _INNER) -> Encoder:
    def build() -> nn.Module:
        torch.manual_seed(0)
        network = Small()
        freeze(network)
        return network

    levels = (127.0, 127.0, 127.0)
    encoder = Encoder("small", 6, "5" * 64, build, mean=levels, scale=levels, architecture="small")
    encoder.inner = inner
    return encoder


def batch_of(n: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(
        np.random.default_rng(seed).normal(size=(n, 3, 224, 224)).astype(np.float32)
    )


def test_the_statistics_are_those_of_the_maps_one_by_one() -> None:
    plain = small_encoder()
    layered, batch = with_inner_block(plain), batch_of(3)
    features = layered.encode(batch).numpy()
    assert layered.parts == (6, 8) and layered.dim == features.shape[1] == 14
    assert np.allclose(features[:, :6], plain.encode(batch).numpy(), atol=1e-6)
    network = plain.load()
    assert isinstance(network, Small)
    maps = network.body(batch).numpy()
    for tile in range(3):
        for channel in range(4):
            values = maps[tile, channel].ravel().tolist()
            mean = sum(values) / len(values)
            deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
            assert features[tile, 6 + channel] == pytest.approx(mean, abs=1e-5)
            assert features[tile, 10 + channel] == pytest.approx(deviation, abs=1e-5)


def test_threads_inside_the_network_at_once_keep_their_own_maps() -> None:
    network = WithInnerBlock(small_encoder().load(), "body")
    batches = [batch_of(2, seed) for seed in range(4)]
    with torch.inference_mode():
        alone = [network(batch) for batch in batches]
    results: dict[int, list[Tensor]] = {number: [] for number in range(4)}

    def run(number: int) -> None:
        with torch.inference_mode():
            for _ in range(10):
                results[number].append(network(batches[number]))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, repeats in results.items():
        assert all(torch.allclose(again, alone[number], atol=1e-6) for again in repeats)


def test_other_layers_are_another_encoder_and_the_same_tile() -> None:
    plain = small_encoder()
    layered, again = with_inner_block(plain), with_inner_block(small_encoder())
    assert layered.fingerprint == again.fingerprint != plain.fingerprint
    other = with_inner_block(small_encoder(Inner("dropout", 4)))
    assert other.fingerprint not in (plain.fingerprint, layered.fingerprint)
    image = np.random.default_rng(0).integers(0, 255, (90, 90)).astype(np.uint8)
    assert np.array_equal(layered.inputs(image), plain.inputs(image))
    assert (plain.dim, plain.parts) == (6, ())
    with pytest.raises(EncoderError, match="cannot be fine-tuned"):
        layered.trainable()


def test_without_an_inner_block_the_error_says_what_to_set() -> None:
    with pytest.raises(EncoderError, match=r"features\.layers=last"):
        with_inner_block(small_encoder(None))


def test_the_exported_network_agrees_and_the_export_leaves_no_dropout_on(tmp_path: Path) -> None:
    layered = with_inner_block(small_encoder())
    engine, batch = open_onnx(layered, tmp_path), batch_of(2)
    assert np.allclose(engine(batch.numpy()), layered.encode(batch).numpy(), atol=1e-5)
    assert torch.equal(layered.encode(batch), layered.encode(batch))


def test_maps_for_attention_are_those_of_the_first_part() -> None:
    layered, batch = with_inner_block(small_encoder()), batch_of(1)
    maps = layered.maps(batch)
    assert maps.shape[1] == 6
    assert torch.allclose(maps.mean((2, 3)), layered.encode(batch)[:, :6], atol=1e-5)


def test_a_run_gets_the_layers_that_it_names(tmp_path: Path) -> None:
    home = Home(tmp_path)
    plain, layered = (
        run_encoder.encoder_for(home, from_preset("mirs", data="", changes=changes))
        for changes in ([], ["features.layers=inner"])
    )
    assert plain.fingerprint == load_encoder("efficientnet-lite0", home).fingerprint
    assert (plain.dim, layered.dim, layered.parts) == (1280, 1664, (1280, 384))
    batch = batch_of(1)
    assert torch.allclose(layered.encode(batch)[:, :1280], plain.encode(batch), atol=1e-5)
