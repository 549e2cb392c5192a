import select
import subprocess
import sys
from pathlib import Path

from mirs_core.system.processes import identity, is_alive, this_process


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


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mirs_core.system.processes import locked\n"
        "with locked(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "sub" / "x.lock")]
    first, second = (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    ready, _, _ = select.select([first.stdout, second.stdout], [], [], 30)
    assert len(ready) == 1
    inside, waiting = (first, second) if ready == [first.stdout] else (second, first)
    assert select.select([waiting.stdout], [], [], 0.5)[0] == []
    inside.communicate()
    assert waiting.communicate(timeout=30)[0] == "in\n"


def test_nonsense_is_not_alive() -> None:
    for value in (None, {}, {"pid": "1"}, {"pid": 2**40}, [], 3):
        assert not is_alive(value)
