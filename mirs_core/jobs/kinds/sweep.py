"""A sweep over the push weight (lambda1) and the balance weight (lambda2)."""

from dataclasses import dataclass
from pathlib import Path

from mirs_core.config.presets import PRESETS
from mirs_core.errors import ConfigError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(JobSpec):
    """Run a new sweep, or continue the one named by ``id``."""

    id: str = option("", metavar="ID", help="continue this sweep")
    data: Path | None = option(None, metavar="DIR", help="a data set")
    preset: str = option("mirs", metavar="NAME", help=", ".join(PRESETS))
    encoder: str | None = option(None, metavar="NAME", help="overrides the preset's encoder")
    seed: int = option(0, metavar="N")
    name: str = option("", metavar="TEXT", help="display name of the sweep")
    method: str = option("grid", choices=("grid", "random", "bayesian"))
    trials: int = option(25, metavar="N", help="number of cells")
    push: tuple[float, float] = option(
        (1e-4, 10.0), metavar="LOW HIGH", help="range of the push weight (lambda1)"
    )
    balance: tuple[float, float] = option(
        (1e-2, 100.0), metavar="LOW HIGH", help="range of the balance weight (lambda2)"
    )
    changes: tuple[str, ...] = option(
        (), flag="--set", metavar="GROUP.FIELD=VALUE", help="change a setting of the preset"
    )


def run(home: Home, spec: Sweep, work: Work) -> Answer:
    """Trains the cells that are missing.

    Raises:
        MirsError: the data set or a setting does not allow it.
    """
    from mirs_core.pipeline import sweeps

    sweep_id = spec.id or _create(home, spec)
    sweeps.carry_out(home, sweep_id, work.progress, work.should_stop)
    return report(home, sweep_id)


def _create(home: Home, spec: Sweep) -> str:
    from mirs_core.config import presets, relevance
    from mirs_core.pipeline import sweeps

    if spec.data is None:
        raise ConfigError(
            "Name the data set of a new sweep with --data, or an existing sweep with --id."
        )
    config = presets.from_preset(
        spec.preset,
        data=str(spec.data.expanduser().resolve()),
        seed=spec.seed,
        encoder=spec.encoder,
        changes=list(spec.changes),
    )
    relevance.refuse_idle(config, spec.changes)
    return sweeps.create(
        home,
        config,
        method=spec.method,
        push=spec.push,
        balance=spec.balance,
        trials=spec.trials,
        name=spec.name,
    ).id


def report(home: Home, sweep_id: str) -> Answer:
    """The cells of a sweep and the best of them; ``stopped`` where some are missing.

    Raises:
        RunError: there is no such sweep.
    """
    from mirs_core.pipeline import sweeps

    sweep, cells = sweeps.load(home, sweep_id), sweeps.cells(home, sweep_id)
    best = sweeps.best(cells)
    complete = sum(cell.value is not None for cell in cells) == sweep.cells
    return {
        "sweep": sweep.id,
        "method": sweep.method,
        "cells": [
            {"push": c.push, "balance": c.balance, "run": c.run, "validation_map_at_64": c.value}
            for c in cells
        ],
        "best": best.run if best else None,
        **({} if complete else {"stopped": True}),
    }


SPEC = Kind(
    name="sweep",
    order=50,
    words=("sweep",),
    help="train over a range of lambda1 x lambda2",
    spec=Sweep,
    run=run,
    title=lambda spec: f"Sweep: {spec.name or spec.id or spec.method}",
    key=lambda spec: spec.id,
)
