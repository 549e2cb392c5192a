"""``bench encode``: tiles per second of every encoder on every engine, from files to features."""

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mirs_core.datasets import synthetic
from mirs_core.datasets.images import read_image
from mirs_core.datasets.manifest import Manifest, Tile, scan
from mirs_core.encoders.agreement import agree
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.encoding import encoded
from mirs_core.encoders.engine import Engine, Features
from mirs_core.encoders.engine_choice import ENGINES
from mirs_core.encoders.loading import ENCODERS, encoder_names, load_encoder
from mirs_core.encoders.spec import EngineSpec
from mirs_core.errors import EncoderError
from mirs_core.progress import Progress, silent
from mirs_core.system.devices import compute_device, compute_threads
from mirs_core.workspace.home import Home

EAGER = "eager"
"""The network as it was trained, in PyTorch: what the other engines are compared with."""

_PER_CLASS = 16


class _Eager:
    """Nothing folded, PyTorch's own memory layout, float32."""

    label, batch, is_concurrent = EAGER, 16, False

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network.eval().requires_grad_(False).to(compute_device())

    def __call__(self, inputs: NDArray[np.float32]) -> Features:
        with torch.inference_mode():
            moved = torch.from_numpy(inputs).to(compute_device())
            features: Features = self._network(moved).cpu().numpy()
        return features


@dataclasses.dataclass(frozen=True, slots=True)
class _Measured:
    """Features of the tiles and how long they took: all of it, and the parts on one thread."""

    features: Features
    tiles_per_s: float
    decode_s: float
    encode_s: float


def run(
    home: Home,
    data: Path | None = None,
    tiles: int = 96,
    repeat: int = 3,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Encodes ``tiles`` tiles of a data set with every encoder of the home, and with DenseNet121.

    Without ``data`` the tiles are synthetic. Where DenseNet121's weights are missing it has random
    ones: that changes the features, not the time. Of ``repeat`` passes the best counts; engines
    take turns, so that a busy neighbour slows all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        if data is None:
            data = Path(folder) / "tiles"
            synthetic.generate(data, per_class=_PER_CLASS)
        manifest = scan(data)
        rows: list[dict[str, Any]] = []
        names = [name for name in encoder_names(home) if not name.endswith("-pre-relu")]
        for place, name in enumerate(names):
            progress("Encoding", place, len(names))
            rows += _rows_of(home, name, manifest, manifest.tiles[:tiles], repeat)
    return {
        "bench": "encode",
        "device": compute_device().type,
        "threads": compute_threads(),
        "tiles": len(manifest.tiles[:tiles]),
        "rows": rows,
    }


def _rows_of(
    home: Home, name: str, manifest: Manifest, tiles: Sequence[Tile], repeat: int
) -> Iterator[dict[str, Any]]:
    encoder, weights = _encoder(home, name)
    measured: dict[str, _Measured] = {}
    problems: dict[str, str] = {}
    for _ in range(repeat):
        for engine_name, open_engine in _engines(home, encoder).items():
            if engine_name in problems:
                continue
            try:
                again = _measure(manifest.root, tiles, encoder, open_engine())
            except EncoderError as error:
                problems[engine_name] = str(error)
                continue
            best = measured.get(engine_name, again)
            measured[engine_name] = max(best, again, key=lambda result: result.tiles_per_s)
    expected = measured[EAGER]
    for engine_name, result in measured.items():
        agreement = agree(expected.features, result.features)
        yield {
            "encoder": name,
            "engine": engine_name,
            "weights": weights,
            "tiles_per_s": round(result.tiles_per_s, 1),
            "times_torch": round(result.tiles_per_s / measured["torch"].tiles_per_s, 2),
            "cosine_min": round(agreement.cosine_min, 9),
            "difference_max": float(f"{agreement.difference_max:.2g}"),
            "decode_share": round(result.decode_s / (result.decode_s + result.encode_s), 3),
        }
    for engine_name, problem in problems.items():
        yield {"encoder": name, "engine": engine_name, "weights": weights, "problem": problem}


def _encoder(home: Home, name: str) -> tuple[Encoder, str]:
    try:
        return load_encoder(name, home), "trained"
    except EncoderError:
        if name not in ENCODERS:
            raise
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ENCODERS[name].architecture()
        state = network.blank().state_dict()
    random = f"random weights of {name}".encode().hex().ljust(64, "0")[:64]
    return network.encoder(name, random, lambda blank: blank.load_state_dict(state)), "random"


def _engines(home: Home, encoder: Encoder) -> dict[str, Callable[[], Engine]]:
    def opened(spec: EngineSpec) -> Callable[[], Engine]:
        return lambda: spec.open(encoder, home.engines)

    engines = {name: opened(spec) for name, spec in ENGINES.items()}
    return {EAGER: lambda: _Eager(encoder.trainable()), **engines}


def _measure(root: Path, tiles: Sequence[Tile], encoder: Encoder, engine: Engine) -> _Measured:
    encoder.run_on(lambda encoder: engine)
    _warm_up(root, tiles, encoder)
    started = time.perf_counter()
    features = np.concatenate(list(encoded(root, tiles, encoder)))
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    inputs = np.stack(
        [encoder.inputs(read_image((root / tile.path).read_bytes(), tile.path)) for tile in tiles]
    )
    decoded = time.perf_counter()
    for start in range(0, len(tiles), engine.batch):
        engine(inputs[start : start + engine.batch])
    ended = time.perf_counter()
    return _Measured(features, len(tiles) / seconds, decoded - started, ended - decoded)


def _warm_up(root: Path, tiles: Sequence[Tile], encoder: Encoder) -> None:
    for _ in encoded(root, tiles[: 2 * encoder.engine().batch], encoder):
        pass
