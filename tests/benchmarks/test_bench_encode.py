"""The benchmark of encoding: every engine on the same tiles, compared with the plain network."""

from pathlib import Path

import pytest
import torch
from fakes import write_dataset
from torch import Tensor, nn

from benchmarks import encode
from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder, freeze
from mirs_core.errors import EncoderError
from mirs_core.workspace.home import Home


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 8, 5, stride=4)

    def forward(self, batch: Tensor) -> Tensor:
        return self.layer(batch).relu().mean((2, 3))


def architecture() -> Architecture:
    levels = (127.0, 127.0, 127.0)
    return Architecture("tiny", 8, mean=levels, scale=levels, blank=Tiny, freeze=freeze)


def test_every_engine_has_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    state = Tiny().state_dict()

    def load(name: str, home: Home) -> Encoder:
        if name == "absent":
            raise EncoderError("no weights")
        fill = lambda blank: blank.load_state_dict(state)  # noqa: E731
        return architecture().encoder(name, "a" * 64, fill)

    class Spec:
        architecture = staticmethod(architecture)

    monkeypatch.setattr(encode, "load_encoder", load)
    monkeypatch.setattr(encode, "encoder_names", lambda home: ["tiny", "absent"])
    monkeypatch.setattr(encode, "ENCODERS", {"absent": Spec})
    data = write_dataset(tmp_path / "tiles", 9)
    answer = encode.run(Home(tmp_path / "home"), data, tiles=7, repeat=2)
    assert (answer["bench"], answer["tiles"]) == ("encode", 7)
    rows = {(row["encoder"], row["engine"]): row for row in answer["rows"]}
    assert set(rows) == {
        (encoder, engine)
        for encoder in ("tiny", "absent")
        for engine in ("eager", "torch", "onnxruntime")
    }
    for (encoder, _), row in rows.items():
        assert row["weights"] == ("trained" if encoder == "tiny" else "random")
        assert row["tiles_per_s"] > 0 and row["cosine_min"] > 0.999999
        assert 0 < row["decode_share"] < 1
    assert rows["tiny", "torch"]["times_torch"] == 1


def test_an_engine_that_cannot_run_an_encoder_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = (127.0, 127.0, 127.0)

    class ForPairs(Tiny):
        def forward(self, batch: Tensor) -> Tensor:
            return super().forward(batch) * (2 if len(batch) == 2 else 1)

    odd = Architecture("odd", 8, mean=levels, scale=levels, blank=ForPairs, freeze=freeze)
    monkeypatch.setattr(encode, "encoder_names", lambda home: ["odd"])
    monkeypatch.setattr(
        encode, "load_encoder", lambda name, home: odd.encoder(name, "b" * 64, lambda blank: None)
    )
    data = write_dataset(tmp_path / "tiles", 6)
    rows = encode.run(Home(tmp_path / "home"), data, tiles=6, repeat=1)["rows"]
    assert [row["engine"] for row in rows if "problem" in row] == ["onnxruntime"]
    assert "features differ" in rows[-1]["problem"]
