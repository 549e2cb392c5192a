"""Any pretrained network of timm, as the encoder ``timm:MODEL``: an optional extra.

timm downloads weights by itself and keeps them in the cache of huggingface (``HF_HOME``).
"""

import difflib
import hashlib
import importlib
from typing import TYPE_CHECKING, Any

from mirs_core.encoders.base import PREPROCESSING, SIDE, Architecture, Encoder, freeze
from mirs_core.errors import EncoderError

if TYPE_CHECKING:
    import torch

PREFIX = "timm:"


def load_timm(name: str) -> Encoder:
    """The encoder ``timm:MODEL`` with the weights that timm publishes for it.

    The weights are read at once, because only their content tells one encoder from another.

    Raises:
        EncoderError: timm is not installed, has no such network or no weights for it, the weights
            cannot be downloaded, or the network takes no tiles of 224 px.
    """
    model = _known(name)
    network = _create(model, pretrained=True)
    made = _architecture(name, network)
    state = {key: value.clone() for key, value in network.state_dict().items()}

    def fill(blank: "torch.nn.Module") -> None:
        blank.load_state_dict(state)

    return made.encoder(name, _fingerprint(made, state), fill)


def architecture(name: str) -> Architecture:
    """The network ``timm:MODEL`` without its weights; nothing is downloaded.

    Raises:
        EncoderError: timm is not installed, or has no such network.
    """
    return _architecture(name, _create(_known(name), pretrained=False))


def _architecture(name: str, network: Any) -> Architecture:
    import torch

    model = name.removeprefix(PREFIX)
    data = _timm().data.resolve_model_data_config(network)
    try:
        with torch.inference_mode():
            features = network.eval()(torch.zeros(1, 3, SIDE, SIDE))
        if features.ndim != 2:
            raise ValueError(f"its output has the shape {tuple(features.shape)}")
    except Exception as error:  # networks refuse a size in many ways
        reason = _first_line(error)
        raise EncoderError(
            f"{name} gives no features of tiles of {SIDE} px ({reason}). Choose another network."
        ) from None
    mean, scale = ([255.0 * value for value in data[key]] for key in ("mean", "std"))
    return Architecture(
        name,
        int(features.shape[1]),
        mean=(mean[0], mean[1], mean[2]),
        scale=(scale[0], scale[1], scale[2]),
        blank=lambda: _create(model, pretrained=False),
        settle=freeze,
    )


def _timm() -> Any:
    try:
        return importlib.import_module("timm")
    except ImportError:
        raise EncoderError(
            "Encoders named timm:MODEL need the package timm."
            " Run: pip install -r requirements-timm.txt"
        ) from None


def _known(name: str) -> str:
    """The name of the network in timm."""
    timm, model = _timm(), name.removeprefix(PREFIX)
    everything = [*timm.list_models(), *timm.list_pretrained()]
    if model in everything:
        return model
    close = difflib.get_close_matches(model, everything, n=4, cutoff=0.5)
    hint = f" Close names: {', '.join(close)}." if close else " See: timm.list_pretrained()."
    raise EncoderError(f"timm has no network {model!r}.{hint}")


def _create(model: str, *, pretrained: bool) -> Any:
    """The network without its classifier.

    It is built with the classifier and loses it afterwards: without one timm loads weights that do
    not fit and leaves at random what they lack.
    """
    timm = _timm()
    about = timm.get_pretrained_cfg(model)
    sizes: dict[str, Any] = {}
    if about is not None and about.fixed_input_size and about.input_size[1] != SIDE:
        sizes["img_size"] = SIDE
    if pretrained and (about is None or not about.has_weights):
        raise EncoderError(f"timm has no pretrained weights for {model}. Choose another network.")
    try:
        network = timm.create_model(model, pretrained=pretrained, **sizes)
        network.reset_classifier(0)
    except OSError as error:
        raise EncoderError(
            f"The weights of timm:{model} cannot be had ({_first_line(error)}) With a network they"
            " are downloaded once; without one, copy the cache of huggingface (HF_HOME) from a"
            " machine that has them."
        ) from None
    except Exception as error:  # whatever a builder or a loader of timm raises
        raise EncoderError(
            f"timm cannot build {model} with its weights ({_first_line(error)}). Choose another"
            " network, or empty the cache of huggingface if the file is damaged."
        ) from None
    return network


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _fingerprint(made: Architecture, state: "dict[str, torch.Tensor]") -> str:
    digest = hashlib.sha256()
    for text in (PREPROCESSING, made.name, repr(made.mean), repr(made.scale)):
        digest.update(text.encode() + b"\0")
    for key in sorted(state):
        value = state[key].detach().cpu().contiguous()
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode() + b"\0")
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
