"""Loss terms: one file each, and everything about them read from there."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig, settings
from mirs_core.errors import ConfigError
from mirs_core.hashing.losses import LOSS_TERMS
from mirs_core.hashing.terms import Batch, LossTerm, Term
from mirs_core.pipeline import assembly

NAMES = {f"{group}.{item.name}" for group, item in settings()} | {"seed"}
METRICS = {"triplet", "orthohash", "nt-xent"}


def test_terms_are_summed_in_the_order_of_progress_files() -> None:
    auxiliary = ["push", "balance", "interclass", "entropy", "order", "similarity"]
    assert list(LOSS_TERMS) == ["triplet", "orthohash", "nt-xent", *auxiliary]


@pytest.mark.parametrize("name", LOSS_TERMS)
def test_a_term_reads_settings_that_exist(name: str) -> None:
    spec = LOSS_TERMS[name]
    assert set(spec.settings.values()) <= NAMES
    # A term without a weight of its own is switched on by loss.further.
    assert spec.metric or spec.weight in NAMES | {""}
    assert spec.title and spec.help.endswith(".")


def test_metric_losses_are_those_that_the_setting_offers() -> None:
    (choices,) = (i.metadata["choices"] for g, i in settings() if (g, i.name) == ("loss", "metric"))
    assert {name for name, spec in LOSS_TERMS.items() if spec.metric} == set(choices) == METRICS


def test_titles_and_help_are_read_without_torch() -> None:
    code = "import sys, mirs_core.hashing.losses; print('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("mirs", {"triplet": 1.0, "push": 1e-3, "balance": 1.0}),
        ("mirs-best", {"orthohash": 1.0, "push": 1e-3, "balance": 1.0, "order": 0.5}),
        ("mirs-dwt", {"triplet": 1.0, "push": 1e-3, "balance": 1.0, "entropy": 0.1}),
    ],
)
def test_the_weights_of_a_preset(preset: str, expected: dict[str, float]) -> None:
    config = from_preset(preset, data="")
    assert assembly.weights_of(config) == expected
    terms = assembly.objective_of(config, 4).terms
    assert {name: weight for name, (weight, _) in terms.items()} == expected


def test_push_and_balance_are_recorded_without_a_weight() -> None:
    config = from_preset("mirs", data="", changes=["loss.push_weight=0", "loss.balance_weight=0"])
    assert assembly.weights_of(config) == {"triplet": 1.0, "push": 0.0, "balance": 0.0}


def build_spread(margin: float) -> Term:
    return lambda batch: (batch.soft.var(dim=0) - margin).abs().mean()


SPREAD = LossTerm(
    name="spread",
    title="Spread",
    order=200,
    help="Keeps the variance of each bit.",
    build=build_spread,
    settings={"margin": "loss.margin"},
)


def spread_config(preset: str = "mirs", further: str = "spread=0.25") -> RunConfig:
    return from_preset(preset, data="", changes=[f"loss.further={further}"])


def test_one_file_adds_a_term_with_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOSS_TERMS, "spread", SPREAD)
    config = spread_config()
    assembly.check_terms(config)
    assert list(assembly.weights_of(config)) == ["triplet", "push", "balance", "spread"]
    logits = torch.randn(6, config.head.bits, generator=torch.Generator().manual_seed(0))
    batch = Batch(logits, logits.sigmoid(), torch.arange(6) % 2)
    total, values = assembly.objective_of(config, 2)(batch)
    without, _ = assembly.objective_of(from_preset("mirs", data=""), 2)(batch)
    assert values["spread"].item() == pytest.approx(build_spread(config.loss.margin)(batch).item())
    assert total.item() == pytest.approx(without.item() + 0.25 * values["spread"].item())
    assert "spread" not in assembly.weights_of(spread_config(further="spread=0"))


def test_a_further_term_that_reads_labels_is_refused_without_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labelled = LossTerm(
        name="spread", title="Spread", order=200, help=".", build=build_spread,
        needs=frozenset({"labels"}),
    )  # fmt: skip
    monkeypatch.setitem(LOSS_TERMS, "spread", labelled)
    assembly.check_terms(spread_config())
    with pytest.raises(ConfigError, match=r"loss\.further: spread needs class labels"):
        assembly.check_terms(spread_config("mirs-unsupervised"))


@pytest.mark.parametrize("further", ["spread=1", "push=1", "triplet=1"])
def test_an_unknown_further_term_is_refused(further: str) -> None:
    with pytest.raises(ConfigError, match=r"loss\.further has no term"):
        assembly.check_terms(spread_config(further=further))


@pytest.mark.parametrize("further", ["spread", "spread=", "spread=much", "a=1,b"])
def test_a_further_term_needs_a_number(further: str) -> None:
    with pytest.raises(ConfigError, match="give name=weight"):
        spread_config(further=further)


@pytest.mark.parametrize("further", ["spread=-1", "spread=nan", "spread=inf"])
def test_the_weight_of_a_further_term_is_no_less_than_0(further: str) -> None:
    with pytest.raises(ConfigError, match="must be 0 or more"):
        spread_config(further=further)
