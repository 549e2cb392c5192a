"""The state of a training in one safetensors file, so that tensors and numbers always agree."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from mirs_core.errors import RunError
from mirs_core.files import replace_file

State = dict[str, Tensor]
"""Tensors by name."""

_KEY = "training"


def write_checkpoint(path: Path, parts: Mapping[str, State], about: Mapping[str, Any]) -> None:
    """Writes named states and plain values; the previous file stays until this one is complete.

    Args:
        parts: contiguous tensors on the CPU, by part and name; names of parts contain no ``/``.
        about: JSON values without NaN.

    Raises:
        RunError: the file cannot be written.
    """
    from safetensors.torch import save

    tensors = {f"{part}/{name}": t for part, state in parts.items() for name, t in state.items()}
    data = save(tensors, {_KEY: json.dumps(about, allow_nan=False)})
    replace_file(path, lambda handle: handle.write(data))


def read_checkpoint(
    path: Path, parts: Sequence[str], advice: str
) -> tuple[dict[str, State], dict[str, Any]]:
    """The states and values that ``write_checkpoint`` wrote.

    Args:
        advice: sentence that says what to do where the file is damaged.

    Raises:
        RunError: the file is damaged or holds other parts.
    """
    from safetensors import SafetensorError, safe_open

    states: dict[str, State] = {part: {} for part in parts}
    try:
        with safe_open(path, framework="pt") as stored:
            about = dict(json.loads((stored.metadata() or {})[_KEY]))
            for key in stored.keys():  # noqa: SIM118 - not a mapping
                part, _, name = key.partition("/")
                states[part][name] = stored.get_tensor(key)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error}). {advice}") from None
    return states, about


def copied(state: Mapping[str, Tensor]) -> State:
    """Copies of the tensors of a state, on the CPU, contiguous."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}


def optimiser_state(state: Mapping[str, Any]) -> State:
    """The tensors of ``torch.optim.Optimizer.state_dict()``, named ``<parameter>.<name>``."""
    return copied(
        {f"{i}.{key}": v for i, values in state["state"].items() for key, v in values.items()}
    )


def optimiser_dict(state: State, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """The argument of an optimiser's ``load_state_dict``, from its tensors and parameter groups.

    Raises:
        ValueError: a name is not one of ``optimiser_state``.
    """
    values_by_parameter: dict[int, dict[str, Tensor]] = {}
    for name, value in state.items():
        place, _, key = name.partition(".")
        values_by_parameter.setdefault(int(place), {})[key] = value
    return {"state": values_by_parameter, "param_groups": groups}
