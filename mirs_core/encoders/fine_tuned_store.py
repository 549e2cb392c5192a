"""Fine-tuned encoders: one folder each in ``home.encoders``.

``request.json`` holds the settings, from the start; ``encoder.json`` the record of a finished one,
written last; ``weights.safetensors`` the weights of the best epoch; ``status.json`` and
``progress.jsonl`` state and history; ``checkpoint.safetensors`` the state of an unfinished one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.weights import fingerprint, sha256_of
from mirs_core.errors import EncoderError, MirsError
from mirs_core.files import is_safe_name, read_json
from mirs_core.system.processes import is_alive
from mirs_core.workspace.home import Home
from mirs_core.workspace.run_folder import ENDED_SILENTLY

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

SCHEMA = 1
"""Version of ``request.json`` and ``encoder.json``."""

_TEXTS = ("id", "name", "architecture", "sha256", "objective", "fingerprint")
_NUMBERS = ("seed", "epochs", "best_epoch")


@dataclass(frozen=True, slots=True)
class EncoderSummary:
    """One encoder in the list of fine-tuned encoders.

    ``base`` is the encoder that it started from; ``state`` is one of ``runs.STATES``;
    ``validation`` holds the scores of the best epoch by name, empty if there are none.
    """

    id: str
    name: str
    objective: str
    base: str
    data: str
    data_title: str
    seed: int
    state: str
    epochs: int
    best_epoch: int
    validation: dict[str, float]
    synthetic: bool
    seconds: float
    created: str
    error: str | None = None


def folder_of(home: Home, encoder_id: str) -> Path:
    """The folder of a fine-tuned encoder.

    Raises:
        EncoderError: there is none with this id.
    """
    if is_safe_name(encoder_id):
        path = home.encoders / encoder_id
        if (path / "encoder.json").is_file() or (path / "request.json").is_file():
            return path
    raise EncoderError(f"There is no fine-tuned encoder {encoder_id!r}.")


def is_fine_tuned(home: Home, name: str) -> bool:
    """Whether ``name`` is the id of a fine-tuned encoder, finished or not."""
    try:
        folder_of(home, name)
    except EncoderError:
        return False
    return True


def record_of(home: Home, encoder_id: str) -> dict[str, Any]:
    """The checked ``encoder.json`` of a finished fine-tuned encoder.

    Raises:
        EncoderError: there is none, it is not finished, or its record is damaged.
    """
    path = folder_of(home, encoder_id)
    if not (path / "encoder.json").is_file():
        raise EncoderError(f"The encoder {encoder_id} is not finished; resume its training first.")
    record = _json(path / "encoder.json", encoder_id)
    if record.get("schema") != SCHEMA:
        raise EncoderError(
            f"{path / 'encoder.json'} has schema {record.get('schema')}, but this version reads"
            f" {SCHEMA}. {_again(path)}"
        )
    is_valid = (
        all(isinstance(record.get(key), str) for key in _TEXTS)
        and all(type(record.get(key)) is int for key in _NUMBERS)
        and record["id"] == encoder_id
        and all(_are_texts(record.get(key)) for key in ("labels_of", "tiles"))
    )
    if not is_valid:
        raise EncoderError(f"{path / 'encoder.json'} is damaged. {_again(path)}")
    return record


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _again(path: Path) -> str:
    return f"Delete the folder {path} and train the encoder again."


def _json(path: Path, encoder_id: str) -> dict[str, Any]:
    try:
        value = read_json(path)
    except MirsError:
        value = None
    if not isinstance(value, dict):
        raise EncoderError(f"{path} is damaged. {_again(path.parent)}")
    return value


def load_fine_tuned(
    home: Home, encoder_id: str, architecture: "Callable[[str], Architecture]"
) -> Encoder:
    """The frozen encoder of a finished fine-tuning.

    Args:
        architecture: returns the network named in ``encoder.json``.

    Raises:
        EncoderError: there is none, it is not finished, or its files are damaged.
    """
    record, path = record_of(home, encoder_id), folder_of(home, encoder_id)
    weights = path / "weights.safetensors"
    network = architecture(record["architecture"])
    content = fingerprint(weights, "fine-tuned", network.name)
    # Both are checked, so that neither other weights nor another network go unnoticed.
    if sha256_of(weights) != record["sha256"] or content != record["fingerprint"]:
        raise EncoderError(
            f"{weights} is damaged: it has changed since the training. {_again(path)}"
        )
    return network.encoder(encoder_id, content, lambda blank: fill(blank, weights))


def fill(network: "torch.nn.Module", weights: Path) -> None:
    """Puts the weights of a safetensors file into a network.

    Raises:
        EncoderError: the file is damaged, does not fit, or contains values that are not finite.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    from mirs_core.encoders.modules import is_finite

    try:
        network.load_state_dict(load(weights.read_bytes()))
    except (OSError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(f"{weights} is damaged ({reason}). {_again(weights.parent)}") from None
    except RuntimeError:
        raise EncoderError(
            f"{weights} does not fit its network. {_again(weights.parent)}"
        ) from None
    if not is_finite(network):
        raise EncoderError(
            f"{weights} contains values that are not finite. {_again(weights.parent)}"
        )


def labels_seen(home: Home, name: str) -> frozenset[str]:
    """Content hashes of the tiles whose labels the encoder ``name`` was trained on.

    Empty for encoders that were not fine-tuned here, and for those fine-tuned without labels. An
    archive or a test split with one of these tiles cannot be used for an evaluation.

    Raises:
        EncoderError: the encoder was fine-tuned here and its record is damaged or unfinished.
    """
    if not is_fine_tuned(home, name):
        return frozenset()
    return frozenset(record_of(home, name)["labels_of"])


def list_encoders(home: Home) -> list[EncoderSummary]:
    """All fine-tuned encoders, newest first, unfinished and damaged ones with their state."""
    paths = home.encoders.glob("[a-z0-9]*")
    summaries = [_summary(home, path) for path in paths if is_fine_tuned(home, path.name)]
    return sorted(summaries, key=lambda encoder: (encoder.created, encoder.id), reverse=True)


def _summary(home: Home, path: Path) -> EncoderSummary:
    state, error = _state(path)
    try:
        finished = (path / "encoder.json").is_file()
        value = record_of(home, path.name) if finished else _json(path / "request.json", path.name)
        return EncoderSummary(
            id=path.name,
            name=str(value["name"]),
            objective=str(value["objective"]),
            base=str(value["base"]),
            data=str(value["data_name"]),
            data_title=str(value["data_title"]),
            seed=int(value["seed"]),
            state="done" if finished else state,
            epochs=int(value.get("epochs", 0)),
            best_epoch=int(value.get("best_epoch", 0)),
            validation={str(key): float(v) for key, v in value.get("validation", {}).items()},
            synthetic=bool(value["synthetic"]),
            seconds=float(value.get("seconds", 0.0)),
            created=str(value["created"]),
            error=None if finished else error,
        )
    except (MirsError, KeyError, TypeError, ValueError, AttributeError) as problem:
        error = str(problem) if isinstance(problem, MirsError) else f"{path} is damaged."
        return EncoderSummary(
            id=path.name, name=path.name, objective="", base="", data="", data_title="", seed=0,
            state="failed", epochs=0, best_epoch=0, validation={}, synthetic=False, seconds=0.0,
            created="", error=error,
        )  # fmt: skip


def _state(path: Path) -> tuple[str, str | None]:
    """State and error of an unfinished one, from its status file and its process."""
    try:
        status = _json(path / "status.json", path.name)
    except EncoderError:
        return "failed", "Its status file cannot be read."
    if status.get("state") == "running" and not is_alive(status.get("process")):
        return "failed", ENDED_SILENTLY
    error = status.get("error")
    return str(status.get("state")), None if error is None else str(error)
