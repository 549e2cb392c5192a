"""The examples of CONTRIBUTING.md do what they say: one file each, and the thing is there."""

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from fakes import write_dataset

from mirs_core.system.specs import specs_in
from mirs_core.workspace.home import Home

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```python\n# (mirs_core/\S+)\.py\n(.*?)```", TEXT, re.DOTALL))

Add = Callable[[str], ModuleType]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Adds the file of an example to its package, for the test alone; returns its module."""
    names = []

    def add(path: str) -> ModuleType:
        package, _, name = path.replace("/", ".").rpartition(".")
        (tmp_path / "added").mkdir()
        (tmp_path / "added" / f"{name}.py").write_text(EXAMPLES[path], encoding="utf-8")
        folder = importlib.import_module(package)
        monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path / "added")])
        importlib.invalidate_caches()
        names.append((folder, name))
        return importlib.import_module(f"{package}.{name}")

    yield add
    for folder, name in names:
        sys.modules.pop(f"{folder.__name__}.{name}", None)
        if hasattr(folder, name):
            delattr(folder, name)


def test_every_example_has_its_own_file_and_none_stands_in_the_repository() -> None:
    folders = {path.rpartition("/")[0] for path in EXAMPLES}
    assert len(folders) == len(EXAMPLES) == 6
    for path in EXAMPLES:
        assert (ROOT / path).parent.is_dir() and not (ROOT / f"{path}.py").exists(), path


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_spec_of_an_example_is_in_the_list_of_its_folder(path: str, add: Add) -> None:
    module = add(path)
    package = module.__name__.rpartition(".")[0]
    specs = specs_in(package, type(module.SPEC))
    assert specs[module.SPEC.name] is module.SPEC
    orders = [spec.order for spec in specs.values()]
    assert len(set(orders)) == len(orders)


def test_the_preset(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    from mirs_core.config import presets

    spec = add("mirs_core/config/presets/mirs_64").SPEC
    monkeypatch.setitem(presets.PRESETS, spec.name, spec)
    assert presets.from_preset("mirs-64", data="x").head.bits == 64
    assert presets.title_of("mirs-64") == "MIRS, 64 bits" and spec.variant_of in presets.PRESETS


def test_the_encoder(add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torchvision.models import resnet18

    module = add("mirs_core/encoders/networks/resnet18_imagenet")
    weights = tmp_path / "weights.pth"
    torch.manual_seed(0)
    torch.save(resnet18(weights=None).state_dict(), weights)
    monkeypatch.setattr(module, "download_weights", lambda *args, **options: weights)
    encoder = module.SPEC.load(Home(tmp_path))
    tile = encoder.transform(np.full((200, 200), 90, np.uint8))
    features = encoder.encode(torch.stack([tile, tile]))
    assert tuple(features.shape) == (2, encoder.dim) == (2, 512)
    assert torch.isfinite(features).all() and encoder.name == module.SPEC.name


def test_the_export_format(add: Add) -> None:
    spec = add("mirs_core/exchange/exports/tile_formats/json_lines").SPEC
    rows = [SimpleNamespace(to_json=lambda: {"id": "a", "label": "cra"})] * 2
    written = spec.write(cast(Any, SimpleNamespace(rows=rows)))
    assert [json.loads(line)["id"] for line in written.splitlines()] == ["a", "a"]


def test_the_published_data_set(add: Add, tmp_path: Path) -> None:
    spec = add("mirs_core/datasets/download/catalogue/dunes").SPEC
    assert spec.doi in spec.citation and spec.doi in spec.bibtex
    layout = {split: {"barchan": 2} for split in ("train", "val", "test")}
    unpacked = write_dataset(tmp_path / "unpacked", layout)
    (unpacked / "dataset.json").unlink(missing_ok=True)
    assert spec.arrange(unpacked, tmp_path / "set") == 6
    assert len(list((tmp_path / "set" / "val" / "barchan").iterdir())) == 2


def test_the_loss_term(add: Add) -> None:
    import torch

    module = add("mirs_core/hashing/losses/decorrelation")
    equal_bits = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert module.decorrelation(equal_bits) == pytest.approx(1 / 16)
    assert module.decorrelation(torch.tensor([[0.0, 0.0], [1.0, 0.0]])) == 0
    batch = cast(Any, SimpleNamespace(soft=equal_bits))
    assert module.SPEC.build()(batch) == pytest.approx(1 / 16)
    from mirs_core.config.presets import from_preset
    from mirs_core.pipeline import assembly

    losses = {**assembly.LOSS_TERMS, "decorrelation": module.SPEC}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "LOSS_TERMS", losses)
        config = from_preset("mirs", data="x", changes=["loss.further=decorrelation=0.1"])
        assert assembly.weights_of(config)["decorrelation"] == 0.1


def test_the_job(add: Add, tmp_path: Path) -> None:
    from mirs_core.jobs.kind import Work

    module = add("mirs_core/jobs/kinds/count_tiles")
    data = write_dataset(tmp_path / "tiles", {"train": {"cra": 3, "rid": 2}, "test": {"cra": 1}})
    spec = module.CountTiles(data=data, split="train")
    answer = module.SPEC.run(Home(tmp_path), spec, Work())
    assert answer == {"tiles": 5, "classes": {"cra": 3, "rid": 2}}
    assert module.SPEC.title(spec) == "Count the tiles of tiles"


def test_the_job_is_a_verb(
    add: Add, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirs_core import cli
    from mirs_core.cli import parser

    module = add("mirs_core/jobs/kinds/count_tiles")
    folder = str(Path(str(module.__file__)).parent)
    monkeypatch.setattr(parser, "_KINDS", [*parser._KINDS, folder])
    assert "count-tiles" in parser.build_parser().format_help()
    data = write_dataset(tmp_path / "tiles", {"train": {"cra": 3}, "test": {"cra": 1}})
    assert cli.main(["count-tiles", f"--data={data}", "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["tiles", "4"]
