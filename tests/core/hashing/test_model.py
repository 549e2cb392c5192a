"""The head and the model file: start values, codes, and every kind of damage."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import Tensor, nn

from mirs_core.errors import RunError
from mirs_core.hashing.model import HashHead, HashModel, shared
from mirs_core.hashing.whitening import Transform, identity, scaling, whitening
from mirs_core.ranking.codes import binarise, pack

Features = NDArray[np.float32]
State = dict[str, Tensor]


def features(rows: int = 20, width: int = 12, seed: int = 0) -> Features:
    return np.random.default_rng(seed).normal(0.3, 1, (rows, width)).astype(np.float32)


def linear_layers(head: HashHead) -> list[nn.Linear]:
    return [layer for layer in head.modules() if isinstance(layer, nn.Linear)]


@pytest.fixture
def model() -> HashModel:
    """A small model whose domains have different transforms."""
    torch.manual_seed(0)
    head = HashHead(12, 16, (10, 6))
    return HashModel(head, whitening(features(), 5, 0.01), scaling(features(seed=1), "scaled"))


def test_the_head_of_the_method() -> None:
    layers = linear_layers(HashHead(1024))
    assert [layer.weight.shape for layer in layers] == [(512, 1024), (256, 512), (128, 256)]
    assert HashHead(1024)(torch.zeros(3, 1024)).shape == (3, 128)


def test_weights_start_as_xavier_and_biases_at_a_hundredth() -> None:
    torch.manual_seed(1)
    for layer in linear_layers(HashHead(640, 64)):
        rows, columns = layer.weight.shape
        bound = math.sqrt(6 / (rows + columns))
        largest = float(layer.weight.detach().abs().max())
        assert 0.98 * bound < largest <= bound
        assert float(layer.weight.detach().std()) == pytest.approx(bound / math.sqrt(3), rel=0.03)
        assert (layer.bias == torch.tensor(0.01)).all()


def test_the_head_is_its_formula() -> None:
    torch.manual_seed(2)
    head, x = HashHead(12, 8, (10, 6), slope=0.3), features(5).astype(np.float64)
    first, second, last = (
        (layer.weight.detach().numpy().T, layer.bias.detach().numpy())
        for layer in linear_layers(head)
    )
    h = x @ first[0] + first[1]
    h = np.where(h > 0, h, 0.3 * h) @ second[0] + second[1]
    expected = np.where(h > 0, h, 0.3 * h) @ last[0] + last[1]
    found = head(torch.from_numpy(x).float()).detach()
    assert (h < 0).any()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert HashHead(12).activation.negative_slope == 0.2


def test_dropout_works_in_training_and_never_in_codes() -> None:
    torch.manual_seed(3)
    head, x = HashHead(12, 8, dropout=0.5), features()
    head.train()
    assert not torch.equal(head(torch.from_numpy(x)), head(torch.from_numpy(x)))
    model = shared(head)
    np.testing.assert_array_equal(model.soft(x, "source"), model.soft(x, "source"))


def test_soft_codes_are_the_sigmoid_behind_the_transform(model: HashModel) -> None:
    x = features()
    for domain in ("source", "target"):
        logits = model.head(model.transforms[domain](torch.from_numpy(x))).detach().numpy()
        soft = model.soft(x, domain)
        np.testing.assert_allclose(soft, 1 / (1 + np.exp(-logits)), atol=1e-6)
        codes = model.encode(x, domain)
        assert codes.dtype == np.uint8
        assert codes.shape == (20, 2)
        np.testing.assert_array_equal(codes, pack(binarise(soft)))


def test_source_and_target_have_their_own_transform(model: HashModel) -> None:
    x = features()
    assert (model.encode(x, "source") != model.encode(x, "target")).any()
    with pytest.raises(KeyError):
        model.encode(x, "elsewhere")


def test_a_shared_transform_serves_both_domains() -> None:
    torch.manual_seed(4)
    x = features()
    both = shared(HashHead(12, 16), scaling(x, "standardised"))
    np.testing.assert_array_equal(both.soft(x, "source"), both.soft(x, "target"))
    plain = shared(HashHead(12, 16))
    expected = plain.head(torch.from_numpy(x)).sigmoid().detach()
    np.testing.assert_allclose(plain.soft(x, "target"), expected, atol=1e-6)


def test_codes_in_chunks_are_the_codes_at_once(
    model: HashModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = features(23)
    whole, codes = model.soft(x, "target"), model.encode(x, "target")
    monkeypatch.setattr("mirs_core.hashing.model._BATCH", 5)
    np.testing.assert_allclose(model.soft(x, "target"), whole, atol=1e-6)
    np.testing.assert_array_equal(model.encode(x, "target"), codes)


def test_no_features_give_no_codes(model: HashModel) -> None:
    assert model.soft(features(0), "target").shape == (0, 16)
    assert model.encode(features(0), "target").shape == (0, 2)


@pytest.mark.parametrize("hidden", [(10, 6), (7,), ()])
def test_a_model_survives_its_file(hidden: tuple[int, ...]) -> None:
    torch.manual_seed(5)
    x = features()
    before = HashModel(HashHead(12, 16, hidden), whitening(x, 5, 0.01), identity(12))
    after = HashModel.from_state(load(save(before.state())))
    assert after.bits == 16
    assert set(after.state()) == set(before.state())
    for domain in ("source", "target"):
        np.testing.assert_array_equal(after.soft(x, domain), before.soft(x, domain))


def test_a_state_is_a_copy(model: HashModel) -> None:
    x, state = features(), model.state()
    before = model.soft(x, "source")
    for value in state.values():
        value.zero_()
    np.testing.assert_array_equal(model.soft(x, "source"), before)


def test_loading_a_model_leaves_the_global_random_state_alone(model: HashModel) -> None:
    before = torch.get_rng_state()
    HashModel.from_state(model.state())
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loaded_model_owns_its_tensors(model: HashModel) -> None:
    x, state = features(), model.state()
    loaded = HashModel.from_state(state)
    for name in state:
        if name.startswith("head."):
            state[name].zero_()
    np.testing.assert_array_equal(loaded.soft(x, "source"), model.soft(x, "source"))
    assert all(p.requires_grad and not p.is_meta for p in loaded.head.parameters())


def test_a_head_of_another_slope_is_loaded_with_it() -> None:
    torch.manual_seed(6)
    x, before = features(), shared(HashHead(12, 16, (10,), slope=0.7))
    after = HashModel.from_state(before.state(), slope=0.7)
    np.testing.assert_array_equal(after.soft(x, "target"), before.soft(x, "target"))


def test_codes_that_do_not_fill_bytes_are_refused() -> None:
    with pytest.raises(RunError, match="12 bits do not fill whole bytes"):
        HashModel.from_state(shared(HashHead(12, 12)).state())


def test_the_message_names_the_damaged_tensor(model: HashModel) -> None:
    state = model.state()
    state["head.layers.1.bias"] = state["head.layers.1.bias"][:-1]
    with pytest.raises(RunError, match=r"layers\.1\.bias"):
        HashModel.from_state(state)


def without(name: str) -> Callable[[State], State]:
    return lambda state: {key: value for key, value in state.items() if key != name}


def changed(name: str, change: Callable[[Tensor], Tensor]) -> Callable[[State], State]:
    return lambda state: {**state, name: change(state[name])}


def spoilt(name: str, value: float) -> Callable[[State], State]:
    def spoil(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        tensor.flatten()[-1] = value
        return tensor

    return changed(name, spoil)


TENSORS = sorted(shared(HashHead(12, 16, (10, 6))).state())

DAMAGE: dict[str, Callable[[State], State]] = {
    **{f"{name} missing": without(name) for name in TENSORS},
    **{f"{name} cut": changed(name, lambda t: t[:-1]) for name in TENSORS},
    **{f"{name} flat": changed(name, lambda t: t.flatten()[:, None]) for name in TENSORS},
    **{f"{name} nan": spoilt(name, math.nan) for name in TENSORS},
    **{f"{name} infinite": spoilt(name, -math.inf) for name in TENSORS},
    **{f"{name} double": changed(name, lambda t: t.double()) for name in TENSORS},
    "nothing": lambda state: {},
    "another tensor": lambda state: {**state, "elsewhere": torch.zeros(1)},
    "another tensor of the head": lambda state: {**state, "head.scale": torch.zeros(1)},
    "a third domain": lambda state: {**state, "third.mean": torch.zeros(12)},
    "blocks not square": changed("target.blocks", lambda t: t[:, :, :-1]),
    "a group too many": changed("source.blocks", lambda t: torch.cat([t, t[:1]])),
    "features too many": changed("source.mean", lambda t: torch.cat([t, t[:1]])),
    "a scalar": changed("head.layers.0.weight", lambda t: t[0, 0]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_model_is_refused(model: HashModel, damage: Callable[[State], State]) -> None:
    state = damage(model.state())
    with pytest.raises(RunError, match=r"model\.safetensors is damaged: .+ train again\.") as error:
        HashModel.from_state(state)
    assert "\n" not in str(error.value)


def test_a_transform_for_other_features_is_refused(model: HashModel) -> None:
    wider: Transform = identity(13)
    state = {**model.state(), "target.mean": wider.mean, "target.blocks": wider.blocks}
    with pytest.raises(RunError, match="target transform does not fit 12 features"):
        HashModel.from_state(state)
