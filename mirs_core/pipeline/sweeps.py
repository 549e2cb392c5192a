"""Sweeps: heads trained over push weight (lambda1) x balance weight (lambda2), each one a run.

A sweep is a folder ``sweeps/<id>/`` with its settings in ``sweep.json`` and its results in
``cells.json``. It compares validation mAP@64, which reads neither the test split nor labels of the
archive. The next cell depends only on the cells before it and on the seed, so an interrupted sweep
ends with the same result.
"""

import dataclasses
import math
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from mirs_core.config import settings as configs
from mirs_core.errors import ConfigError, MirsError, RunError, StoppedError
from mirs_core.files import is_safe_name, read_json, write_json
from mirs_core.pipeline import training
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
    """The settings of a sweep.

    Attributes:
        config: of every run, except for the two weights.
        push, balance: lowest and highest weight, both above 0; searched on a log scale.
        trials: number of cells; a grid is the largest square that fits.
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
        """Number of heads to train."""
        return self.side**2 if self.method == "grid" else self.trials

    @property
    def side(self) -> int:
        """Number of weights along each side of a grid."""
        return max(2, math.isqrt(self.trials))

    def to_json(self) -> dict[str, Any]:
        """The contents of ``sweep.json``."""
        return {"schema": SCHEMA, **asdict(self), "config": self.config.to_json()}


@dataclass(frozen=True, slots=True)
class Cell:
    """A pair of weights and its run. ``value`` is its best validation mAP@64, or None."""

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
    """Creates a sweep without starting it.

    Raises:
        ConfigError: the configuration has no validation mAP@64, or a range is invalid.
    """
    if not config.trains or config.training.selection != "map":
        raise ConfigError(
            "A sweep compares validation mAP@64, which these settings do not measure. Choose a"
            " supervised preset and training.selection=map."
        )
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r}; choose {', '.join(METHODS)}.")
    for word, (low, high) in (("push", push), ("balance", balance)):
        if not (math.isfinite(high) and 0 < low < high):
            raise ConfigError(f"The range of {word} is {low:g} to {high:g}; give 0 < low < high.")
    if not 4 <= trials <= _MOST:
        raise ConfigError(f"A sweep has between 4 and {_MOST} trials, not {trials}.")
    for corner in zip(push, balance, strict=True):
        _with(config, *corner)
    push, balance = _range(push), _range(balance)
    now = datetime.now(UTC)
    sweep_id = f"sweep-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    created = now.isoformat(timespec="seconds")
    sweep = Sweep(sweep_id, name or sweep_id, config, method, push, balance, trials, created)
    write_json(home.sweeps / sweep_id / "sweep.json", sweep.to_json())
    return sweep


def load(home: Home, sweep_id: str) -> Sweep:
    """The sweep with this id.

    Raises:
        RunError: there is none, or its file is damaged.
    """
    path = home.sweeps / sweep_id / "sweep.json"
    if not is_safe_name(sweep_id) or not path.is_file():
        raise RunError(f"There is no sweep {sweep_id!r}; look it up in the list of sweeps.")
    value = read_json(path)
    try:
        if value.pop("schema") != SCHEMA or value["method"] not in METHODS:
            raise ValueError("another version")
        config = configs.from_json(value.pop("config"))
        push, balance = (_range(value.pop(name)) for name in ("push", "balance"))
        sweep = Sweep(config=config, push=push, balance=balance, **value)
        if sweep.id != sweep_id or not 4 <= sweep.trials <= _MOST:
            raise ValueError("inconsistent values")
        return sweep
    except (AttributeError, KeyError, TypeError, ValueError, ConfigError) as error:
        raise RunError(f"{path} is damaged ({error}). Delete the sweep.") from None


def _range(value: Any) -> Range:
    low, high = (float(end) for end in value)
    return low, high


def cells(home: Home, sweep_id: str) -> list[Cell]:
    """The cells of a sweep so far, in the order of the trials.

    Raises:
        RunError: the file is damaged.
    """
    path = home.sweeps / sweep_id / "cells.json"
    if not is_safe_name(sweep_id) or not path.is_file():
        return []
    try:
        return [
            Cell(
                float(cell["push"]),
                float(cell["balance"]),
                str(cell["run"]),
                None if cell["value"] is None else float(cell["value"]),
            )
            for cell in read_json(path)
        ]
    except (KeyError, TypeError, ValueError):
        raise RunError(f"{path} is damaged. Delete the sweep.") from None


def list_sweeps(home: Home) -> list[Sweep]:
    """All readable sweeps, newest first."""
    sweeps = []
    for path in home.sweeps.glob("sweep-*/sweep.json"):
        try:
            sweeps.append(load(home, path.parent.name))
        except MirsError:
            continue
    return sorted(sweeps, key=lambda sweep: sweep.id, reverse=True)


def best(cells: Sequence[Cell]) -> Cell | None:
    """The first cell of the highest validation mAP@64; None if none is trained yet."""
    measured = [cell for cell in cells if cell.value is not None]
    return max(measured, key=lambda cell: cell.value or 0.0, default=None)


def delete(home: Home, sweep_id: str) -> None:
    """Deletes a sweep; its runs are kept.

    Raises:
        RunError: there is none.
    """
    if not is_safe_name(sweep_id) or not (home.sweeps / sweep_id).is_dir():
        raise RunError(f"There is no sweep {sweep_id!r}; look it up in the list of sweeps.")
    shutil.rmtree(home.sweeps / sweep_id, ignore_errors=True)


def carry_out(
    home: Home, sweep_id: str, progress: Progress = silent, should_stop: ShouldStop = never
) -> list[Cell]:
    """Trains the missing cells of a sweep and returns all cells; stops early if asked to.

    Raises:
        RunError: there is no such sweep, or another process is running it.
        MirsError: a cell cannot be trained.
    """
    sweep, trained = load(home, sweep_id), cells(home, sweep_id)
    with lock_if_free(home.sweeps / sweep_id / "lock") as free:
        if free is None:
            raise RunError(f"Sweep {sweep_id} is already running.")
        while len(trained) < sweep.cells or any(cell.value is None for cell in trained):
            progress("Sweeping", sum(cell.value is not None for cell in trained), sweep.cells)
            if should_stop():
                return trained
            if not trained or trained[-1].value is not None:
                trained.append(_next(home, sweep, trained))
                _write_cells(home, sweep_id, trained)
            done = _trained(home, trained[-1], should_stop)
            if done is None:
                return trained
            trained[-1] = done
            _write_cells(home, sweep_id, trained)
        progress("Sweeping", sweep.cells, sweep.cells)
    return trained


def _next(home: Home, sweep: Sweep, cells: Sequence[Cell]) -> Cell:
    """The next cell, with its run created."""
    push, balance = propose(sweep, cells)
    name = f"{sweep.name} l1={push:.3g} l2={balance:.3g}"
    config = _with(sweep.config, push, balance)
    run = training.prepare(home, config, name=name[: annotations.NAME_LENGTH])
    annotations.change(home, run.id, tags=["sweep", sweep.id[-annotations.TAG_LENGTH :]])
    return Cell(push, balance, run.id)


def propose(sweep: Sweep, cells: Sequence[Cell]) -> tuple[float, float]:
    """The weights (push, balance) of the cell that follows ``cells``."""
    if sweep.method == "grid":
        column, row = divmod(len(cells), sweep.side)
        push, balance = (log_range(*limits, sweep.side) for limits in (sweep.push, sweep.balance))
        return push[column], balance[row]
    return _suggested_by_optuna(sweep, cells)


def log_range(low: float, high: float, count: int) -> list[float]:
    """``count`` values from ``low`` to ``high``, evenly on a log scale, to three digits."""
    step = (math.log10(high) - math.log10(low)) / (count - 1)
    return [float(f"{10 ** (math.log10(low) + place * step):.3g}") for place in range(count)]


def _suggested_by_optuna(sweep: Sweep, cells: Sequence[Cell]) -> tuple[float, float]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # A separate sampler for each trial, so that only the seed and earlier cells matter.
    seed = sweep.config.seed * _MOST + len(cells)
    kinds = {"random": optuna.samplers.RandomSampler, "bayesian": optuna.samplers.TPESampler}
    study = optuna.create_study(direction="maximize", sampler=kinds[sweep.method](seed=seed))
    space: Mapping[str, optuna.distributions.BaseDistribution] = {
        "push": optuna.distributions.FloatDistribution(*sweep.push, log=True),
        "balance": optuna.distributions.FloatDistribution(*sweep.balance, log=True),
    }
    for cell in cells:
        study.add_trial(
            optuna.trial.create_trial(
                params={"push": cell.push, "balance": cell.balance},
                distributions=dict(space),
                value=cell.value,
            )
        )
    weights = study.ask(dict(space)).params
    return float(f"{weights['push']:.6g}"), float(f"{weights['balance']:.6g}")


def _trained(home: Home, cell: Cell, should_stop: ShouldStop) -> Cell | None:
    """The cell with its value; None if the training was stopped."""
    run = runs.folder(home, cell.run)
    # The run may be done already if the sweep was killed right after it.
    if run.status()["state"] != "done":
        try:
            outcome = training.train(home, run, should_stop=should_stop)
        except StoppedError:
            return None
        if outcome.stopped:
            return None
    values = [line["map_at_64"] for line in run.history() if line["map_at_64"] is not None]
    if not values:
        raise RunError(f"Run {cell.run} has no validation mAP@64: the val split has too few tiles.")
    return dataclasses.replace(cell, value=max(values))


def _with(config: configs.RunConfig, push: float, balance: float) -> configs.RunConfig:
    """The configuration with these weights. Raises ConfigError if one is out of range."""
    loss = dataclasses.replace(config.loss, push_weight=float(push), balance_weight=float(balance))
    return dataclasses.replace(config, loss=loss)


def _write_cells(home: Home, sweep_id: str, cells: Sequence[Cell]) -> None:
    write_json(home.sweeps / sweep_id / "cells.json", [asdict(cell) for cell in cells])
