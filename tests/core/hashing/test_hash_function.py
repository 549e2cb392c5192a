"""The model in NumPy against the one in PyTorch, and its file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from mirs_core.config.presets import from_preset
from mirs_core.hashing.hash_function import HashFunction, Transform
from mirs_core.hashing.model import HashHead, HashModel, shared
from mirs_core.hashing.whitening import identity, scaling, whitening
from mirs_core.retrieval.retriever import load_model, save_model


def features(n: int = 50, width: int = 24, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, width)) @ rng.normal(size=(width, width))).astype(np.float32)


def model_of(hidden: tuple[int, ...] = (20, 12), group: int = 5, slope: float = 0.2) -> HashModel:
    torch.manual_seed(3)
    head = HashHead(24, 16, hidden, slope)
    return HashModel(head, whitening(features(), group, 0.01), scaling(features(), "scaled"))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([(), (7,), (20, 12)]),
    st.integers(1, 24),
    st.sampled_from([0.0, 0.2, 0.7]),
    st.integers(0, 2**31),
)
def test_both_forms_give_the_same_codes(
    hidden: tuple[int, ...], group: int, slope: float, seed: int
) -> None:
    model, x = model_of(hidden, group, slope), features(seed=seed)
    function = model.function()
    assert function.bits == model.bits
    for domain in ("source", "target"):
        expected = model.soft(x, domain)
        assert np.allclose(function.soft(x, domain), expected, rtol=1e-4, atol=1e-6)
        decided = np.abs(expected - 0.5) > 1e-5
        bits = np.unpackbits(function.encode(x, domain), axis=1)
        assert np.array_equal(bits[decided], (expected >= 0.5)[decided])


@pytest.mark.parametrize("logit", [0.0, -0.0, 1e-9, -1e-9, -1e-6, 1e-6, 1e4, -1e4])
def test_a_logit_of_zero_is_a_one_as_in_pytorch(logit: float) -> None:
    head = HashHead(1, 8, ())
    with torch.no_grad():
        head.layers[0].weight.fill_(1.0)
        head.layers[0].bias.zero_()
    model, x = shared(head), np.array([[logit]], np.float32)
    assert np.array_equal(model.function().encode(x, "target"), model.encode(x, "target"))
    assert np.isfinite(model.function().soft(x, "target")).all()


def test_the_transform_is_that_of_pytorch_for_every_size_of_group() -> None:
    x = features()
    for group in (1, 2, 5, 7, 24):
        expected = whitening(x, group, 0.01)
        transform = Transform(expected.mean.numpy(), expected.blocks.numpy())
        assert np.allclose(transform(x), expected(torch.from_numpy(x)).numpy(), atol=1e-4)


def test_many_rows_are_encoded_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    function, x = model_of().function(), features()
    whole = function.encode(x, "source")
    monkeypatch.setattr("mirs_core.hashing.hash_function._BATCH", 7)
    assert np.array_equal(function.encode(x, "source"), whole)
    assert function.encode(features(0), "target").shape == (0, 2)


def test_a_function_does_not_follow_its_model() -> None:
    model, x = model_of(), features()
    function = model.function()
    before = function.soft(x, "target")
    with torch.no_grad():
        for value in model.head.parameters():
            value.zero_()
    assert np.array_equal(function.soft(x, "target"), before)


def test_there_and_back() -> None:
    function = model_of().function()
    again = HashModel.of(function).function()
    assert again.state().keys() == function.state().keys()
    for name, value in function.state().items():
        assert np.array_equal(value, again.state()[name]), name
    assert again.slope == function.slope == 0.2
    assert all(p.requires_grad for p in HashModel.of(function).head.parameters())


def test_the_file_of_a_model_is_byte_for_byte_that_of_pytorch(tmp_path: Path) -> None:
    """Files of earlier versions were written by PyTorch, and are compared by their checksums."""
    torch.manual_seed(4)
    transforms = whitening(features(), 5, 0.01), scaling(features(), "scaled")
    model, path = HashModel(HashHead(24, 64, (20,)), *transforms), tmp_path / "model.safetensors"
    for saved in (model, model.function()):
        save_model(path, saved)
        assert path.read_bytes() == save(model.state())
    config = from_preset("mirs", data="", changes=["head.bits=64"])
    loaded = load_model(path, config)
    assert isinstance(loaded, HashFunction)
    save_model(path, loaded)
    assert path.read_bytes() == save(model.state())


def test_a_domain_must_be_known() -> None:
    with pytest.raises(KeyError):
        shared(HashHead(24, 16, ()), identity(24)).function().encode(features(), "elsewhere")
