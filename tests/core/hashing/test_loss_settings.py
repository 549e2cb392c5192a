"""Every setting of the loss changes the term that it belongs to: from configuration to value."""

import dataclasses

import pytest
import torch

from mirs_core.config.loss import LossConfig
from mirs_core.config.presets import from_preset
from mirs_core.hashing.losses import LOSS_TERMS
from mirs_core.hashing.terms import Batch
from mirs_core.pipeline import assembly

CLASSES, BITS = 4, 128
ORTHOHASH, NT_XENT = "loss.metric=orthohash", ("loss.metric=nt-xent", "training.selection=last")
ENTROPY = "loss.entropy_weight=0.5"

CHANGES = {
    "mining": ((), "loss.mining=violating", "triplet"),
    "margin": ((), "loss.margin=0.7", "triplet"),
    "margin of OrthoHash": ((ORTHOHASH,), "loss.margin=0.7", "orthohash"),
    "scale": ((ORTHOHASH,), "loss.scale=3", "orthohash"),
    "temperature": (NT_XENT, "loss.temperature=0.7", "nt-xent"),
    "projection": (NT_XENT, "loss.projection=64", "nt-xent"),
    "seed": ((ORTHOHASH,), "seed", "orthohash"),
    "push_weight": ((), "loss.push_weight=0.4", "push"),
    "balance_weight": ((), "loss.balance_weight=0.4", "balance"),
    "balance_form": ((), "loss.balance_form=bit", "balance"),
    "entropy_weight": ((ENTROPY,), "loss.entropy_weight=0.2", "entropy"),
    "entropy_form": ((ENTROPY,), "loss.entropy_form=softmax", "entropy"),
    "interclass_weight": (
        ("loss.interclass_weight=1",),
        "loss.interclass_weight=0.3",
        "interclass",
    ),
    "margin between classes": (("loss.interclass_weight=1",), "loss.margin=0.7", "interclass"),
    "order_weight": (("loss.order_weight=1",), "loss.order_weight=0.3", "order"),
    "similarity_weight": (
        ("loss.similarity_weight=1",),
        "loss.similarity_weight=0.3",
        "similarity",
    ),
}
"""By setting: the changes that make it matter, another value, and the term that must move."""

ELSEWHERE = {
    "metric": "test_metric_losses_are_those_that_the_setting_offers",
    "groups": "test_interclass_groups",
    "further": "test_loss_terms",
}
"""Settings that choose terms or are read before the loss, and where they are tested."""


def batch() -> Batch:
    generator = torch.Generator().manual_seed(4)
    logits, other, target = (torch.randn(24, BITS, generator=generator) for _ in range(3))
    labels = torch.arange(24) % CLASSES
    return Batch(
        logits,
        logits.sigmoid(),
        labels,
        inputs=torch.randn(24, 16, generator=generator),
        target_logits=target,
        other_logits=other,
        groups=torch.arange(24) % 3,
    )


def weighted(changes: tuple[str, ...], seed: int = 0) -> dict[str, float]:
    """Weight times value of every term, and their sum as ``total``."""
    config = from_preset("mirs", data="", seed=seed, changes=changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        objective = assembly.objective_of(config, CLASSES)
    total, values = objective(batch())
    parts = {name: objective.terms[name][0] * value.item() for name, value in values.items()}
    return {**parts, "total": total.item()}


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_moves_its_term_and_no_other(name: str) -> None:
    base, change, term = CHANGES[name]
    before = weighted(base)
    after = weighted(base, seed=1) if change == "seed" else weighted((*base, change))
    moved = {key for key in before if abs(before[key] - after[key]) > 1e-6}
    # The margin belongs to triplets of both kinds.
    allowed = {term, "total"} | ({"triplet", "interclass"} if "margin" in name else set())
    assert {term, "total"} <= moved <= allowed


def test_every_setting_of_the_loss_is_tried() -> None:
    fields = {item.name for item in dataclasses.fields(LossConfig)}
    assert fields == ({*CHANGES} & fields) | {*ELSEWHERE}


@pytest.mark.parametrize("name", LOSS_TERMS)
def test_the_assembly_passes_each_argument_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, built = LOSS_TERMS[name], {}

    def build(**arguments: object) -> object:
        built.update(arguments)
        return spec.build(**arguments)

    monkeypatch.setitem(LOSS_TERMS, name, dataclasses.replace(spec, build=build))
    changes = [*(NT_XENT if name == "nt-xent" else ())]
    changes += [f"loss.metric={name}"] if spec.metric and name != "nt-xent" else []
    changes += [f"{spec.weight}=0.5"] if spec.weight else []
    changes += ["loss.margin=0.45", "loss.temperature=0.35", "head.bits=64", "loss.scale=5"]
    config = from_preset("mirs", data="", seed=7, changes=changes)
    assembly.objective_of(config, CLASSES)
    expected = {argument: config.value(setting) for argument, setting in spec.settings.items()}
    assert built == expected | ({"classes": CLASSES} if "classes" in spec.needs else {})
