"""Devices and their lanes: what is offered, what a lane's process sees, who makes way for whom."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mirs_core import jobs
from mirs_core.jobs import queue, worker, workers
from mirs_core.system import devices
from mirs_core.system.devices import ALL_GPUS, CPU
from mirs_core.system.processes import is_locked
from mirs_core.workspace.home import Home

WORK = jobs.Command(("runs", "list"))


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which torch sees two GPUs."""
    answers: dict[str, Any] = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "mem_get_info": lambda index: (6_000, 8_000),
        "get_device_name": lambda index: f"GPU {index}",
        "utilization": lambda index: 25,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, answer)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No worker is started; the lanes that wanted one are listed."""
    wanted: list[str] = []
    monkeypatch.setattr(workers, "_start", lambda home, lane: wanted.append(lane))
    return wanted


def test_without_a_gpu_the_cpu_is_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [one.lane for one in devices.devices()] == [CPU]
    assert devices.compute_device().type == "cpu"
    assert devices.single_lanes(ALL_GPUS) == []


def test_several_gpus_are_offered_one_by_one_and_together(two_gpus: None) -> None:
    found = devices.devices()
    assert [one.lane for one in found] == ["cuda-0", "cuda-1", ALL_GPUS, CPU]
    assert (found[0].name, found[0].memory, found[0].used) == ("GPU 0", 8_000, 2_000)
    assert found[0].busy == 0.25
    assert [one.processes for one in found] == [1, 1, 2, 1]
    assert devices.compute_device().type == "cuda"
    assert devices.single_lanes(ALL_GPUS) == ["cuda-0", "cuda-1"]
    assert devices.single_lanes("cuda-0") == devices.single_lanes(CPU) == []


@pytest.mark.parametrize(
    ("outside", "lane", "seen"),
    [
        ("", CPU, {"CUDA_VISIBLE_DEVICES": ""}),
        ("", "cuda-1", {"CUDA_VISIBLE_DEVICES": "1"}),
        ("4,7", "cuda-1", {"CUDA_VISIBLE_DEVICES": "7"}),
        ("4,7", ALL_GPUS, {}),
        ("4,7", jobs.PREVIEW, {}),
    ],
)
def test_a_lane_sees_its_own_device(
    outside: str, lane: str, seen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", outside)
    assert devices.visible(lane) == seen


def test_a_job_for_all_gpus_is_not_overtaken(tmp_path: Path, quiet: list[str]) -> None:
    jobs.submit(Home(tmp_path), WORK, "First", lane="cuda-0")
    jobs.submit(Home(tmp_path), WORK, "All", lane=ALL_GPUS)
    jobs.submit(Home(tmp_path), WORK, "Later", lane="cuda-0")
    assert not queue.must_make_way(Home(tmp_path), "cuda-0")
    assert queue.must_make_way(Home(tmp_path), "cuda-1")
    assert not queue.must_make_way(Home(tmp_path), CPU)
    assert not queue.must_make_way(Home(tmp_path), ALL_GPUS)
    queue.claim(Home(tmp_path), "cuda-0")
    assert queue.must_make_way(Home(tmp_path), "cuda-0")
    queue.claim(Home(tmp_path), ALL_GPUS)
    assert not queue.must_make_way(Home(tmp_path), "cuda-0")


def test_it_holds_every_gpu_and_sets_their_queues_going_again(
    tmp_path: Path, quiet: list[str], two_gpus: None
) -> None:
    locks = [workers.lane_lock(Home(tmp_path), lane) for lane in ("cuda-0", "cuda-1", CPU)]
    with worker._others(Home(tmp_path), ALL_GPUS):
        assert [is_locked(lock) for lock in locks] == [True, True, False]
        assert quiet == []
    assert not any(is_locked(lock) for lock in locks)
    assert quiet == ["cuda-0", "cuda-1"]
    with worker._others(Home(tmp_path), "cuda-0"):
        assert not any(is_locked(lock) for lock in locks)
