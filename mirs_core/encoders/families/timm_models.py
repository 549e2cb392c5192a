"""Any pretrained network of timm, as the encoder ``timm:MODEL``: an optional extra.

timm downloads weights itself and keeps them in the Hugging Face cache (``HF_HOME``).
"""

import difflib
import hashlib
import importlib
from typing import TYPE_CHECKING, Any

from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import PREPROCESSING, SIDE, Encoder, freeze
from mirs_core.encoders.spec import EncoderFamily
from mirs_core.errors import EncoderError

if TYPE_CHECKING:
    import torch

PREFIX = "timm:"


def load_timm(name: str) -> Encoder:
    """The encoder ``timm:MODEL`` with the weights that timm publishes for it.

    The weights are read at once, because the fingerprint is made from their content.

    Raises:
        EncoderError: timm is not installed, has no such network or no weights for it, the weights
            cannot be downloaded, or the network does not accept 224 px input.
    """
    model = _model_name(name)
    network = _create(model, pretrained=True)
    architecture = _architecture_from(name, network)
    state = {key: value.clone() for key, value in network.state_dict().items()}

    def fill(blank: "torch.nn.Module") -> None:
        blank.load_state_dict(state)

    return architecture.encoder(name, _fingerprint(architecture, state), fill)


def timm_architecture(name: str) -> Architecture:
    """The network ``timm:MODEL`` without its weights; nothing is downloaded.

    Raises:
        EncoderError: timm is not installed, or has no such network.
    """
    return _architecture_from(name, _create(_model_name(name), pretrained=False))


def _architecture_from(name: str, network: Any) -> Architecture:
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
            f"{name} gives no features for tiles of {SIDE} px ({reason}). Choose another network."
        ) from None
    mean, scale = ([255.0 * value for value in data[key]] for key in ("mean", "std"))
    return Architecture(
        name,
        int(features.shape[1]),
        mean=(mean[0], mean[1], mean[2]),
        scale=(scale[0], scale[1], scale[2]),
        blank=lambda: _create(model, pretrained=False),
        freeze=freeze,
    )


def _timm() -> Any:
    try:
        return importlib.import_module("timm")
    except ImportError:
        raise EncoderError(
            "Encoders named timm:MODEL need the package timm."
            " Run: pip install -r requirements-timm.txt"
        ) from None


def _model_name(name: str) -> str:
    """The model's name in timm. Raises EncoderError where timm has no such model."""
    timm, model = _timm(), name.removeprefix(PREFIX)
    models = [*timm.list_models(), *timm.list_pretrained()]
    if model in models:
        return model
    close = difflib.get_close_matches(model, models, n=4, cutoff=0.5)
    hint = f" Close names: {', '.join(close)}." if close else " See: timm.list_pretrained()."
    raise EncoderError(f"timm has no network {model!r}.{hint}")


def _create(model: str, *, pretrained: bool) -> Any:
    """The network without its classifier.

    It is built with the classifier, which is removed afterwards: without one, timm accepts weights
    that do not fit and leaves the missing layers at random values.
    """
    timm = _timm()
    config = timm.get_pretrained_cfg(model)
    sizes: dict[str, Any] = {}
    if config is not None and config.fixed_input_size and config.input_size[1] != SIDE:
        sizes["img_size"] = SIDE
    if pretrained and (config is None or not config.has_weights):
        raise EncoderError(f"timm has no pretrained weights for {model}. Choose another network.")
    try:
        network = timm.create_model(model, pretrained=pretrained, **sizes)
        network.reset_classifier(0)
    except OSError as error:
        raise EncoderError(
            f"The weights of timm:{model} cannot be downloaded ({_first_line(error)}). Without"
            " an internet connection, copy the Hugging Face cache (HF_HOME) from a machine that"
            " has them."
        ) from None
    except Exception as error:  # whatever a builder or a loader of timm raises
        raise EncoderError(
            f"timm cannot build {model} with its weights ({_first_line(error)}). Choose another"
            " network, or empty the Hugging Face cache if the file is damaged."
        ) from None
    return network


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _fingerprint(architecture: Architecture, state: "dict[str, torch.Tensor]") -> str:
    digest = hashlib.sha256()
    for text in (
        PREPROCESSING,
        architecture.name,
        repr(architecture.mean),
        repr(architecture.scale),
    ):
        digest.update(text.encode() + b"\0")
    for key in sorted(state):
        value = state[key].detach().cpu().contiguous()
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode() + b"\0")
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


SPEC = EncoderFamily(
    name="timm",
    order=1,
    prefix=PREFIX,
    title="PyTorch Image Models (timm)",
    help="Any pretrained timm network; needs the optional package timm.",
    citation="Wightman 2019, PyTorch Image Models, doi 10.5281/zenodo.4414861",
    licence="see the model's page in timm",
    weights="the model's page on the Hugging Face Hub",
    architecture=timm_architecture,
    load=lambda name, home: load_timm(name),
)
