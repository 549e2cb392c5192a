import subprocess
import sys

from mirs_core.processes import identity, is_alive, this_process


def test_this_process_is_alive() -> None:
    assert is_alive(this_process())


def test_an_ended_process_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    known = identity(child.pid)
    assert is_alive(known)
    child.communicate(b"\n")
    assert not is_alive(known)


def test_a_reused_process_id_is_not_the_same_process() -> None:
    mine = this_process()
    assert not is_alive({**mine, "started": mine["started"] + 1})


def test_nonsense_is_not_alive() -> None:
    for value in (None, {}, {"pid": "1"}, {"pid": 2**40}, [], 3):
        assert not is_alive(value)
