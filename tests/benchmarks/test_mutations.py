"""What ``bench mutations`` does in short, and that it finds what it looks for."""

import json
import random
import struct
import sys
from pathlib import Path

import pytest

from benchmarks import mutations as bench
from benchmarks.mutations import acts, binary, edits, images, packages, sandbox, texts, watch
from benchmarks.mutations.structures import EDITS
from benchmarks.mutations.watch import Watch
from benchmarks.mutations.worker import outcome_of
from mirs_core.errors import DataError, RunError

DECENT = "print('ready', flush=True)\nfor line in __import__('sys').stdin:\n "


def test_mutants_of_several_formats_are_opened_without_a_fault() -> None:
    answer = bench.run(3, ["tiff", "jpeg", "csv", "tiles.csv", "parquet", "exported-run"])
    assert (answer["mutants"], answer["faults"]) == (18, 0), bench.text(answer)
    rows = {row["format"]: row for row in answer["rows"]}
    assert rows["tiff"]["done"] + rows["tiff"]["refused"] == 18 and rows["tiff"]["peak_mb"] > 50
    assert "| parquet | 3 |" in bench.text(answer)
    json.dumps(answer)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(RunError, match="no format 'fits'"):
        bench.run(1, ["fits"])


@pytest.mark.parametrize(
    "deed, result",
    [
        ("import os; os.abort()", "crash"),
        ("\n while True: pass", "hang"),
        ("import time; held = b'x' * 300_000_000; time.sleep(60)", "memory"),
    ],
)
def test_a_worker_that_dies_hangs_or_grows_is_at_fault(
    deed: str, result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "HANG_SECONDS", 0.3)
    monkeypatch.setattr(watch, "MOST_MB", 200.0)
    watched = Watch(
        tmp_path, [sys.executable, "-c", f"{DECENT}print('act tile', flush=True);{deed}"]
    )
    for _ in range(2):
        outcomes = watched.open({})
        assert [(act, outcome["result"]) for act, outcome in outcomes.items()] == [("tile", result)]
    watched.close()


def test_a_peak_between_two_looks_is_at_fault(tmp_path: Path) -> None:
    answer = '{"read": {"result": "done", "said": "", "seconds": 0, "peak_mb": 2500}}'
    watched = Watch(tmp_path, [sys.executable, "-c", f"{DECENT}print('end {answer}', flush=True)"])
    assert watched.open({})["read"]["result"] == "memory"
    watched.close()


def test_a_worker_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="ZeroDivisionError"):
        Watch(tmp_path, [sys.executable, "-c", "1 / 0"]).open({})


def test_errors_for_people_are_refusals_and_all_else_is_a_fault() -> None:
    def act(error: Exception | None) -> str:
        def raised() -> None:
            if error:
                raise error

        return outcome_of(raised)["result"]

    assert [act(None), act(DataError("Choose another."))] == ["done", "refused"]
    for fault in (ValueError("x"), DataError("two\nlines"), DataError(""), DataError("\udc80")):
        assert act(fault) == "fault", fault


def test_what_changes_in_spite_of_an_error_is_at_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError), acts._unchanged_on_failure(tmp_path):
        raise DataError("refused")
    is_noticed = pytest.raises(acts.BrokenPromiseError, match=r"half\.json")
    with is_noticed, acts._unchanged_on_failure(tmp_path):
        (tmp_path / "half.json").write_text("{")
        raise DataError("refused")


def test_a_mutant_depends_on_its_seed_alone() -> None:
    data = bytes(range(256)) * 8
    mutants = [edits.mutated(data, random.Random(seed), ()) for seed in range(200)]
    assert mutants == [edits.mutated(data, random.Random(seed), ()) for seed in range(200)]
    assert len(set(mutants)) > 190 and data not in mutants


def test_structural_edits_take_whatever_earlier_ones_have_left(tmp_path: Path) -> None:
    tiles = [sandbox.relief(number, images.SIDE) for number in range(3)]
    for seed in images.image_seeds(tmp_path, tiles):
        data = (seed.folder / seed.file).read_bytes()
        for number in range(30):
            edits.mutated(data, random.Random(number), EDITS[seed.edits])
    for data in (b"x", b'{"a": [1, {"b": "c"}]}', b"path,label\na.png,b\n", b"PK\x01\x02"):
        for name in ("json", "csv", "zip", "parquet", "label"):
            for number in range(20):
                edits.mutated(data, random.Random(number), EDITS[name])


def test_tiff_tags_change_and_directories_loop(tmp_path: Path) -> None:
    images.write_raster(tmp_path / "a.tif", sandbox.relief(0, 64)[None])
    data = (tmp_path / "a.tif").read_bytes()
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    looped = [binary.tiff_loop(bytearray(data), random.Random(seed)) for seed in range(20)]
    assert any(struct.unpack_from("<I", d, start + 2 + 12 * count)[0] == start for d in looped)
    field = [binary.tiff_field(bytearray(data), random.Random(seed)) for seed in range(50)]
    changed = {i for d in field for i in range(min(len(d), len(data))) if d[i] != data[i]}
    assert changed & set(range(start, start + 2 + 12 * count))


def test_entries_of_a_packed_run_change_with_a_matching_checksum(tmp_path: Path) -> None:
    import hashlib
    import zipfile

    digest = hashlib.sha256(b'{"x": 1}').hexdigest()
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as packed:
        packed.writestr("manifest.json", json.dumps({"files": {"config.json": digest}}))
        packed.writestr("config.json", '{"x": 1}')
    data = (tmp_path / "run.zip").read_bytes()
    matching = 0
    for seed in range(40):
        (tmp_path / "new.zip").write_bytes(packages.zip_entry(bytearray(data), random.Random(seed)))
        with zipfile.ZipFile(tmp_path / "new.zip") as packed:
            if set(packed.namelist()) == {"manifest.json", "config.json"}:
                content = packed.read("config.json")
                stated = hashlib.sha256(content).hexdigest().encode()
                matching += content != b'{"x": 1}' and stated in packed.read("manifest.json")
    assert matching > 5


def test_values_of_json_change_at_any_depth() -> None:
    data = b'{"a": {"b": [1, 2]}, "c": "d"}'
    texts_of = {bytes(texts.json_node(bytearray(data), random.Random(s))) for s in range(100)}
    assert len(texts_of) > 40 and any(len(text) > 100_000 for text in texts_of)
