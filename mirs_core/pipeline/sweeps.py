"""Sweeps: heads trained over push weight (lambda1) x balance weight (lambda2), each one a run.

A sweep is a folder ``sweeps/<id>/``: ``sweep.json`` what was asked, ``cells.json`` what was found.
What is compared is validation mAP@64: neither the test split nor a label of the archive is read for
it. Where the next cell lies depends on the cells before it and on the seed alone, so a sweep that
broke off ends as if it had not.
"""

import dataclasses
import math
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.errors import ConfigError, MirsError, RunError, StoppedError
from mirs_core.files import is_safe_name, read_json, write_json
from mirs_core.pipeline import train as pipeline
from mirs_core.progress import Progress, ShouldStop, never, silent
from mirs_core.system.processes import lock_if_free
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

METHODS = ("grid", "random", "bayesian")
SCHEMA = 1
_MOST = 400
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was asked.

    Attributes:
        config: of every run, but for the two weights.
        push, balance: lowest and highest weight, both above 0; searched on a log scale.
        trials: how many cells; a grid has the largest square of weights that fits.
    """

    id: str
    name: str
    config: configs.RunConfig
    method: str
    push: Range
    balance: Range
    trials: int
    created: str = ""

    @property
    def cells(self) -> int:
        """How many heads are trained."""
        return self.side**2 if self.method == "grid" else self.trials

    @property
    def side(self) -> int:
        """Weights along each side of a grid."""
        return max(2, math.isqrt(self.trials))

    def to_json(self) -> dict[str, Any]:
        """What ``sweep.json`` holds."""
        return {"schema": SCHEMA, **asdict(self), "config": self.config.to_json()}


@dataclass(frozen=True, slots=True)
class Cell:
    """A pair of weights and what became of it. ``value`` is validation mAP@64, None until then."""

    push: float
    balance: float
    run: str
    value: float | None = None


def create(
    home: Home,
    config: configs.RunConfig,
    *,
    method: str = "grid",
    push: Range = (1e-4, 10.0),
    balance: Range = (1e-2, 100.0),
    trials: int = 25,
    name: str = "",
) -> Sweep:
    """A new sweep, written and not begun.

    Raises:
        ConfigError: the configuration has no validation mAP@64, or a range has no sense.
    """
    if not config.trains or config.training.selection != "map":
        raise ConfigError(
            "A sweep compares validation mAP@64, and these settings don't measure it: choose a"
            " supervised preset and training.selection=map."
        )
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r}; choose {', '.join(METHODS)}.")
    for word, (low, high) in (("push", push), ("balance", balance)):
        if not (math.isfinite(high) and 0 < low < high):
            raise ConfigError(f"The range of {word} is {low:g} to {high:g}; give 0 < low < high.")
    if not 4 <= trials <= _MOST:
        raise ConfigError(f"{trials} trials are asked for; give 4 to {_MOST}.")
    for corner in zip(push, balance, strict=True):
        _with(config, *corner)
    push, balance = _range(push), _range(balance)
    now = datetime.now(UTC)
    new = f"sweep-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    made = Sweep(
        new, name or new, config, method, push, balance, trials, now.isoformat(timespec="seconds")
    )
    write_json(_folder(home) / new / "sweep.json", made.to_json())
    return made


def load(home: Home, sweep_id: str) -> Sweep:
    """A sweep as it was asked.

    Raises:
        RunError: there is none, or its file is damaged.
    """
    path = _folder(home) / sweep_id / "sweep.json"
    if not is_safe_name(sweep_id) or not path.is_file():
        raise RunError(f"There is no sweep {sweep_id!r}; see: python -m mirs_core sweeps list")
    value = read_json(path)
    try:
        if value.pop("schema") != SCHEMA or value["method"] not in METHODS:
            raise ValueError("another version")
        config = configs.from_json(value.pop("config"))
        push, balance = (_range(value.pop(name)) for name in ("push", "balance"))
        made = Sweep(config=config, push=push, balance=balance, **value)
        if made.id != sweep_id or not 4 <= made.trials <= _MOST:
            raise ValueError("its values contradict each other")
        return made
    except (AttributeError, KeyError, TypeError, ValueError, ConfigError) as error:
        raise RunError(f"{path} is damaged ({error}). Delete the sweep.") from None


def _range(value: Any) -> Range:
    low, high = (float(one) for one in value)
    return low, high


def cells(home: Home, sweep_id: str) -> list[Cell]:
    """What a sweep has found so far, in the order of the trials.

    Raises:
        RunError: the file is damaged.
    """
    path = _folder(home) / sweep_id / "cells.json"
    if not is_safe_name(sweep_id) or not path.is_file():
        return []
    try:
        return [
            Cell(
                float(one["push"]),
                float(one["balance"]),
                str(one["run"]),
                None if one["value"] is None else float(one["value"]),
            )
            for one in read_json(path)
        ]
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path} is damaged. Delete the sweep.") from None


def list_sweeps(home: Home) -> list[Sweep]:
    """All readable sweeps, newest first."""
    found = []
    for path in _folder(home).glob("sweep-*/sweep.json"):
        try:
            found.append(load(home, path.parent.name))
        except MirsError:
            continue
    return sorted(found, key=lambda one: one.id, reverse=True)


def best(found: Sequence[Cell]) -> Cell | None:
    """The cell of the highest validation mAP@64, the first of equals; None without any."""
    measured = [cell for cell in found if cell.value is not None]
    return max(measured, key=lambda cell: cell.value or 0.0, default=None)


def delete(home: Home, sweep_id: str) -> None:
    """Removes a sweep; its runs stay.

    Raises:
        RunError: there is none.
    """
    if not is_safe_name(sweep_id) or not (_folder(home) / sweep_id).is_dir():
        raise RunError(f"There is no sweep {sweep_id!r}.")
    shutil.rmtree(_folder(home) / sweep_id, ignore_errors=True)


def carry_out(
    home: Home, sweep_id: str, progress: Progress = silent, should_stop: ShouldStop = never
) -> list[Cell]:
    """Trains what is missing of a sweep; stopped, it returns what there is.

    Raises:
        RunError: there is no such sweep, or another process is at it.
        MirsError: a cell can't be trained.
    """
    sweep, found = load(home, sweep_id), cells(home, sweep_id)
    with lock_if_free(_folder(home) / sweep_id / "lock") as free:
        if free is None:
            raise RunError(f"Sweep {sweep_id} is being carried out already.")
        while len(found) < sweep.cells or any(cell.value is None for cell in found):
            progress("Sweeping", sum(cell.value is not None for cell in found), sweep.cells)
            if should_stop():
                return found
            if not found or found[-1].value is not None:
                found.append(_next(home, sweep, found))
                _keep(home, sweep_id, found)
            done = _trained(home, found[-1], should_stop)
            if done is None:
                return found
            found[-1] = done
            _keep(home, sweep_id, found)
        progress("Sweeping", sweep.cells, sweep.cells)
    return found


def _next(home: Home, sweep: Sweep, found: Sequence[Cell]) -> Cell:
    """The next cell, with its run prepared."""
    push, balance = propose(sweep, found)
    name = f"{sweep.name} l1={push:.3g} l2={balance:.3g}"
    config = _with(sweep.config, push, balance)
    run = pipeline.prepare(home, config, name=name[: annotations.NAME_LENGTH])
    annotations.change(home, run.id, tags=["sweep", sweep.id[-annotations.TAG_LENGTH :]])
    return Cell(push, balance, run.id)


def propose(sweep: Sweep, found: Sequence[Cell]) -> tuple[float, float]:
    """The weights (push, balance) of the cell after those that were ``found``."""
    if sweep.method == "grid":
        column, row = divmod(len(found), sweep.side)
        push, balance = (log_range(*one, sweep.side) for one in (sweep.push, sweep.balance))
        return push[column], balance[row]
    return _asked_of_optuna(sweep, found)


def log_range(low: float, high: float, count: int) -> list[float]:
    """``count`` values from ``low`` to ``high``, evenly on a log scale, to three digits."""
    step = (math.log10(high) - math.log10(low)) / (count - 1)
    return [float(f"{10 ** (math.log10(low) + place * step):.3g}") for place in range(count)]


def _asked_of_optuna(sweep: Sweep, found: Sequence[Cell]) -> tuple[float, float]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # A sampler of its own for each trial, so that nothing but seed and earlier cells matters.
    seed = sweep.config.seed * _MOST + len(found)
    kinds = {"random": optuna.samplers.RandomSampler, "bayesian": optuna.samplers.TPESampler}
    study = optuna.create_study(direction="maximize", sampler=kinds[sweep.method](seed=seed))
    space: Mapping[str, optuna.distributions.BaseDistribution] = {
        "push": optuna.distributions.FloatDistribution(*sweep.push, log=True),
        "balance": optuna.distributions.FloatDistribution(*sweep.balance, log=True),
    }
    for cell in found:
        study.add_trial(
            optuna.trial.create_trial(
                params={"push": cell.push, "balance": cell.balance},
                distributions=dict(space),
                value=cell.value,
            )
        )
    asked = study.ask(dict(space)).params
    return float(f"{asked['push']:.6g}"), float(f"{asked['balance']:.6g}")


def _trained(home: Home, cell: Cell, should_stop: ShouldStop) -> Cell | None:
    """The cell with its value; None where the training was stopped on the way."""
    run = runs.folder(home, cell.run)
    # A sweep that was killed after the run ended finds it done.
    if run.status()["state"] != "done":
        try:
            outcome = pipeline.train(home, run, should_stop=should_stop)
        except StoppedError:
            return None
        if outcome.stopped:
            return None
    values = [line["map_at_64"] for line in run.history() if line["map_at_64"] is not None]
    if not values:
        raise RunError(f"Run {cell.run} measured no validation mAP@64: val/ has too few tiles.")
    return dataclasses.replace(cell, value=max(values))


def _with(config: configs.RunConfig, push: float, balance: float) -> configs.RunConfig:
    """The configuration with these weights. Raises ConfigError where one is out of its range."""
    loss = dataclasses.replace(config.loss, push_weight=float(push), balance_weight=float(balance))
    return dataclasses.replace(config, loss=loss)


def _keep(home: Home, sweep_id: str, found: Sequence[Cell]) -> None:
    write_json(_folder(home) / sweep_id / "cells.json", [asdict(cell) for cell in found])


def _folder(home: Home) -> Path:
    return home.sweeps
